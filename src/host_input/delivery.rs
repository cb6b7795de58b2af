//! Delivery: all hosts to the Management Center, each acknowledged or named as refused.
//!
//! What makes this safe to repeat: the commands of a host replace or join what is held for it, so a host may be
//! sent twice, and after a lost connection sending goes on at the first host that wasn't acknowledged. What makes
//! it careful: the Management Center queues the lines of a connection until a command closes them, so after a
//! refused frame what is left in the queue is closed first, or the next host would flush half a host. For the same
//! reason no frame follows an unanswered part of a host that is split between frames. Hosts of a refused frame are in
//! doubt until they were sent again, so not even an interrupted delivery leaves them behind.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder, ExponentialBuilder};
use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::rustls::ClientConfig;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::answer::{Answer, Refusal, Verdict};
use super::batch::Batches;
use super::command::{Shortened, UPDATE};
use super::connection::{Connection, Kind};
use super::counting::{self, Counting};
use super::identity::Identity;
use super::packing::{Blocks, Packed, Packer, Written, count};
use super::trust::Trust;
use super::{Error, Progress, Settings, packing, trust};

/// Connections in a row that may be lost without one host being acknowledged.
const LOST: usize = 6;
/// Longest time between two attempts; chance may double it.
const LONGEST_DELAY: Duration = Duration::from_secs(15);
/// How long an interrupted delivery may take to bring the hosts to an end that it has begun. Kubernetes kills after 30 s.
const GRACE: Duration = Duration::from_secs(20);
/// Times that a queue which can't be closed by a command is closed by ending the connection.
const UPDATES_REFUSED: usize = 10;
/// Refusals that are named one by one; all are counted.
const NAMED: usize = 100;

/// What became of a delivery; true at any moment, also when it fails half way.
#[derive(Debug, Default, Clone)]
pub struct Delivery {
    /// Hosts that there are to deliver.
    pub hosts: usize,
    /// Findings of those hosts.
    pub findings: u64,
    /// Hosts, from the first on, that need no more work: acknowledged, refused or incomplete.
    pub settled: usize,
    /// Hosts acknowledged in full.
    pub hosts_acknowledged: u64,
    /// Those of them that were cleared.
    pub hosts_cleared: u64,
    /// Hosts of which something was refused.
    pub hosts_refused: u64,
    /// Hosts acknowledged but for findings that fit into no frame; of them, something wasn't sent.
    pub hosts_incomplete: u64,
    /// Commands that weren't sent since they fit into no frame.
    pub commands_too_long: u64,
    /// Findings acknowledged.
    pub findings_acknowledged: u64,
    /// Findings refused.
    pub findings_refused: u64,
    /// Findings that went without their description, so that they fit into a frame.
    pub descriptions_dropped: u64,
    /// CVE ids and Bugtraq numbers that were left out of findings, so that these fit into a frame.
    pub references_dropped: u64,
    /// Frames of commands sent.
    pub frames: u64,
    /// Commands sent; those sent again count again.
    pub commands_sent: u64,
    /// Commands that answers acknowledge.
    pub commands_acknowledged: u64,
    /// Commands of refused hosts that answers don't acknowledge.
    pub commands_refused: u64,
    /// Bytes of commands sent.
    pub bytes: u64,
    /// Connections opened.
    pub connections: u64,
    /// Host and reason of the first 100 refusals.
    pub refusals: Vec<(String, String)>,
    /// Indices of the hosts of which nothing was acknowledged, though they are settled.
    pub refused_whole: Vec<usize>,
    /// When the certificate expires that the Management Center showed last.
    pub server_certificate_expires: Option<SystemTime>,
    /// Shows the numbers to whoever watches.
    pub progress: watch::Sender<Progress>,
}

impl Delivery {
    /// Shows how far it is.
    fn show(&self) {
        self.progress.send_replace(Progress::from(self));
    }

    /// Hosts that were neither acknowledged nor refused: those that weren't sent, or not in full.
    pub fn hosts_not_sent(&self) -> u64 {
        self.hosts.saturating_sub(self.settled) as u64 + self.hosts_incomplete
    }

    /// What went in part so that it fits into a frame, in a sentence.
    pub fn shortened(&self) -> Option<String> {
        let (descriptions, references) = (self.descriptions_dropped, self.references_dropped);
        if descriptions == 0 && references == 0 {
            return None;
        }
        let mut left_out = Vec::new();
        if descriptions > 0 {
            left_out.push(format!("the descriptions of {descriptions} findings"));
        }
        if references > 0 {
            left_out.push(format!("{references} CVE ids and Bugtraq numbers"));
        }
        Some(format!(
            "{} are left out, since a command must fit into a frame (management_center.max_frame)",
            left_out.join(" and ")
        ))
    }

    /// Findings that were neither acknowledged nor refused.
    pub fn findings_not_sent(&self) -> u64 {
        self.findings
            .saturating_sub(self.findings_acknowledged + self.findings_refused)
    }
}

/// A Management Center, and what it takes to be let in.
pub struct ManagementCenter {
    settings: Settings,
    identity: Identity,
    tls: Arc<ClientConfig>,
}

impl ManagementCenter {
    /// Opens the client certificate and prepares the proof of both ends; connects to nothing yet.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let identity = Identity::open(&settings.pkcs12, settings.pkcs12_password.as_ref(), SystemTime::now())?;
        let tls = trust::client_config(&identity, &settings.trust)?;
        let certificate = identity.certificate();
        if !certificate.is_for_host_input() {
            let file = settings.pkcs12.display();
            warn!("{file} holds a certificate that was not issued for Host Input; the Management Center may refuse it");
        }
        if settings.trust == Trust::Insecure {
            warn!(
                "management_center.trust is insecure: whoever is between here and {} can read and change the import",
                settings.server
            );
        }
        Ok(ManagementCenter {
            settings,
            identity,
            tls,
        })
    }

    /// The client certificate.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Hosts that its network map holds, at most; when that is known.
    pub fn host_limit(&self) -> Option<u32> {
        self.settings.host_limit
    }

    /// Delivers all hosts, over as many connections as it takes. `delivery` is kept true all the while;
    /// `stop` ends it at the next host boundary at which none is in doubt.
    pub async fn deliver(
        &self,
        blocks: &impl Blocks,
        stop: &CancellationToken,
        delivery: &mut Delivery,
    ) -> Result<(), Error> {
        delivery.hosts = blocks.len();
        delivery.show();
        let mut run = Run {
            settings: &self.settings,
            blocks,
            stop,
            delivery,
            alone_until: 0,
            doubtful_until: 0,
            counting: Counting::default(),
            updates_refused: 0,
            last_answer: Instant::now(),
            batches: Batches::default(),
        };
        let delivered = self.attempts(&mut run).await;
        if delivered.is_err() {
            run.give_up();
        }
        delivered
    }

    /// One connection after the other, until all is delivered or it is time to give up.
    async fn attempts(&self, run: &mut Run<'_, impl Blocks>) -> Result<(), Error> {
        let stop = run.stop;
        let deadline = Instant::now() + self.settings.deadline;
        let mut graceless = pin!(async {
            stop.cancelled().await;
            sleep(GRACE).await;
        });
        let mut delays = backoff();
        // Why the attempt before this one failed.
        let mut before = None;
        // Failures, and lost connections among them, since a host was acknowledged.
        let (mut failures, mut lost) = (0, 0);
        // When it was found away.
        let mut away_since = None;
        loop {
            let (settled, connections) = (run.delivery.settled, run.delivery.connections);
            let begun = Instant::now();
            run.batches.begin(&self.settings);
            let attempt = async {
                let connection = tokio::select! {
                    opened = Connection::open(&self.settings, &self.tls) => opened?,
                    () = stop.cancelled() => return Err(Error::Interrupted),
                };
                run.delivery.connections += 1;
                run.delivery.server_certificate_expires = connection.certificate_expires;
                run.over(connection).await
            };
            let in_time = tokio::select! {
                in_time = timeout_at(deadline, attempt) => in_time,
                () = &mut graceless => Ok(Err(Error::Interrupted)),
            };
            let reached = run.delivery.connections > connections;
            let attempted = match in_time {
                Ok(attempted) => attempted,
                // No time was left to see what becomes of this try.
                Err(_) if !reached => Err(before.take().unwrap_or_else(|| self.not_let_in())),
                Err(_) => Err(self.not_finished(run.last_answer.max(begun))),
            };
            run.batches.end(attempted.as_ref().err());
            let error = match attempted {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if stop.is_cancelled() {
                return Err(Error::Interrupted);
            }
            if run.delivery.settled > settled {
                delays = backoff();
                (failures, lost) = (0, 0);
            }
            failures += 1;
            let mut delay = delays.next().unwrap_or(LONGEST_DELAY);
            let again = if reached {
                away_since = None;
                lost += 1;
                match &error {
                    Error::UpdateRefused { .. } => run.updates_refused <= UPDATES_REFUSED,
                    error => error.is_passing() && lost < LOST,
                }
            } else {
                let given_up_at = *away_since.get_or_insert(begun) + self.settings.connect_deadline;
                // The last attempt is made just then.
                let left = given_up_at.saturating_duration_since(Instant::now());
                delay = delay.min(left);
                error.is_passing() && !left.is_zero()
            };
            if !again {
                return Err(match away_since {
                    Some(_) if failures > 1 && error.is_passing() => Error::Away {
                        error: Box::new(error),
                        limit: self.settings.connect_deadline,
                    },
                    _ => error,
                });
            }
            // No time is left for another try: the import fails for what this one failed for.
            if Instant::now() + delay >= deadline {
                return Err(error);
            }
            let again = format!(
                "{error}; connecting again in {:.1} s, going on at host {} of {}",
                delay.as_secs_f64(),
                run.delivery.settled + 1,
                run.blocks.len()
            );
            // One failure is nothing that anybody must look at.
            match failures {
                1 => info!("{again}"),
                _ => warn!("{again}"),
            }
            tokio::select! {
                () = sleep(delay) => {}
                () = stop.cancelled() => return Err(Error::Interrupted),
            }
            before = Some(error);
        }
    }

    fn not_let_in(&self) -> Error {
        Error::NotLetIn {
            server: self.name(),
            limit: self.settings.deadline,
        }
    }

    fn not_finished(&self, last_answer: Instant) -> Error {
        Error::Deadline {
            server: self.name(),
            limit: self.settings.deadline,
            silent: Duration::from_secs(last_answer.elapsed().as_secs()),
        }
    }

    fn name(&self) -> String {
        format!("{}:{}", self.settings.server, self.settings.port)
    }
}

/// Ever longer, and never at its end.
fn backoff() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(250))
        .with_max_delay(LONGEST_DELAY)
        .without_max_times()
        .with_jitter()
        .build()
}

/// One delivery, over one connection after the other.
struct Run<'a, B> {
    settings: &'a Settings,
    blocks: &'a B,
    stop: &'a CancellationToken,
    delivery: &'a mut Delivery,
    /// Hosts before this one are sent in frames of their own, since they shared a refused frame.
    alone_until: usize,
    /// What the Management Center holds of hosts before this one isn't known until they are settled, since they were in a
    /// refused frame or under way behind it.
    doubtful_until: usize,
    /// Which commands this Management Center counts.
    counting: Counting,
    /// Connections that were ended since their queue couldn't be closed otherwise.
    updates_refused: usize,
    /// When an answer came last.
    last_answer: Instant,
    batches: Batches,
}

impl<B: Blocks> Run<'_, B> {
    /// Delivers what isn't settled over one connection.
    async fn over(&mut self, mut connection: Connection) -> Result<(), Error> {
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
        while self.delivery.settled < self.blocks.len() {
            if self.stop.is_cancelled() && self.delivery.settled >= self.doubtful_until {
                connection.close().await;
                return Err(Error::Interrupted);
            }
            let sent = self.hosts(&mut connection, limit as usize).await;
            if let Err(Error::UpdateRefused { .. }) = sent {
                // The end of a connection closes its queue as the command would have (certain).
                connection.close().await;
                self.updates_refused += 1;
                return sent;
            }
            sent?;
        }
        connection.close().await;
        Ok(())
    }

    /// The first frame carries no host: it proves that source and domain are accepted before a host can come to
    /// harm (after a refused domain the rest of a frame is skipped, but scan commands may still be run on it),
    /// and shows which commands this Management Center counts.
    async fn introduce(&mut self, connection: &mut Connection) -> Result<(), Error> {
        let payload = counting::first_frame(self.blocks);
        let answer = self
            .exchange(connection, payload.into(), count(self.blocks.prologue()))
            .await?;
        match Counting::read(self.blocks, &answer, self.settings.replies) {
            Ok(counting) => {
                debug!(?counting, "which commands this Management Center counts");
                self.counting = counting;
                Ok(())
            }
            Err(refusal) => Err(Error::HeaderRefused { reason: refusal.reason }),
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
    fn refused(&mut self, frame: Packed, refusal: Refusal, alone: bool) -> ControlFlow<()> {
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
    fn give_up(&mut self) {
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
        // Trouble with a host of the refused frame may be told only now: it is sent again anyhow, or was named.
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
        if kind == Kind::Error {
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
