//! The lab as a program.

fn main() {}
