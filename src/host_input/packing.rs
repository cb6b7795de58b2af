//! Packing: the lines of many hosts into frames.
//!
//! A frame is filled with whole lines, whoever's they are; what must not happen is kept from happening here:
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
    /// Findings told of the host.
    pub findings: u64,
    /// The host is cleared: such hosts don't share frames with others.
    pub clears: bool,
    /// What couldn't be said in full.
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
                    // Nothing of it can be said; it is settled in its turn all the same.
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Hosts of so many results, the last ones cleared.
    struct Numbers {
        results: Vec<usize>,
        clean: usize,
    }

    impl Blocks for Numbers {
        fn len(&self) -> usize {
            self.results.len() + self.clean
        }
        fn header(&self) -> &[u8] {
            b"SetSource,Q\n"
        }
        fn prologue(&self) -> &[u8] {
            b""
        }
        fn write(&self, index: usize, _longest: usize, out: &mut Vec<u8>) -> Written {
            match self.results.get(index) {
                Some(&results) => {
                    out.extend(format!("AddHost,{index}\n").bytes());
                    for result in 0..results {
                        out.extend(format!("Add,{index},{result}\n").bytes());
                    }
                    out.extend(b"ScanFlush\n");
                    Written {
                        findings: results as u64,
                        ..Written::default()
                    }
                }
                None => {
                    out.extend(format!("Delete,{index}\nScanUpdate\n").bytes());
                    Written {
                        clears: true,
                        ..Written::default()
                    }
                }
            }
        }
        fn label(&self, index: usize) -> String {
            index.to_string()
        }
    }

    fn frames(blocks: &Numbers, limit: usize) -> Vec<Packed> {
        let mut packer = Packer::new(blocks, 0..blocks.len(), limit);
        std::iter::from_fn(|| packer.pack()).collect()
    }

    fn text(frame: &Packed) -> &str {
        std::str::from_utf8(&frame.payload).unwrap()
    }

    #[test]
    fn hosts_share_frames_and_only_those_too_long_for_one_span_them() {
        let frames = frames(
            &Numbers {
                results: vec![0, 0, 2, 5],
                clean: 1,
            },
            60,
        );
        let texts: Vec<_> = frames.iter().map(text).collect();
        assert_eq!(
            texts,
            [
                "SetSource,Q\nAddHost,0\nScanFlush\nAddHost,1\nScanFlush\n",
                "SetSource,Q\nAddHost,2\nAdd,2,0\nAdd,2,1\nScanFlush\nAddHost,3\n",
                "SetSource,Q\nAdd,3,0\nAdd,3,1\nAdd,3,2\nAdd,3,3\n",
                "SetSource,Q\nAdd,3,4\nScanFlush\n",
                "SetSource,Q\nDelete,4\nScanUpdate\n",
            ]
        );
        let closed: Vec<Vec<usize>> = frames.iter().map(|f| f.closed.iter().map(|c| c.0).collect()).collect();
        assert_eq!(closed, [vec![0, 1], vec![2], vec![], vec![3], vec![4]]);
        assert_eq!(
            frames.iter().map(|f| f.touched.clone()).collect::<Vec<_>>(),
            [0..2, 2..4, 3..4, 3..4, 4..5]
        );
        assert_eq!(frames.iter().map(|f| f.commands).collect::<Vec<_>>(), [4, 5, 4, 2, 2]);
        assert_eq!(
            frames.iter().map(|f| f.splits).collect::<Vec<_>>(),
            [false, true, true, false, false]
        );
    }

    #[test]
    fn an_interrupted_packer_ends_with_the_host_it_is_in() {
        let blocks = Numbers {
            results: vec![9, 9, 9],
            clean: 0,
        };
        let mut packer = Packer::new(&blocks, 0..3, 60);
        packer.pack();
        packer.finish(0);
        let rest: Vec<_> = std::iter::from_fn(|| packer.pack()).collect();
        assert_eq!(rest.last().unwrap().closed.last().unwrap().0, 0);
        packer.finish(0);
        assert!(packer.pack().is_none());
    }

    #[test]
    fn an_interrupted_packer_goes_on_to_the_host_that_it_is_told() {
        let blocks = Numbers {
            results: vec![9, 9, 9, 9],
            clean: 0,
        };
        for (until, last) in [(0, 0), (1, 0), (2, 1), (3, 2), (4, 3), (9, 3)] {
            let mut packer = Packer::new(&blocks, 0..4, 160);
            // The second host has been looked at, and doesn't fit.
            assert_eq!(packer.pack().unwrap().touched, 0..1);
            packer.finish(until);
            packer.finish(until);
            let rest = std::iter::from_fn(|| packer.pack());
            assert_eq!(
                rest.last().map_or(0, |frame| frame.closed.last().unwrap().0),
                last,
                "{until}"
            );
        }
    }

    /// Blocks of lines with these lengths, closed or not, as a file may hold them.
    struct Lines(Vec<(Vec<usize>, bool)>);

    impl Blocks for Lines {
        fn len(&self) -> usize {
            self.0.len()
        }
        fn header(&self) -> &[u8] {
            b"SetSource,Q\n"
        }
        fn prologue(&self) -> &[u8] {
            b""
        }
        fn write(&self, index: usize, longest: usize, out: &mut Vec<u8>) -> Written {
            let (lengths, closed) = &self.0[index];
            for length in lengths.iter().filter(|length| **length < longest) {
                out.extend(std::iter::repeat_n(b'x', *length));
                out.push(b'\n');
            }
            if *closed {
                out.extend(b"ScanFlush\n");
            }
            Written::default()
        }
        fn label(&self, index: usize) -> String {
            index.to_string()
        }
    }

    proptest! {
        #[test]
        fn packing_comes_to_its_end_whatever_a_file_holds(
            blocks in prop::collection::vec((prop::collection::vec(0usize..3000, 0..4), any::<bool>()), 0..8),
            room in 0usize..2000,
        ) {
            let blocks = Lines(blocks);
            let limit = blocks.header().len() + least() + room;
            let mut packer = Packer::new(&blocks, 0..blocks.len(), limit);
            let (mut sent, mut closed) = (Vec::new(), Vec::new());
            while let Some(frame) = packer.pack() {
                prop_assert!(frame.payload.len() <= limit);
                let lines = frame.payload.strip_prefix(blocks.header()).unwrap();
                prop_assert!(!lines.starts_with(b"ScanFlush\n") || frame.touched.start == frame.closed[0].0);
                sent.extend_from_slice(lines);
                closed.extend(frame.closed.iter().map(|(host, _)| *host));
            }
            let mut all = Vec::new();
            for index in 0..blocks.len() {
                blocks.write(index, limit - blocks.header().len() - CLOSING, &mut all);
            }
            prop_assert_eq!(sent, all);
            prop_assert_eq!(closed, (0..blocks.len()).collect::<Vec<_>>());
        }

        #[test]
        fn nothing_is_lost_and_no_line_is_split(results in prop::collection::vec(0usize..30, 0..12), clean in 0usize..3, limit in 50usize..400) {
            let blocks = Numbers { results, clean };
            let frames = frames(&blocks, limit);
            let mut all = Vec::new();
            for index in 0..blocks.len() {
                blocks.write(index, usize::MAX, &mut all);
            }
            let mut sent = String::new();
            for frame in &frames {
                prop_assert!(frame.payload.len() <= limit);
                let body = text(frame).strip_prefix("SetSource,Q\n").unwrap();
                prop_assert!(body.ends_with('\n'));
                prop_assert!(!body.starts_with("Scan"), "closed without its last line: {}", body);
                prop_assert_eq!(body.lines().count() as u64, frame.commands);
                prop_assert!(!(body.contains("Delete") && body.contains("Add")));
                sent.push_str(body);
            }
            for host in 0..blocks.len() {
                let mut block = Vec::new();
                blocks.write(host, usize::MAX, &mut block);
                let parts = frames.iter().filter(|frame| frame.touched.contains(&host)).count();
                prop_assert!(parts == 1 || "SetSource,Q\n".len() + block.len() > limit, "host {} in {} parts", host, parts);
            }
            prop_assert_eq!(sent.as_bytes(), &all[..]);
            let closed: Vec<usize> = frames.iter().flat_map(|f| f.closed.iter().map(|c| c.0)).collect();
            prop_assert_eq!(closed, (0..blocks.len()).collect::<Vec<_>>());
        }
    }
}
