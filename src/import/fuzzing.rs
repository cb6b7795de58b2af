//! For fuzzers only: what stands between a selected report and the wire.

use super::commands::{Closings, HostCommands};
use crate::host_input::command::Settings;
use crate::host_input::packing::{Blocks, Packed, Packer};
use crate::report::Selected;

/// What would be sent of a report.
#[derive(Debug)]
pub struct Frames {
    /// The head of every frame.
    pub header: Vec<u8>,
    /// How many hosts are told of.
    pub hosts: usize,
    /// The frames, in order.
    pub frames: Vec<Packed>,
}

/// Packs what `selected` says into frames of at most `limit` bytes.
pub fn frames(settings: &Settings, selected: &Selected, limit: usize) -> Frames {
    let commands = HostCommands::new(settings, selected, &Closings::of(settings, false));
    let mut packer = Packer::new(&commands, 0..commands.len(), limit);
    Frames {
        header: commands.header().to_vec(),
        hosts: commands.len(),
        frames: std::iter::from_fn(|| packer.pack()).collect(),
    }
}
