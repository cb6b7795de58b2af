//! Counting: which commands the number of an answer counts, as the first answer of a connection shows.
//!
//! `Done processing N commands.` is certain; that N leaves out the commands of the header and counts ScanFlush and
//! ScanUpdate is only likely. So the first frame holds, behind the header, so many of each kind that any sum tells which
//! kinds are in it, and no host. The queue of a new connection is empty (likely). ScanUpdate with an empty queue does
//! what the end of every connection does (certain), so it comes first, in case the queue isn't empty after all.
//! ScanFlush touches only hosts of which lines are queued (likely), and a public client sends it with none queued; it is
//! left out where no host is going to be flushed.
//!
//! If a kind isn't counted, nothing shows that it was dropped. A dropped ScanFlush leaves its host to be updated by the next
//! command that closes the queue, so a Management Center that doesn't count ScanFlush is a warning.

use super::Replies;
use super::answer::{Answer, RefusedCommands, Verdict};
use super::command::{FLUSH, UPDATE};
use super::packing::{Blocks, count};

/// Which commands the number of an answer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counting {
    /// What each number is too high by, or too low.
    offset: i64,
    updates: bool,
    flushes: bool,
}

impl Default for Counting {
    /// As is likely.
    fn default() -> Self {
        Counting {
            offset: 0,
            updates: true,
            flushes: true,
        }
    }
}

/// The lines of the first frame.
pub(crate) fn first_frame(blocks: &impl Blocks) -> Vec<u8> {
    let mut lines = blocks.header().to_vec();
    let weight = weight(blocks);
    lines.extend(UPDATE.repeat(weight));
    if blocks.flushes() {
        lines.extend(FLUSH.repeat(2 * weight));
    }
    lines
}

/// So many commands of a kind stand for more than the whole header.
fn weight(blocks: &impl Blocks) -> usize {
    count(blocks.header()) as usize + 1
}

impl Counting {
    /// Reads the answer to the [`first_frame`].
    pub(super) fn read(blocks: &impl Blocks, answer: &Answer, replies: Replies) -> Result<Self, RefusedCommands> {
        let weight = weight(blocks) as i64;
        let kinds = if blocks.flushes() { 3 } else { 1 };
        let all = kinds * weight;
        // An answer with an error, or without a number, is judged as any other.
        let Some(done) = answer.done.filter(|_| answer.accepts()) else {
            return match answer.judge(all as u64, replies) {
                Verdict::Accepted => Ok(Counting::default()),
                Verdict::Refused(refusal) => Err(refusal),
            };
        };
        let done = i64::try_from(done).unwrap_or(i64::MAX);
        let (sum, offset) = (done.div_euclid(weight), done.rem_euclid(weight));
        match replies {
            _ if (0..=kinds).contains(&sum) => Ok(Counting {
                offset,
                updates: sum & 1 == 1,
                flushes: !blocks.flushes() || sum & 2 == 2,
            }),
            // No kinds explain it, but it may be the same for every frame.
            Replies::Lenient => Ok(Counting {
                offset: done.saturating_sub(all),
                ..Counting::default()
            }),
            Replies::Strict => match answer.judge(all as u64, replies) {
                Verdict::Accepted => Ok(Counting::default()),
                Verdict::Refused(refusal) => Err(refusal),
            },
        }
    }

    /// Whether a ScanFlush that was sent is counted.
    pub(super) fn sees_flushes(&self) -> bool {
        self.flushes
    }

    /// The number that tells that all of `commands` were understood, which are the lines of `payload` but for its header.
    pub(super) fn expected(&self, commands: u64, payload: &[u8]) -> u64 {
        let counts = |line: &[u8]| {
            (self.updates || !line.starts_with(b"ScanUpdate")) && (self.flushes || !line.starts_with(b"ScanFlush"))
        };
        let uncounted = match (self.updates, self.flushes) {
            (true, true) => 0,
            _ => payload
                .split(|&byte| byte == b'\n')
                .filter(|line| !counts(line))
                .count() as u64,
        };
        commands.saturating_sub(uncounted).saturating_add_signed(self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::super::packing::Written;
    use super::*;

    struct Header(&'static [u8], bool);

    impl Blocks for Header {
        fn len(&self) -> usize {
            0
        }
        fn header(&self) -> &[u8] {
            self.0
        }
        fn prologue(&self) -> &[u8] {
            b""
        }
        fn flushes(&self) -> bool {
            self.1
        }
        fn write(&self, _: usize, _: usize, _: &mut Vec<u8>) -> Written {
            Written::default()
        }
        fn label(&self, _: usize) -> String {
            String::new()
        }
    }

    fn read(blocks: &Header, done: u64, replies: Replies) -> Result<Counting, RefusedCommands> {
        let answer = Answer::read(format!("Done processing {done} commands.\n").as_bytes());
        Counting::read(blocks, &answer, replies)
    }

    const FRAME: &[u8] = b"SetSource,Q\nAddHost,x\nScanFlush\nDeleteScanResult,y\nScanUpdate\n";

    #[test]
    fn every_way_to_count_is_told_by_the_first_answer() {
        for header in [&b"SetSource,Q\n"[..], b"SetDomain,D\nSetSource,Q\nSetMap,M\n"] {
            let blocks = Header(header, true);
            let first = first_frame(&blocks);
            assert!(first.starts_with(header));
            let number = |kind: &[u8]| first.split(|&byte| byte == b'\n').filter(|line| *line == kind).count() as u64;
            for (head, updates, flushes) in (0..8).map(|bits| (bits & 1, bits & 2 == 2, bits & 4 == 4)) {
                let head = head * count(header);
                let done = head
                    + if updates { number(b"ScanUpdate") } else { 0 }
                    + if flushes { number(b"ScanFlush") } else { 0 };
                for replies in [Replies::Strict, Replies::Lenient] {
                    let counting = read(&blocks, done, replies).unwrap();
                    let expected = 2 + head + u64::from(updates) + u64::from(flushes);
                    assert_eq!(counting.expected(4, FRAME), expected, "{head} {updates} {flushes}");
                }
            }
        }
    }

    #[test]
    fn without_a_host_to_flush_nothing_is_flushed() {
        let blocks = Header(b"SetSource,Q\n", false);
        assert!(!first_frame(&blocks).windows(9).any(|part| part == b"ScanFlush"));
        assert_eq!(read(&blocks, 2, Replies::Strict), Ok(Counting::default()));
    }

    #[test]
    fn a_number_that_no_kinds_explain_is_refused_unless_leniency_is_asked_for() {
        let blocks = Header(b"SetSource,Q\n", true);
        assert!(read(&blocks, 99, Replies::Strict).is_err());
        let counting = read(&blocks, 17, Replies::Lenient).unwrap();
        assert_eq!(counting.expected(4, FRAME), 4 + 11);
    }
}
