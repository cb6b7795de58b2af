//! The sink: where an import ends, at a Management Center, in a CSV file, or in a plan.

use std::collections::HashSet;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::watch;
use tracing::warn;

use super::commands::{Closings, HostCommands};
use super::error::Error;
use super::plan::Plan;
use super::source::Template;
use super::stop::Stop;
use super::summary::{Named, Outcome};
use super::text::hosts;
use crate::config::{self, PlanSettings};
use crate::host_input::Progress;
use crate::host_input::csv_file::{self, CsvFile};
use crate::host_input::delivery::{Delivery, ManagementCenter};
use crate::host_input::packing::Blocks;
use crate::host_input::{self, command};
use crate::report::Selected;
use crate::stage::Stage;

/// Where the commands go.
pub(super) struct Sink {
    commands: command::Settings,
    target: Target,
    /// How hosts are closed, by what earlier deliveries of this import have told.
    closings: Closings,
    /// Hosts with findings, of all deliveries so far; kept only where there are several.
    hosts: Option<HashSet<IpAddr>>,
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
pub(super) struct Delivered {
    /// What was delivered, also when it failed half way.
    pub(super) outcome: Outcome,
    /// Hosts that were to be cleared.
    pub(super) to_clear: u64,
    /// Some hosts that were cleared, or not sent.
    pub(super) named: Named,
    /// What the user should know of the commands.
    pub(super) remarks: Vec<String>,
    /// Whether all of it was.
    pub(super) result: Result<(), Error>,
}

impl Sink {
    /// Makes ready what is needed to reach the sink, for one delivery or `several`; reaches for nothing yet.
    pub(super) fn new(sink: config::Sink, commands: command::Settings, several: bool) -> Result<Self, Error> {
        let target = match sink {
            config::Sink::Csv { file, by_template } => Target::CsvFile {
                base: file,
                by_template,
            },
            config::Sink::Plan(settings) => Target::Plan(settings),
            config::Sink::ManagementCenter(settings) => {
                Target::ManagementCenter(Arc::new(ManagementCenter::new(settings)?))
            }
        };
        Ok(Sink {
            closings: Closings::of(&commands),
            commands,
            target,
            hosts: several.then(HashSet::new),
        })
    }

    /// When the client certificate expires, where there is one.
    pub(super) fn certificate_expires(&self) -> Option<SystemTime> {
        match &self.target {
            Target::ManagementCenter(center) => Some(center.identity().certificate().not_after),
            Target::CsvFile { .. } | Target::Plan(_) => None,
        }
    }

    /// Whether every template has a file of its own, so that nothing of them is merged.
    pub(super) fn keeps_templates_apart(&self) -> bool {
        matches!(self.target, Target::CsvFile { by_template: true, .. })
    }

    /// Finds out what would stop the delivery of `template`, or of it and others, as far as that can be known before there
    /// is a report.
    pub(super) fn prepare(&self, template: &Template) -> Result<Ready, Error> {
        match &self.target {
            Target::ManagementCenter(center) => Ok(Ready::ManagementCenter(center.clone())),
            Target::Plan(settings) => Ok(Ready::Plan(settings.clone())),
            Target::CsvFile { base, by_template } => {
                let path = match by_template {
                    true => csv_file::of_template(base, &template.name()),
                    false => base.clone(),
                };
                Ok(Ready::CsvFile(CsvFile::create(&path)?, path))
            }
        }
    }

    /// A report is missing that may hold the same hosts: nothing that the Management Center holds gives way.
    pub(super) fn incomplete(&mut self) {
        self.closings.incomplete();
    }

    /// Some hosts aren't clean, whatever one report says of them by itself; of the `doubtful` no report may say all.
    pub(super) fn keep(&mut self, hosts: Vec<IpAddr>, doubtful: Vec<IpAddr>) {
        self.closings.keep(hosts);
        self.closings.join(doubtful);
    }

    /// Delivers what was selected.
    pub(super) async fn deliver(
        &mut self,
        ready: Ready,
        selected: &Selected,
        stop: &Stop,
        progress: watch::Sender<Progress>,
    ) -> Delivered {
        let commands = HostCommands::new(&self.commands, selected, &self.closings);
        let told = match &mut self.hosts {
            Some(hosts) => {
                hosts.extend(commands.with_findings());
                hosts.len() as u64
            }
            None => commands.with_findings().count() as u64,
        };
        let mut remarks = Vec::new();
        if let ids @ 1.. = commands.ids_left_out() {
            remarks.push(format!("{ids} CVE ids aren't of the documented form and are left out"));
        }
        if let (Target::ManagementCenter(_), false) = (&self.target, self.commands.add_host) {
            remarks.push("hosts that the network map lacks are ignored (commands.add_host=n)".to_owned());
        }
        if let Some(remark) = self.too_many(told) {
            warn!("{remark}");
            remarks.push(remark);
        }
        let to_clear = commands.to_clear();
        let mut named = commands.named(commands.len(), &[]);
        let (outcome, result) = match ready {
            Ready::ManagementCenter(center) => {
                let mut delivery = Delivery {
                    findings: selected.counts().findings_selected,
                    progress,
                    ..Delivery::default()
                };
                let delivered = center.deliver(&commands, stop.token(), &mut delivery).await;
                self.remember(&commands, delivery.settled, &delivery.refused_whole);
                named = commands.named(delivery.settled, &delivery.refused_whole);
                remarks.extend(delivery.warnings());
                sent(delivered, delivery)
            }
            Ready::CsvFile(file, path) => match file.write(&commands) {
                Ok(written) => {
                    self.remember(&commands, commands.len(), &[]);
                    (
                        Outcome::Written(crate::printable::Text::of_path(path).to_string(), written),
                        Ok(()),
                    )
                }
                Err(error) => (Outcome::Nothing, Err(error.into())),
            },
            Ready::Plan(settings) => {
                self.remember(&commands, commands.len(), &[]);
                let plan = Plan {
                    add_host: self.commands.add_host,
                    hosts: told,
                    host_limit: settings.host_limit,
                    deadline: settings.deadline,
                    ..Plan::of(&commands, settings.max_frame)
                };
                (Outcome::Planned(Box::new(plan)), Ok(()))
            }
        };
        Delivered {
            outcome,
            to_clear,
            named,
            remarks,
            result,
        }
    }

    /// The stage that a delivery is.
    pub(super) fn stage(&self) -> Stage {
        match self.target {
            Target::ManagementCenter(_) => Stage::Send,
            Target::CsvFile { .. } => Stage::Write,
            Target::Plan(_) => Stage::Plan,
        }
    }

    /// What becomes of hosts that the network map has no room for isn't ours to decide, but to say before.
    fn too_many(&self, told: u64) -> Option<String> {
        let Target::ManagementCenter(center) = &self.target else {
            return None;
        };
        let limit = center.host_limit()?;
        (self.commands.add_host && told > limit.into()).then(|| {
            format!(
                "{} are told of, and the network map holds {limit} (management_center.host_limit): the Management \
                 Center drops those that were inactive longest, or refuses new ones",
                hosts(told)
            )
        })
    }

    fn remember(&mut self, commands: &HostCommands<'_>, settled: usize, refused_whole: &[usize]) {
        if self.hosts.is_none() {
            return;
        }
        let settled = (0..settled).filter(|index| refused_whole.binary_search(index).is_err());
        self.closings.join(settled.filter_map(|index| commands.address(index)));
    }
}

/// What became of a delivery, and whether all of it was taken.
pub(super) fn sent(delivered: Result<(), host_input::Error>, delivery: Delivery) -> (Outcome, Result<(), Error>) {
    let result = delivered.map_err(Error::from).and(Error::refused(&delivery));
    (Outcome::Sent(Box::new(delivery)), result)
}
