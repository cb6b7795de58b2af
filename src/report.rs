//! Parse and select: what a Qualys report says, whatever delivered it.

pub mod selection;
