//! Both far ends of qualys-connector, simulated by sourced facts.

pub mod report;
