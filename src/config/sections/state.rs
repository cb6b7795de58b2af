//! `state`: what is remembered between runs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};

use super::Sections;
use crate::config::error::{Errors, Reported};
use crate::config::origin::Effective;
use crate::config::row::path;
use crate::state::Settings;

section! {
    /// The section `state`.
    StateSection "state" {
        /// Folder of this import alone that remembers between runs: hosts, the last good run, titles and CVEs; not set: nothing is
        /// remembered
        dir: PathBuf = path().example("/var/lib/qualys-connector");
    }
}

/// Settings that decide which hosts are asked for, and what is said of them: sections, and single keys.
const DECISIVE: &[&str] = &[
    "selection.",
    "commands.",
    "detections.asset_groups",
    "detections.tags",
    "detections.exclude_tags",
    "detections.match_tags",
    "detections.max_scan_age",
    "detections.shard",
    "detections.knowledge_base",
    "detections.host_list_version",
    "detections.detection_version",
    "qualys.url",
    "qualys.user_id",
    "qualys.login",
    "qualys.token_file",
    "qualys.api",
    "qualys.template_ids",
    "qualys.template_index",
    "report.unfinished_scans",
];

/// Settings of those sections that decide about hosts that left, and nothing else.
const OF_LEFT_HOSTS: [&str; 2] = ["commands.max_cleared", "commands.delete_left_hosts"];

impl Sections {
    /// What is remembered of an import from Qualys into a Management Center; nothing without `state.dir`.
    pub(in crate::config) fn state(
        &self,
        effective: &Effective,
        errors: &mut Errors,
    ) -> Result<Option<Settings>, Reported> {
        let (max_cleared, delete_left_hosts) = (&self.commands.max_cleared, &self.commands.delete_left_hosts);
        let (max_cleared, delete_left_hosts) = (max_cleared.required(errors)?, delete_left_hosts.required(errors)?);
        let Some(dir) = self.state.dir.optional()? else {
            return Ok(None);
        };
        let resume_within = self.qualys.adopt_within.required(errors)?;
        let remembers = !self.report.file.is_set() && !self.csv.file.is_set();
        let destination = self.destination();
        let named = destination.split('\0').filter(|name| !name.is_empty());
        let destination = named.collect::<Vec<_>>().join(" / ");
        Ok(remembers.then(|| Settings {
            dir,
            destination,
            decisive: digest(effective),
            is_whole: self.qualys.template_index.get().is_none() && self.is_every_shard(),
            max_cleared,
            delete_left_hosts,
            resume_within,
        }))
    }

    fn is_every_shard(&self) -> bool {
        !self.asks_for_detections() || self.detections.shard.get().is_none_or(|shard| shard.is_everything())
    }
}

/// A digest of the settings that decide, as they are written.
fn digest(effective: &Effective) -> String {
    let mut digest = Sha256::new();
    let decides =
        |key: &str| DECISIVE.iter().any(|decisive| key.starts_with(decisive)) && !OF_LEFT_HOSTS.contains(&key);
    let decisive: BTreeMap<_, _> = effective.iter().filter(|(key, _)| decides(key)).collect();
    for (key, assigned) in decisive {
        let text = assigned
            .text
            .as_ref()
            .map(|text| text.expose_secret())
            .unwrap_or_default();
        digest.update(format!("{key}={text}\0"));
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
