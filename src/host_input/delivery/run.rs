//! One connection's part of a delivery: frames out, answers in, and what each answer means for its hosts.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use bytes::Bytes;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::Delivery;
use crate::host_input::answer::{Answer, RefusedCommands, Verdict};
use crate::host_input::batch::Batches;
use crate::host_input::command::{Shortened, UPDATE};
use crate::host_input::connection::{AnswerKind, Connection};
use crate::host_input::counting::{self, Counting};
use crate::host_input::packing::{Blocks, Packed, Packer, Written, count};
use crate::host_input::{Error, Settings, packing};

/// Refusals that are named one by one; all are counted.
const NAMED: usize = 100;

/// One delivery, over one connection after the other.
pub(super) struct Run<'a, B> {
    settings: &'a Settings,
    pub(super) blocks: &'a B,
    pub(super) stop: &'a CancellationToken,
    pub(super) delivery: &'a mut Delivery,
    /// Hosts before this one are sent in frames of their own, since they shared a refused frame.
    alone_until: usize,
    /// What the Management Center holds of hosts before this one isn't known until they are settled, since they were in a
    /// refused frame or under way behind it.
    doubtful_until: usize,
    /// Which commands this Management Center counts.
    counting: Counting,
    /// Connections that were ended since their queue couldn't be closed otherwise.
    pub(super) updates_refused: usize,
    /// When an answer came last.
    pub(super) last_answer: Instant,
    pub(super) batches: Batches,
}

impl<'a, B: Blocks> Run<'a, B> {
    /// A delivery at its beginning.
    pub(super) fn new(
        settings: &'a Settings,
        blocks: &'a B,
        stop: &'a CancellationToken,
        delivery: &'a mut Delivery,
    ) -> Self {
        Run {
            settings,
            blocks,
            stop,
            delivery,
            alone_until: 0,
            doubtful_until: 0,
            counting: Counting::default(),
            updates_refused: 0,
            last_answer: Instant::now(),
            batches: Batches::default(),
        }
    }

    /// Every host is settled.
    pub(super) fn is_done(&self) -> bool {
        self.delivery.settled >= self.blocks.len()
    }

    /// Delivers what isn't settled over one connection.
    pub(super) async fn over(&mut self, mut connection: Connection) -> Result<(), Error> {
        let limit = connection.maximum.min(self.settings.max_frame);
        let least = self.blocks.header().len() + self.blocks.prologue().len() + packing::least();
        let least = least.max(counting::first_frame(self.blocks).len());
        if (limit as usize) < least {
            return Err(Error::MaximumTooSmall {
                maximum: connection.maximum,
                configured: self.settings.max_frame,
            });
        }
        self.introduce(&mut connection).await?;
        while !self.is_done() {
            if self.stop.is_cancelled() && self.delivery.settled >= self.doubtful_until {
                connection.close().await?;
                return Err(Error::Interrupted);
            }
            let sent = self.hosts(&mut connection, limit as usize).await;
            if let Err(Error::UpdateRefused { .. }) = sent {
                // The end of a connection closes its queue as the command would have (certain).
                connection.close().await?;
                self.updates_refused += 1;
                return sent;
            }
            sent?;
        }
        connection.close().await
    }

    /// The first frame carries no host: it proves that source and domain are accepted before a host can come to
    /// harm (after a refused domain the rest of a frame is skipped, but scan commands may still be run on it),
    /// and shows which commands this Management Center counts.
    async fn introduce(&mut self, connection: &mut Connection) -> Result<(), Error> {
        let payload = counting::first_frame(self.blocks);
        let answer = self.exchange(connection, payload.into(), 0).await?;
        match Counting::read(self.blocks, &answer, self.settings.replies) {
            Ok(counting) => {
                debug!(?counting, "which commands this Management Center counts");
                self.counting = counting;
                self.delivery.flush_is_unseen |= !counting.sees_flushes();
            }
            Err(refusal) => return Err(Error::HeaderRefused { reason: refusal.reason }),
        }
        self.prepare(connection).await
    }

    /// Sends what the hosts' commands need, in a frame of its own: whether its commands are counted is only likely, and nothing
    /// depends on it.
    async fn prepare(&mut self, connection: &mut Connection) -> Result<(), Error> {
        let prologue = self.blocks.prologue();
        let commands = count(prologue);
        if commands == 0 {
            return Ok(());
        }
        let payload = [self.blocks.header(), prologue].concat();
        let answer = self.exchange(connection, payload.into(), commands).await?;
        let judge = |counted| answer.judge(self.counting.expected(counted, prologue), self.settings.replies);
        match (judge(0), judge(commands)) {
            (Verdict::Accepted, _) | (_, Verdict::Accepted) => Ok(()),
            (_, Verdict::Refused(refusal)) => Err(Error::HeaderRefused { reason: refusal.reason }),
        }
    }

    /// Sends hosts until one of their frames is refused or none is left.
    async fn hosts(&mut self, connection: &mut Connection, limit: usize) -> Result<(), Error> {
        let first = self.delivery.settled;
        let alone = first < self.alone_until;
        // A host that is alone isn't closed by a frame that was under way when one before it was refused.
        let (end, window) = if alone {
            (first + 1, 1)
        } else {
            (self.blocks.len(), self.settings.window)
        };
        let mut packer = Packer::new(self.blocks, first..end, limit);
        let mut unanswered = VecDeque::new();
        loop {
            let waits = |last: Option<&Packed>| last.is_some_and(|last| last.splits);
            while unanswered.len() < window && !waits(unanswered.back()) && !connection.is_broken() {
                if self.stop.is_cancelled() {
                    packer.finish(self.doubtful_until);
                }
                let Some(frame) = packer.pack() else { break };
                self.send(connection, frame.payload.clone(), frame.commands).await;
                unanswered.push_back(frame);
            }
            let Some(frame) = unanswered.pop_front() else {
                return Ok(());
            };
            let answer = self.answer(connection).await?;
            for remark in &answer.remarks {
                warn!("the Management Center says: {remark}");
            }
            let step = match answer.judge(
                self.counting.expected(frame.commands, &frame.payload),
                self.settings.replies,
            ) {
                Verdict::Accepted => self.accepted(frame),
                Verdict::Refused(refusal) => self.refused(frame, refusal, alone),
            };
            self.delivery.show();
            if step.is_break() {
                // What is under way already is closed together with what the refused frame left; it is sent again.
                let last = unanswered.back().map_or(self.alone_until, |frame| frame.touched.end);
                self.doubtful_until = self.doubtful_until.max(last);
                for _ in unanswered {
                    self.answer(connection).await?;
                }
                return self.close_queue(connection).await;
            }
        }
    }

    fn accepted(&mut self, frame: Packed) -> ControlFlow<()> {
        self.delivery.commands_acknowledged += frame.commands;
        for (host, written) in frame.closed {
            self.settle(host, written);
        }
        ControlFlow::Continue(())
    }

    fn settle(&mut self, host: usize, written: Written) {
        let Shortened {
            descriptions,
            references,
            results,
        } = written.shortened;
        self.delivery.settled = host + 1;
        self.delivery.findings_acknowledged += written.findings - u64::from(results);
        self.delivery.descriptions_dropped += u64::from(descriptions);
        self.delivery.references_dropped += u64::from(references);
        if results > 0 {
            let label = self.blocks.label(host);
            warn!(host = label, commands = results, "not sent: longer than a frame may be");
            self.delivery.hosts_incomplete += 1;
            self.delivery.commands_too_long += u64::from(results);
        } else {
            self.delivery.hosts_acknowledged += 1;
            self.delivery.hosts_cleared += u64::from(written.clears);
            self.blocks.imported(host);
        }
    }

    /// A frame of several hosts doesn't tell whose line was refused: each of them is sent again, alone.
    fn refused(&mut self, frame: Packed, refusal: RefusedCommands, alone: bool) -> ControlFlow<()> {
        if !alone {
            info!(
                hosts = frame.touched.len(),
                "a frame was refused ({}); its hosts are sent again one by one", refusal.reason
            );
            self.alone_until = frame.touched.end;
            return ControlFlow::Break(());
        }
        let host = self.delivery.settled;
        let mut scratch = Vec::new();
        let written = self.blocks.write(host, usize::MAX, &mut scratch);
        let lost = refusal
            .commands
            .map_or(written.findings, |commands| commands.min(written.findings));
        // A host in one frame was closed by it, all but the lost commands having been processed.
        let closed = frame.closed.len() == 1 && frame.commands == count(&scratch);
        let refused = if closed { lost } else { written.findings };
        let unheard = refusal
            .commands
            .map_or(frame.commands, |commands| commands.min(frame.commands));
        self.delivery.commands_acknowledged += frame.commands - unheard;
        self.delivery.commands_refused += unheard;
        self.delivery.findings_acknowledged += written.findings - refused;
        self.delivery.settled = host + 1;
        if refused == written.findings {
            self.delivery.refused_whole.push(host);
        }
        self.refuse(host, refused, refusal.reason);
        ControlFlow::Break(())
    }

    /// Names the hosts that are left in doubt.
    pub(super) fn give_up(&mut self) {
        let mut scratch = Vec::new();
        for host in self.delivery.settled..self.doubtful_until {
            scratch.clear();
            let written = self.blocks.write(host, usize::MAX, &mut scratch);
            self.delivery.settled = host + 1;
            self.delivery.commands_refused += count(&scratch);
            self.delivery.refused_whole.push(host);
            let reason = "its frame, or one that was sent before it, was refused, and it wasn't sent again";
            self.refuse(host, written.findings, reason.to_owned());
        }
        self.delivery.show();
    }

    fn refuse(&mut self, host: usize, findings: u64, reason: String) {
        let label = self.blocks.label(host);
        warn!(host = label, findings, "refused: {reason}");
        self.delivery.hosts_refused += 1;
        self.delivery.findings_refused += findings;
        if self.delivery.refusals.len() < NAMED {
            self.delivery.refusals.push((label, reason));
        }
    }

    /// Has what a refused frame left in the queue added, so that it isn't flushed together with another host.
    async fn close_queue(&mut self, connection: &mut Connection) -> Result<(), Error> {
        let mut payload = self.blocks.header().to_vec();
        payload.extend_from_slice(UPDATE);
        let expected = self.counting.expected(1, UPDATE);
        let answer = self.exchange(connection, payload.into(), 1).await?;
        // The answer may still be about a host of the refused frame, which is sent again anyhow, or was named.
        if answer.done == Some(expected) {
            return Ok(());
        }
        match answer.judge(expected, self.settings.replies) {
            Verdict::Accepted => Ok(()),
            Verdict::Refused(refusal) => Err(Error::UpdateRefused { reason: refusal.reason }),
        }
    }

    /// One frame out, one answer in.
    async fn exchange(&mut self, connection: &mut Connection, payload: Bytes, commands: u64) -> Result<Answer, Error> {
        self.send(connection, payload, commands).await;
        self.answer(connection).await
    }

    async fn send(&mut self, connection: &mut Connection, payload: Bytes, commands: u64) {
        self.delivery.frames += 1;
        self.delivery.commands_sent += commands;
        self.delivery.bytes += payload.len() as u64;
        self.delivery.show();
        self.batches.sent(self.settings, commands, payload.len());
        connection.send_commands(payload).await;
    }

    async fn answer(&mut self, connection: &mut Connection) -> Result<Answer, Error> {
        let (text, kind) = connection.answer(self.settings.answer_timeout).await?;
        self.batches.answered();
        self.last_answer = Instant::now();
        let mut answer = Answer::read(&text);
        if kind == AnswerKind::Error {
            answer.remarks.insert(
                0,
                format!(
                    "error frame{}",
                    answer.remarks.first().map(|r| format!(": {r}")).unwrap_or_default()
                ),
            );
        }
        Ok(answer)
    }
}
