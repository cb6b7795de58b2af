//! Both far ends of qualys-connector, simulated by sourced facts.
//!
//! Nothing here uses the product, so that a mistake of the product isn't made twice.

pub mod accounts;
pub mod cut;
mod defaults;
pub mod link;
pub mod management_center;
pub mod qualys;
pub mod report;
pub mod testing;
