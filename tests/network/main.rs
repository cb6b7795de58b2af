//! What happens between hosts: connector, resolver, proxy, Qualys and Management Center each in a network namespace of
//! its own, with a cable to one switch, and faults in the kernel (iptables, tbf). Needs root, iproute2 and iptables.
//!
//! Each test's first line says how the import ends. No test reaches beyond its namespaces, and all of them go with it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what helps a test fails with it"
)]

mod black_holes;
mod cuts;
mod detections;
mod estate;
mod names;
mod namespaces;
mod proxy;
mod resolver;
mod weather;
