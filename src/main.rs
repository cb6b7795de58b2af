//! The process: arguments → configuration → telemetry → import → exit code.

fn main() {}
