//! Delivery: all hosts to the Management Center, each acknowledged or named as refused.
//!
//! Sending is safe to repeat: the commands of a host replace or join what is held for it, so a host may be
//! sent twice, and after a lost connection sending goes on at the first host that wasn't acknowledged. Hosts
//! stay whole: the Management Center queues the lines of a connection until a command closes them, so after a
//! refused frame what is left in the queue is closed first, or the next host would flush half a host. For the same
//! reason no frame follows an unanswered part of a host that is split between frames. Hosts of a refused frame are in
//! doubt until they were sent again, so not even an interrupted delivery leaves them behind.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::rustls::ClientConfig;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::connection::Connection;
use super::identity::Identity;
use super::packing::Blocks;
use super::trust::Trust;
use super::{Error, Progress, Settings, trust};
use run::Run;

mod run;

/// Connections in a row that may be lost without one host being acknowledged.
const LOST: usize = 6;
/// Longest time between two attempts; chance may double it.
const LONGEST_DELAY: Duration = Duration::from_secs(15);
/// How long an interrupted delivery may take to complete the hosts that it has begun. Kubernetes kills after 30 s.
const GRACE: Duration = Duration::from_secs(20);
/// Times that a queue which can't be closed by a command is closed by ending the connection.
const UPDATES_REFUSED: usize = 10;

/// A Management Center that drops ScanFlush looks the same.
const FLUSH_IS_UNSEEN: &str = "this Management Center doesn't count ScanFlush, so its answers don't show whether hosts were \
                               replaced: look whether fixed vulnerabilities leave its network map";

/// What became of a delivery; up to date at any moment, also when it fails half way.
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
    /// ScanFlush was sent to a Management Center that doesn't count it.
    pub flush_is_unseen: bool,
    /// When the certificate expires that the Management Center showed last.
    pub server_certificate_expires: Option<SystemTime>,
    /// Shows the numbers to observers.
    pub progress: watch::Sender<Progress>,
}

impl Delivery {
    /// Shows how far it is.
    fn show(&self) {
        self.progress.send_replace(Progress {
            hosts: self.hosts as u64,
            hosts_acknowledged: self.hosts_acknowledged,
            hosts_refused: self.hosts_refused,
        });
    }

    /// Hosts that were neither acknowledged nor refused: those that weren't sent, or not in full.
    pub fn hosts_not_sent(&self) -> u64 {
        self.hosts.saturating_sub(self.settled) as u64 + self.hosts_incomplete
    }

    /// Warnings about the delivery, one sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let unseen = self.flush_is_unseen.then(|| FLUSH_IS_UNSEEN.to_owned());
        self.shortened().into_iter().chain(unseen).collect()
    }

    /// What went in part so that it fits into a frame, in a sentence.
    fn shortened(&self) -> Option<String> {
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

    /// Delivers all hosts, over as many connections as it takes. `delivery` is kept up to date;
    /// `stop` ends it at the next host boundary at which none is in doubt.
    pub async fn deliver(
        &self,
        blocks: &impl Blocks,
        stop: &CancellationToken,
        delivery: &mut Delivery,
    ) -> Result<(), Error> {
        delivery.hosts = blocks.len();
        delivery.show();
        let mut run = Run::new(&self.settings, blocks, stop, delivery);
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
        // When the server was first found unreachable.
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
                // All is acknowledged, and only the end of the connection took longer.
                Err(_) if reached && run.delivery.settled > 0 && run.is_done() => Ok(()),
                // No time was left to see the result of this attempt.
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
            // No time is left for another attempt: the import fails with this one's error.
            if Instant::now() + delay >= deadline {
                return Err(error);
            }
            let again = format!(
                "{error}; connecting again in {:.1} s, going on at host {} of {}",
                delay.as_secs_f64(),
                run.delivery.settled + 1,
                run.blocks.len()
            );
            // A single failure needs nobody's attention.
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

/// Delays that grow and never end.
fn backoff() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(250))
        .with_max_delay(LONGEST_DELAY)
        .without_max_times()
        .with_jitter()
        .build()
}
