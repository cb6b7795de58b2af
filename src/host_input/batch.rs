//! Batches of frames: a span for each, as a span for each frame would be too many for any queue.
//!
//! A batch belongs to one connection and begins with its opening, so that a connection which fails is seen too.

use tracing::Span;

use super::{Error, Settings};
use crate::problem::Problem as _;
use crate::telemetry::spans::{self, count};

/// Frames of the first batches.
const FRAMES: u64 = 100;
/// After so many batches their length doubles: the spans of a delivery grow with the logarithm of its frames.
const BATCHES: u32 = 64;

/// The batches of a delivery.
#[derive(Debug, Default)]
pub(super) struct Batches {
    made: u32,
    open: Option<FrameBatch>,
}

#[derive(Debug)]
struct FrameBatch {
    span: Span,
    frames: u64,
    commands: u64,
    bytes: u64,
}

impl Batches {
    /// A connection is opened, or a frame sent.
    pub(super) fn begin(&mut self, settings: &Settings) {
        self.open.get_or_insert_with(|| {
            self.made += 1;
            FrameBatch {
                span: spans::frames(&settings.server, settings.port),
                frames: 0,
                commands: 0,
                bytes: 0,
            }
        });
    }

    /// A frame was sent.
    pub(super) fn sent(&mut self, settings: &Settings, commands: u64, bytes: usize) {
        self.begin(settings);
        if let Some(batch) = &mut self.open {
            batch.frames += 1;
            batch.commands += commands;
            batch.bytes += bytes as u64;
        }
    }

    /// A frame was answered; the batch ends with it when it is long enough.
    pub(super) fn answered(&mut self) {
        if self
            .open
            .as_ref()
            .is_some_and(|batch| batch.frames >= longest(self.made))
        {
            self.end(None);
        }
    }

    /// The connection has ended. A request to stop is no failure.
    pub(super) fn end(&mut self, error: Option<&Error>) {
        let Some(batch) = self.open.take() else {
            return;
        };
        count(&batch.span, "frames", batch.frames);
        count(&batch.span, "commands", batch.commands);
        count(&batch.span, "bytes", batch.bytes);
        if let Some(error) = error
            && !matches!(error, Error::Interrupted)
        {
            spans::fail(&batch.span, error.kind().exit().label());
        }
    }
}

fn longest(made: u32) -> u64 {
    FRAMES << (made.saturating_sub(1) / BATCHES).min(32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_frames_make_no_more_spans_than_a_queue_holds() {
        let (mut made, mut frames) = (0, 0);
        while frames < 1_000_000 {
            made += 1;
            frames += longest(made);
        }
        assert_eq!((longest(1), longest(64), longest(65)), (100, 100, 200));
        assert!(made < 500, "{made} batches");
    }
}
