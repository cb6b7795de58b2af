//! The terminal: standard error, shared by log lines and the progress bar.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::LazyLock;

use indicatif::MultiProgress;

use crate::printable::escaped_lines;

static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Whether standard error is a terminal that can redraw a line.
pub fn is_capable() -> bool {
    does_more_than_print(&io::stderr())
}

fn does_more_than_print(stream: &impl IsTerminal) -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    stream.is_terminal() && !dumb
}

/// Whether standard error takes colours.
pub fn is_colourful() -> bool {
    takes_colours(&io::stderr())
}

/// Whether a stream takes colours.
pub fn takes_colours(stream: &impl IsTerminal) -> bool {
    does_more_than_print(stream) && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The group that progress bars are added to.
pub fn bars() -> &'static MultiProgress {
    &BARS
}

/// Standard error; the progress bar steps aside for each write.
pub fn stderr() -> impl Write {
    Stderr
}

/// Writes a line to standard error. That it may be full or closed is no failure.
pub fn write_line(line: impl Display) {
    let _ = io::stderr().write_all(format!("{}\n", escaped_lines(&line.to_string())).as_bytes());
}

struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        BARS.suspend(|| io::stderr().write(bytes))
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        BARS.suspend(|| io::stderr().write_all(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
