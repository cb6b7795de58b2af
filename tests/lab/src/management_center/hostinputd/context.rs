//! SetDomain, SetSourceType, SetSource, SetMap: what the commands behind them mean.
//!
//! A refusal skips the rest of the frame and there is no `Done processing` (likely).

use std::borrow::Cow;

use super::super::network_map::SourceType;
use super::reply::Failure;
use super::{Arguments, FrameRun};

impl FrameRun<'_> {
    pub(super) fn context(&mut self, name: &str, arguments: Arguments<'_>) {
        if self.skips() {
            return;
        }
        if name != "SetMap" && self.daemon.counts.header {
            self.reply.count();
        }
        let value = arguments.field(0);
        let result = match name {
            "SetDomain" => self.set_domain(value),
            "SetSource" => self.set_source(value),
            "SetMap" => {
                self.count(name);
                self.find_map(value)
            }
            _ => {
                self.source_type = source_type(value);
                Ok(())
            }
        };
        if let Err(failure) = result {
            self.fail(name, arguments, failure);
        }
    }

    /// `SetMap:name, Command, ...`: a map for one command. Maps change nothing in the lab, except when one is missing.
    pub(super) fn command_with_map(&mut self, map: &str, fields: &[Cow<'_, str>]) -> bool {
        if self.reply.is_refused() {
            return self.command(fields);
        }
        match self.find_map(map.trim()) {
            Ok(()) => self.command(fields),
            Err(failure) => {
                self.fail("SetMap", Arguments(fields), failure);
                true
            }
        }
    }

    /// Whether the rest of the frame is skipped; counts what is.
    pub(super) fn skips(&mut self) -> bool {
        let skips = self.reply.is_refused();
        self.daemon.counters.skipped_commands += u64::from(skips);
        skips
    }

    /// Counts a command that needs a source. Without one it's carried out all the same (likely).
    pub(super) fn count(&mut self, name: &str) {
        if self.daemon.source.is_none() {
            self.reply.line(format_args!("{name}: Must set source application"));
        }
        self.reply.count();
    }

    pub(super) fn fail(&mut self, name: &str, arguments: Arguments<'_>, failure: Failure) {
        match failure {
            Failure::Execution(reason) => {
                self.daemon.counters.failed_commands += 1;
                self.reply.line(reason);
                let fields = arguments.listed();
                self.reply
                    .line(format_args!("Failed to Execute Command: {name}, {fields}"));
            }
            Failure::Lost(reason) => {
                self.daemon.counters.lost_lines += 1;
                self.reply.line(reason);
            }
            Failure::Refusal(reason) => {
                self.daemon.counters.failed_commands += 1;
                self.reply.line(reason);
                self.reply.refuse();
            }
        }
    }

    fn set_domain(&mut self, domain: &str) -> Result<(), Failure> {
        match self.daemon.domains.find(domain) {
            Some(found) => {
                self.domain = found;
                Ok(())
            }
            None => Err(Failure::Refusal(format!("{domain} is not in the certificate domain"))),
        }
    }

    /// An unknown name is created (certain).
    fn set_source(&mut self, source: &str) -> Result<(), Failure> {
        if !self.daemon.domains.is_leaf(&self.domain) {
            return Err(Failure::Refusal(format!("{} is not a leaf domain", self.domain)));
        }
        self.daemon.sources.entry(source.to_owned()).or_insert(self.source_type);
        self.daemon.source = Some(source.into());
        Ok(())
    }

    fn find_map(&self, map: &str) -> Result<(), Failure> {
        if self.daemon.maps.iter().any(|known| known == map) {
            return Ok(());
        }
        Err(Failure::Refusal(format!("Failed to find map {map}")))
    }
}

/// Numbers by the guide (certain), names by another account (likely); anything else is an application.
fn source_type(value: &str) -> SourceType {
    match value {
        "2" | "Scanner" => SourceType::Scanner,
        _ => SourceType::Application,
    }
}
