//! Packing: the lines of many hosts into frames.
//!
//! A frame is filled with whole lines, of one host or several; what must not happen is kept from happening here:
//! a line split between frames (half lines are dropped), and the command that closes a host split from the
//! host's last line (certain and likely, from Cisco's guide and one public account).

use std::ops::Range;

use bytes::Bytes;

use super::command::Shortened;

/// What is to be sent: a block of lines for each host.
pub trait Blocks {
    /// How many hosts there are.
    fn len(&self) -> usize;

    /// Whether there is nothing to send.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether any of the hosts is closed by `ScanFlush`.
    fn flushes(&self) -> bool {
        true
    }

    /// Context that stands at the head of every frame; the Management Center doesn't count its commands.
    fn header(&self) -> &[u8];

    /// Commands that come before the first host.
    fn prologue(&self) -> &[u8];

    /// Appends the lines of host `index`, the last of which closes it; none longer than `longest` bytes, which is
    /// [`LONGEST`] at least.
    fn write(&self, index: usize, longest: usize, out: &mut Vec<u8>) -> Written;

    /// What host `index` is called in messages.
    fn label(&self, index: usize) -> String;

    /// Takes note that all of host `index` has arrived.
    fn imported(&self, _index: usize) {}
}

/// What [`Blocks::write`] wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Findings of the host that its commands hold.
    pub findings: u64,
    /// The host is cleared: such hosts don't share frames with others.
    pub clears: bool,
    /// What its commands hold only in part, or not at all.
    pub shortened: Shortened,
}

/// The payload of a frame, and which hosts it is about.
#[derive(Debug)]
pub struct Packed {
    /// Header and whole lines.
    pub payload: Bytes,
    /// Commands in it, the header's not counted.
    pub commands: u64,
    /// Hosts with at least one line in it.
    pub touched: Range<usize>,
    /// Hosts whose last line is in it, in order.
    pub closed: Vec<(usize, Written)>,
    /// The rest of its last host is in the frames that follow. None of them may be sent before this one is answered: if it
    /// is refused, they would flush the host without what is in here.
    pub splits: bool,
}

/// Makes frames of the hosts of a range.
pub struct Packer<'a, B> {
    blocks: &'a B,
    /// Bytes of payload, at most.
    limit: usize,
    /// The host after the one in `block`.
    next: usize,
    end: usize,
    block: Vec<u8>,
    /// How much of `block` has been packed.
    packed: usize,
    written: Written,
}

/// Bytes that any line may have. The longest that can't be left out names a host's attribute, address and DNS name.
pub const LONGEST: usize = 1000;

/// Bytes that the command which closes a host takes.
const CLOSING: usize = "ScanUpdate\n".len();

impl<'a, B: Blocks> Packer<'a, B> {
    /// Frames of at most `limit` bytes for `hosts`: room for the header and [`least`].
    pub fn new(blocks: &'a B, hosts: Range<usize>, limit: usize) -> Self {
        Packer {
            blocks,
            limit,
            next: hosts.start,
            end: hosts.end.min(blocks.len()),
            block: Vec::new(),
            packed: 0,
            written: Written::default(),
        }
    }

    /// Leaves out all hosts that haven't been begun, but those before `until`.
    pub fn finish(&mut self, until: usize) {
        self.end = self.next.max(until).min(self.end);
        if self.packed == 0 && self.next > until {
            self.block.clear();
        }
    }

    /// The next frame, if a line is left.
    pub fn pack(&mut self) -> Option<Packed> {
        let header = self.blocks.header();
        let longest = self.limit.saturating_sub(header.len() + CLOSING);
        let mut payload = Vec::with_capacity(self.limit.min(64 * 1024));
        payload.extend_from_slice(header);
        let mut touched: Option<Range<usize>> = None;
        let mut closed: Vec<(usize, Written)> = Vec::new();
        loop {
            if self.packed == self.block.len() {
                if self.next >= self.end {
                    break;
                }
                self.block.clear();
                self.packed = 0;
                self.written = self.blocks.write(self.next, longest, &mut self.block);
                self.next += 1;
                if self.block.is_empty() {
                    // Nothing of it fits; its host is settled in its turn all the same.
                    touched = Some(touched.map_or(self.next - 1, |range| range.start)..self.next);
                    closed.push((self.next - 1, self.written));
                    continue;
                }
            }
            let mixed = closed
                .last()
                .is_some_and(|(_, last)| last.clears != self.written.clears);
            let rest = self.block.get(self.packed..).unwrap_or_default();
            let room = self.limit.saturating_sub(payload.len());
            // If the connection ends between two parts of a host, the Management Center adds the first to what it holds.
            let whole = self.packed == 0 && header.len() + rest.len() <= self.limit;
            let lines = if mixed || whole && rest.len() > room {
                0
            } else {
                fitting(rest, room)
            };
            if lines == 0 {
                break;
            }
            payload.extend_from_slice(rest.get(..lines).unwrap_or_default());
            self.packed += lines;
            let host = self.next - 1;
            touched = Some(touched.map_or(host, |range| range.start)..host + 1);
            if self.packed == self.block.len() {
                closed.push((host, self.written));
            }
        }
        debug_assert!(
            touched.is_some() || self.packed == self.block.len(),
            "a line fits into no frame"
        );
        let touched = touched?;
        let lines = payload.get(header.len()..).unwrap_or_default();
        Some(Packed {
            commands: count(lines),
            payload: payload.into(),
            touched,
            closed,
            splits: (1..self.block.len()).contains(&self.packed),
        })
    }
}

/// Room for lines that a frame must have.
pub const fn least() -> usize {
    LONGEST + CLOSING
}

/// The length of the whole lines at the head of `block` that fit into `room`, the one that closes it kept with the last
/// before it.
fn fitting(block: &[u8], room: usize) -> usize {
    if block.len() <= room {
        return block.len();
    }
    let last = line_starts_before(block, block.len());
    // A file may end with a host that isn't closed.
    let room = match block.len() - last <= CLOSING {
        true => room.min(line_starts_before(block, last)),
        false => room,
    };
    let head = block.get(..room).unwrap_or_default();
    head.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1)
}

/// Where the line that ends at `end` starts.
fn line_starts_before(block: &[u8], end: usize) -> usize {
    let without_its_end = block.get(..end.saturating_sub(1)).unwrap_or_default();
    without_its_end
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |start| start + 1)
}

/// Commands in `lines`.
pub(crate) fn count(lines: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', lines).count() as u64
}

#[cfg(test)]
mod tests;
