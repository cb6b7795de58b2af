//! Imports through the real program, over real TLS, into the lab's Management Center.

mod bad_input;
mod csv_file;
mod lost_connection;
mod network_map;
mod qualys;
mod refused;
mod samples;
mod signals;
mod support;
