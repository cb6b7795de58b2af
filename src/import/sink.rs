//! The sink: where an import ends, at a Management Center, in a CSV file, or in a plan.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::watch;
use tracing::warn;

use super::commands::{Closings, HostCommands};
use super::count::{Outcome, Totals, Unit};
use super::error::Error;
use super::found;
use super::left_commands::LeftCommands;
use super::memory::Memory;
use super::numbers::hosts;
use super::plan::Plan;
use super::record::{BatchRecord, Destination};
use super::runner::Found;
use super::stop::Stop;
use crate::config::{self, PlanSettings};
use crate::host_input::csv_file::{self, CsvFile};
use crate::host_input::delivery::{Delivery, ManagementCenter};
use crate::host_input::packing::Blocks;
use crate::host_input::{Progress, command};
use crate::printable::Text;
use crate::report::Selected;
use crate::stage::Stage;

/// Where the commands go.
pub(super) struct Sink {
    commands: command::Settings,
    target: Target,
}

enum Target {
    ManagementCenter(Arc<ManagementCenter>),
    CsvFile {
        /// The file, or what its name ends in.
        base: PathBuf,
        /// The template's id is put in front.
        by_template: bool,
    },
    Plan(PlanSettings),
}

/// What was made ready before a report was asked for, so that its failure costs nothing.
pub(super) enum Ready {
    /// The client certificate is open.
    ManagementCenter(Arc<ManagementCenter>),
    /// The file has been created.
    CsvFile(CsvFile, PathBuf),
    /// Nothing is needed.
    Plan(PlanSettings),
}

/// What became of a delivery.
#[derive(Default)]
pub(super) struct Delivered {
    /// To be joined with what is known of the batch.
    pub(super) record: BatchRecord,
    /// Why it isn't all that there is to deliver.
    pub(super) failure: Option<Error>,
    /// Of hosts that left, those of which nothing is held any more.
    pub(super) gone: Vec<IpAddr>,
}

impl Delivered {
    /// What became of a delivery to the Management Center.
    pub(super) fn sent(delivery: Delivery, failure: Option<Error>) -> Self {
        Delivered {
            failure: failure.or_else(|| Error::refused(&delivery)),
            record: BatchRecord {
                totals: found::sent(&delivery),
                warnings: delivery.warnings(),
                server_certificate_expires: delivery.server_certificate_expires,
                refusals: delivery.refusals,
                ..BatchRecord::default()
            },
            gone: Vec::new(),
        }
    }

    /// A delivery that failed before anything was delivered.
    fn failed(failure: Error) -> Self {
        Delivered {
            failure: Some(failure),
            ..Delivered::default()
        }
    }

    /// All of it reached a file or a plan.
    fn whole(destination: Destination, totals: Totals) -> Self {
        Delivered {
            record: BatchRecord {
                destination,
                totals,
                ..BatchRecord::default()
            },
            ..Delivered::default()
        }
    }
}

impl Found for Delivered {
    fn counts(&self) -> Totals {
        self.record.totals.clone()
    }

    fn failure(&self) -> Option<&Error> {
        self.failure.as_ref()
    }
}

impl Sink {
    /// Makes ready what is needed to reach the sink; reaches for nothing yet.
    pub(super) fn new(sink: config::SinkSettings, commands: command::Settings) -> Result<Self, Error> {
        let target = match sink {
            config::SinkSettings::Csv { file, by_template } => Target::CsvFile {
                base: file,
                by_template,
            },
            config::SinkSettings::Plan(settings) => Target::Plan(settings),
            config::SinkSettings::ManagementCenter(settings) => {
                Target::ManagementCenter(Arc::new(ManagementCenter::new(settings)?))
            }
        };
        Ok(Sink { commands, target })
    }

    /// How hosts are closed, before anything was delivered; of one delivery or of `several`.
    pub(super) fn closings(&self, several: bool) -> Closings {
        Closings::of(&self.commands, several)
    }

    /// When the client certificate expires, where there is one.
    pub(super) fn certificate_expires(&self) -> Option<SystemTime> {
        match &self.target {
            Target::ManagementCenter(center) => Some(center.identity().certificate().not_after),
            Target::CsvFile { .. } | Target::Plan(_) => None,
        }
    }

    /// Whether every part has a file of its own, so that nothing of them is merged.
    pub(super) fn keeps_parts_apart(&self) -> bool {
        matches!(self.target, Target::CsvFile { by_template: true, .. })
    }

    /// Finds out what would stop the deliveries of a batch, as far as that can be known before there is a report. An error says
    /// of which part.
    pub(super) fn prepare(&self, parts: impl Iterator<Item = String>) -> Result<Vec<Ready>, (usize, Error)> {
        let deliveries = match self.keeps_parts_apart() {
            true => usize::MAX,
            false => 1,
        };
        let ready = parts
            .take(deliveries)
            .enumerate()
            .map(|(place, part)| match &self.target {
                Target::ManagementCenter(center) => Ok(Ready::ManagementCenter(center.clone())),
                Target::Plan(settings) => Ok(Ready::Plan(settings.clone())),
                Target::CsvFile { base, by_template } => {
                    let path = match by_template {
                        true => csv_file::of_template(base, &part),
                        false => base.clone(),
                    };
                    match CsvFile::create(&path) {
                        Ok(file) => Ok(Ready::CsvFile(file, path)),
                        Err(failure) => Err((place, failure.into())),
                    }
                }
            });
        ready.collect()
    }

    /// Delivers what was selected.
    pub(super) async fn deliver(
        &self,
        ready: Ready,
        selected: &Selected,
        closings: &mut Closings,
        memory: &Memory,
        stop: &Stop,
        progress: watch::Sender<Progress>,
    ) -> Delivered {
        let commands = HostCommands::new(&self.commands, selected, closings);
        let before = closings.counted();
        let named = closings.count(commands.with_findings());
        let mut warnings = Vec::new();
        if let ids @ 1.. = commands.ids_left_out() {
            warnings.push(format!("{ids} CVE ids aren't of the documented form and are left out"));
        }
        if let (Target::ManagementCenter(_), false) = (&self.target, self.commands.add_host) {
            warnings.push("hosts that the network map lacks are ignored (commands.add_host=n)".to_owned());
        }
        if let Some(warning) = self.too_many(before, named) {
            warn!("{warning}");
            warnings.push(warning);
        }
        let (mut settled, mut refused_whole) = (commands.len(), Vec::new());
        let mut delivered = match ready {
            Ready::ManagementCenter(center) => {
                memory.announce(commands.with_findings(), self.commands.add_host);
                let mut delivery = Delivery {
                    findings: selected.counts().findings_selected,
                    progress,
                    ..Delivery::default()
                };
                let result = center.deliver(&commands, stop.token(), &mut delivery).await;
                settled = delivery.settled;
                refused_whole = std::mem::take(&mut delivery.refused_whole);
                Delivered::sent(delivery, result.err().map(Error::from))
            }
            Ready::CsvFile(file, path) => match file.write(&commands) {
                Ok(written) => {
                    let file = Destination::File(Text::of_path(path).to_string());
                    Delivered::whole(file, found::written(&written))
                }
                Err(error) => {
                    settled = 0;
                    Delivered::failed(error.into())
                }
            },
            Ready::Plan(settings) => {
                let plan = Plan {
                    add_host: self.commands.add_host,
                    hosts: named,
                    host_limit: settings.host_limit,
                    deadline: settings.deadline,
                };
                Delivered::whole(Destination::Plan(plan), found::planned(&commands, settings.max_frame))
            }
        };
        let record = &mut delivered.record;
        record.totals.add(Unit::Hosts, Outcome::ToClear, commands.to_clear());
        record.cleared = commands.cleared(settled, &refused_whole);
        record.not_sent = commands.not_sent(settled);
        record.warnings.splice(0..0, warnings);
        let settled = (0..settled).filter(|index| refused_whole.binary_search(index).is_err());
        closings.delivered(settled.filter_map(|index| commands.address(index)));
        delivered
    }

    /// Removes the results of hosts that left, and then those of the hosts themselves that are to be deleted.
    pub(super) async fn take_leave(
        &self,
        hosts: &[IpAddr],
        to_delete: &[IpAddr],
        stop: &Stop,
        progress: watch::Sender<Progress>,
    ) -> Delivered {
        let clear = LeftCommands::clear(&self.commands, hosts);
        let mut left = match &self.target {
            Target::ManagementCenter(center) => {
                let deliver = async |commands: &LeftCommands<'_>| {
                    let mut delivery = Delivery {
                        progress: progress.clone(),
                        ..Delivery::default()
                    };
                    let failure = center.deliver(commands, stop.token(), &mut delivery).await.err();
                    (delivery, failure.map(Error::from))
                };
                let (cleared, failure) = deliver(&clear).await;
                let reached = failure.is_none();
                let mut gone = gone(hosts, &cleared);
                let mut left = Delivered::sent(cleared, failure);
                let is_gone = |address: &&IpAddr| gone.binary_search(address).is_ok();
                let cleared: Vec<IpAddr> = to_delete.iter().filter(is_gone).copied().collect();
                let mut is_deleted = Vec::new();
                if reached && !cleared.is_empty() {
                    let (deleted, failure) = deliver(&LeftCommands::delete(&self.commands, &cleared)).await;
                    is_deleted = self::gone(&cleared, &deleted);
                    let failure = failure.or_else(|| Error::refused(&deleted));
                    left.failure = left.failure.or(failure);
                    left.record.totals.join(&found::deleted(&deleted));
                    left.record.refusals.extend(deleted.refusals);
                }
                // What is to be deleted is gone only then, whatever kept it from being tried.
                gone.retain(|address| {
                    to_delete.binary_search(address).is_err() || is_deleted.binary_search(address).is_ok()
                });
                left.gone = gone;
                left
            }
            Target::Plan(settings) => {
                let mut totals = found::planned_to_leave(&clear, settings.max_frame);
                let delete = LeftCommands::delete(&self.commands, to_delete);
                totals.join(&found::planned_to_leave(&delete, settings.max_frame));
                let planned = Destination::Plan(Plan::default());
                Delivered::whole(planned, totals)
            }
            Target::CsvFile { .. } => Delivered::default(),
        };
        let totals = &mut left.record.totals;
        totals.add(Unit::Hosts, Outcome::LeftCleared, totals.cleared());
        totals.add(Unit::Hosts, Outcome::ToClear, hosts.len() as u64);
        left
    }

    /// The stage that a delivery is.
    pub(super) fn stage(&self) -> Stage {
        match self.target {
            Target::ManagementCenter(_) => Stage::Send,
            Target::CsvFile { .. } => Stage::Write,
            Target::Plan(_) => Stage::Plan,
        }
    }

    /// What becomes of hosts that the network map has no room for isn't ours to decide, but to say before, and once.
    fn too_many(&self, before: u64, named: u64) -> Option<String> {
        let Target::ManagementCenter(center) = &self.target else {
            return None;
        };
        let limit = center.host_limit()?;
        let limits = before..named;
        (self.commands.add_host && limits.contains(&limit.into())).then(|| {
            format!(
                "{} are told of, and the network map holds {limit} (management_center.host_limit): the Management \
                 Center drops those that were inactive longest, or refuses new ones",
                hosts(named)
            )
        })
    }
}

/// Of these hosts, those that a delivery has settled for good.
fn gone(hosts: &[IpAddr], delivery: &Delivery) -> Vec<IpAddr> {
    let settled = hosts.iter().enumerate().take(delivery.settled);
    let settled = settled.filter(|(index, _)| delivery.refused_whole.binary_search(index).is_err());
    settled.map(|(_, address)| *address).collect()
}
