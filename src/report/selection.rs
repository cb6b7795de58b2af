//! Select: which findings of a report go on, and why the others don't.

/// The section `selection` of the configuration.
#[derive(Debug, Clone)]
pub struct Selection {}
