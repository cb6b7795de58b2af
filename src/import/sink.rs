//! The sink: where an import ends, at a Management Center or in a CSV file.

use std::collections::HashSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

use tokio::sync::watch;

use super::commands::HostCommands;
use super::error::Error;
use super::source::Template;
use super::stop::Stop;
use super::summary::Outcome;
use crate::config;
use crate::host_input::Progress;
use crate::host_input::command::{self, Mode};
use crate::host_input::csv_file::CsvFile;
use crate::host_input::delivery::{Delivery, ManagementCenter};
use crate::host_input::packing::Blocks;
use crate::report::Selected;

/// Where the commands go.
pub(super) struct Sink {
    commands: command::Settings,
    target: Target,
    /// Hosts that a template of this invocation has replaced; kept only where another template follows.
    replaced: Option<HashSet<IpAddr>>,
}

enum Target {
    ManagementCenter(Rc<ManagementCenter>),
    /// Base of the file's name; with several templates each id is put in front.
    CsvFile(PathBuf),
}

/// What was made ready before the template was asked for, so that its failure costs nothing.
pub(super) enum Ready {
    /// The client certificate is open.
    ManagementCenter(Rc<ManagementCenter>),
    /// The file has been created.
    CsvFile(CsvFile, PathBuf),
}

/// What became of a delivery.
pub(super) struct Delivered {
    /// What was delivered, also when it failed half way.
    pub(super) outcome: Outcome,
    /// What the user should know of the commands.
    pub(super) remark: Option<String>,
    /// Whether all of it was.
    pub(super) result: Result<(), Error>,
}

impl Sink {
    /// Makes ready what is needed to reach the sink; reaches for nothing yet.
    pub(super) fn new(sink: config::Sink, commands: command::Settings, several: bool) -> Result<Self, Error> {
        let target = match sink {
            config::Sink::Csv(path) => Target::CsvFile(path),
            config::Sink::ManagementCenter(settings) => {
                Target::ManagementCenter(Rc::new(ManagementCenter::new(settings)?))
            }
        };
        Ok(Sink {
            commands,
            target,
            replaced: several.then(HashSet::new),
        })
    }

    /// When the client certificate expires, where there is one.
    pub(super) fn certificate_expires(&self) -> Option<SystemTime> {
        match &self.target {
            Target::ManagementCenter(center) => Some(center.identity().certificate().not_after),
            Target::CsvFile(_) => None,
        }
    }

    /// Finds out what would stop the delivery of `template`, as far as that can be known before there is a report.
    pub(super) fn prepare(&self, template: &Template) -> Result<Ready, Error> {
        match &self.target {
            Target::ManagementCenter(center) => Ok(Ready::ManagementCenter(center.clone())),
            Target::CsvFile(base) => {
                let several = self.replaced.is_some();
                let path = if several {
                    numbered(base, &template.name())
                } else {
                    base.clone()
                };
                Ok(Ready::CsvFile(CsvFile::create(&path)?, path))
            }
        }
    }

    /// Delivers what was selected.
    pub(super) async fn deliver(
        &mut self,
        ready: Ready,
        selected: &Selected,
        stop: &Stop,
        progress: watch::Sender<Progress>,
    ) -> Delivered {
        let replaced = |address| {
            self.replaced
                .as_ref()
                .is_some_and(|replaced| replaced.contains(&address))
        };
        let commands = HostCommands::new(&self.commands, selected, replaced);
        let remark = match commands.ids_left_out() {
            0 => None,
            ids => Some(format!("{ids} CVE ids aren't of the documented form and are left out")),
        };
        let (outcome, result) = match ready {
            Ready::ManagementCenter(center) => {
                let mut delivery = Delivery {
                    progress,
                    ..Delivery::default()
                };
                let delivered = center.deliver(&commands, stop.token(), &mut delivery).await;
                self.remember(&commands, delivery.settled, &delivery.refused);
                let result = delivered.map_err(Error::from).and(Error::refused(&delivery));
                (Outcome::Sent(Box::new(delivery)), result)
            }
            Ready::CsvFile(file, path) => match file.write(&commands) {
                Ok(written) => {
                    self.remember(&commands, commands.len(), &[]);
                    (Outcome::Written(path.display().to_string(), written), Ok(()))
                }
                Err(error) => (Outcome::Nothing, Err(error.into())),
            },
        };
        Delivered {
            outcome,
            remark,
            result,
        }
    }

    /// The name of the stage.
    pub(super) fn stage(&self) -> &'static str {
        match self.target {
            Target::ManagementCenter(_) => "send",
            Target::CsvFile(_) => "write",
        }
    }

    fn remember(&mut self, commands: &HostCommands<'_>, settled: usize, refused: &[usize]) {
        if let (Some(replaced), Mode::Replace) = (&mut self.replaced, self.commands.mode) {
            let settled = (0..settled).filter(|index| refused.binary_search(index).is_err());
            replaced.extend(settled.filter_map(|index| commands.address(index)));
        }
    }
}

/// `out/424242_Output.csv` for `out/Output.csv`, as the Perl connector names the files of several templates.
fn numbered(base: &Path, template: &str) -> PathBuf {
    let name = base
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    base.with_file_name(format!("{template}_{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_templates_get_files_of_their_own() {
        assert_eq!(
            numbered(Path::new("Output.csv"), "424242"),
            Path::new("424242_Output.csv")
        );
        assert_eq!(numbered(Path::new("/a/b.csv"), "1"), Path::new("/a/1_b.csv"));
    }
}
