//! A file of commands that somebody has written: by us as CSV, or by hand.
//!
//! A line that the Management Center would drop silently is an error here, before anything is sent.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::command::{Shortened, UPDATE};
use super::packing::{Blocks, Written};
use crate::problem::{Kind, Problem};

/// Bytes of a file, at most: all of it is held.
const LIMIT: u64 = 1 << 30;

/// Bytes of a line, at most. No frame takes one that is a fraction of it.
const LONGEST_LINE: u64 = 1 << 20;

/// Bytes that are read at once.
const CHUNK: usize = 64 * 1024;

/// Why a file of commands can't be sent. Nothing of it has been.
#[derive(Debug, Error)]
pub enum Error {
    /// It can't be read.
    #[error("can't read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It doesn't fit into memory.
    #[error("{} is larger than 1 GiB, or than the memory that there is; split it after a ScanFlush", .0.display())]
    TooLong(PathBuf),
    /// It has no command.
    #[error("{} holds no commands", .0.display())]
    Empty(PathBuf),
    /// A line that the Management Center can't read.
    #[error("{}, line {line}: {what}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong, and what to do.
        what: &'static str,
    },
}

impl Problem for Error {
    fn kind(&self) -> Kind {
        match self {
            Error::Read { .. } => Kind::Unreadable,
            Error::TooLong(_) | Error::Empty(_) | Error::Line { .. } => Kind::CommandFile,
        }
    }
}

/// The commands of a file, divided where `ScanFlush` or `ScanUpdate` closes what came before.
#[derive(Debug)]
pub struct CommandFile {
    header: Vec<u8>,
    lines: Vec<u8>,
    blocks: Vec<Block>,
}

#[derive(Debug)]
struct Block {
    bytes: Range<usize>,
    /// Lines of the file, from 1.
    numbers: Range<usize>,
}

impl CommandFile {
    /// Reads a file, `-` for standard input, as far as it can be sent. Comments and empty lines are left out.
    ///
    /// Blocks until a pipe ends, so it is never called on the thread that handles signals.
    pub fn read(path: &Path) -> Result<Self, Error> {
        if path.as_os_str() == "-" {
            return Self::parse(Path::new("standard input"), io::stdin().lock());
        }
        let failed = |source| Error::Read {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(failed)?;
        Self::parse(path, BufReader::with_capacity(CHUNK, file))
    }

    fn parse(path: &Path, mut input: impl BufRead) -> Result<Self, Error> {
        let (mut header, mut lines, mut blocks) = (Vec::new(), Vec::new(), Vec::new());
        let (mut start, mut first) = (0, None);
        let (mut text, mut number) = (Vec::new(), 0);
        loop {
            text.clear();
            let read = input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut text);
            let read = read.map_err(|source| Error::Read {
                path: path.to_owned(),
                source,
            })?;
            if read == 0 {
                break;
            }
            number += 1;
            let wrong = |what| Error::Line {
                path: path.to_owned(),
                line: number,
                what,
            };
            let whole = text.strip_suffix(b"\n");
            let line = whole.unwrap_or(&text);
            let line = line.strip_suffix(b"\r").unwrap_or(line).trim_ascii();
            if line.starts_with(b"#") && whole.is_some() || line.is_empty() {
                continue;
            }
            if !line.starts_with(b"#") && !line.iter().all(|&byte| byte == b'\t' || (0x20..0x7f).contains(&byte)) {
                return Err(wrong(
                    "a character that isn't printable ASCII; the Management Center would drop the line",
                ));
            }
            if read as u64 == LONGEST_LINE && whole.is_none() {
                return Err(wrong("a line that is longer than 1 MiB; no frame takes it"));
            }
            if line.starts_with(b"#") {
                continue;
            }
            // All of it is held, and a machine may have less than is allowed.
            if lines.len() as u64 + read as u64 > LIMIT || lines.try_reserve(read).is_err() {
                return Err(Error::TooLong(path.to_owned()));
            }
            let command = line
                .split(|&byte| byte == b',' || byte == b' ')
                .next()
                .unwrap_or_default();
            if matches!(command, b"SetDomain" | b"SetSource" | b"SetSourceType" | b"SetMap") {
                if first.is_some() || !blocks.is_empty() {
                    return Err(wrong(
                        "a command of the header after other commands; split the file before it",
                    ));
                }
                header.extend_from_slice(line);
                header.push(b'\n');
                continue;
            }
            let begin = *first.get_or_insert(number);
            lines.extend_from_slice(line);
            lines.push(b'\n');
            if matches!(command, b"ScanFlush" | b"ScanUpdate") {
                blocks.push(Block {
                    bytes: start..lines.len(),
                    numbers: begin..number + 1,
                });
                start = lines.len();
                first = None;
            }
        }
        if let Some(begin) = first {
            blocks.push(Block {
                bytes: start..lines.len(),
                numbers: begin..number + 1,
            });
        }
        if blocks.is_empty() {
            return Err(Error::Empty(path.to_owned()));
        }
        Ok(CommandFile { header, lines, blocks })
    }

    /// Findings that it tells of.
    pub fn findings(&self) -> u64 {
        let lines = self.lines.split_inclusive(|&byte| byte == b'\n');
        lines.filter(|line| is_result(line)).count() as u64
    }
}

impl Blocks for CommandFile {
    fn len(&self) -> usize {
        self.blocks.len()
    }

    fn flushes(&self) -> bool {
        let mut lines = self.lines.split(|&byte| byte == b'\n');
        lines.any(|line| line.starts_with(b"ScanFlush"))
    }

    fn header(&self) -> &[u8] {
        &self.header
    }

    fn prologue(&self) -> &[u8] {
        b""
    }

    fn write(&self, index: usize, longest: usize, out: &mut Vec<u8>) -> Written {
        let block = self
            .blocks
            .get(index)
            .and_then(|block| self.lines.get(block.bytes.clone()));
        let mut written = Written::default();
        for line in block.unwrap_or_default().split_inclusive(|&byte| byte == b'\n') {
            let result = is_result(line);
            written.findings += u64::from(result);
            if line.starts_with(b"ScanFlush") && written.shortened.results > 0 {
                // What is held of a result that is missing here must not go.
                out.extend_from_slice(UPDATE);
            } else if line.len() > longest {
                written.findings += u64::from(!result);
                written.shortened = Shortened {
                    results: written.shortened.results + 1,
                    ..written.shortened
                };
            } else {
                out.extend_from_slice(line);
            }
        }
        written
    }

    fn label(&self, index: usize) -> String {
        let numbers = self
            .blocks
            .get(index)
            .map(|block| block.numbers.clone())
            .unwrap_or_default();
        format!("lines {} to {}", numbers.start, numbers.end.saturating_sub(1))
    }
}

fn is_result(line: &[u8]) -> bool {
    line.starts_with(b"AddScanResult")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<CommandFile, String> {
        CommandFile::parse(Path::new("commands.csv"), text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_is_divided_where_hosts_are_closed() {
        let text =
            "# ours\r\nSetSource,Q\n\nAddHost,192.0.2.1\nAddScanResult,192.0.2.1\nScanFlush\nAddHost,192.0.2.2\n";
        let file = parse(text).unwrap();
        assert_eq!(file.header(), b"SetSource,Q\n");
        assert_eq!([file.label(0), file.label(1)], ["lines 4 to 6", "lines 7 to 7"]);
        let mut out = Vec::new();
        assert_eq!(file.write(0, 99, &mut out).findings, 1);
        file.write(1, 99, &mut out);
        let lines = "AddHost,192.0.2.1\nAddScanResult,192.0.2.1\nScanFlush\nAddHost,192.0.2.2\n";
        assert_eq!(String::from_utf8(out).unwrap(), lines);
    }

    #[test]
    fn what_would_be_lost_without_a_word_is_an_error() {
        assert_eq!(parse("\n# nothing\n").unwrap_err(), "commands.csv holds no commands");
        assert_eq!(
            parse("AddHost,1\nAddHost,\u{fc}\n").unwrap_err(),
            "commands.csv, line 2: a character that isn't printable ASCII; the Management Center would drop the line"
        );
        assert_eq!(
            parse("AddHost,1\nSetSource,Q\n").unwrap_err(),
            "commands.csv, line 2: a command of the header after other commands; split the file before it"
        );
    }
}
