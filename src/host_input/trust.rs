//! Trust: how the Management Center proves that it is the right one.

/// `management_center.trust`.
#[derive(Debug, Clone)]
pub enum Trust {}
