//! `detections`: which hosts Qualys is asked for where there is no report.

use std::time::Duration;

use super::Sections;
use crate::config::contradiction::Contradiction;
use crate::config::error::{Errors, Reported};
use crate::config::row::{boolean, change_window, duration, form, list, number, version, words};
use crate::qualys::{Api, ChangeWindow, DetectionSettings, Names, Scope, Shard, TagMatch};
use crate::report::Kind;

section! {
    /// The section `detections`.
    DetectionsSection "detections" {
        /// Asset groups whose hosts are imported; not set: all hosts
        asset_groups: Names = list(NAMES).example("Berlin,Paris");
        /// Tags whose hosts are imported; not set: all hosts
        tags: Names = list(NAMES).example("production,dmz");
        /// Tags whose hosts are left out, of those that detections.tags chooses
        exclude_tags: Names = list(NAMES).example("lab");
        /// How many of detections.tags a host must have
        match_tags: TagMatch = words().default("any");
        /// Hosts whose detections one call asks for, at most
        hosts_per_call: usize = number::<1, 10_000, _>().default("1000");
        /// Calls for detections at the same time, at most; never more than the subscription allows
        parallel_calls: usize = number::<1, 8, _>().default("1");
        /// Only hosts with scan results that were processed within this time, or since the last good import (last); not set: all
        changed_within: ChangeWindow = change_window().example("26h");
        /// With detections.changed_within=last, all hosts are imported this often
        full_every: Duration = duration().default("7d");
        /// Hosts whose last scan is longer ago are left as they are; not set: none
        max_scan_age: Duration = duration().example("90d");
        /// Which part of the hosts to import, where several imports share them
        shard: Shard = form("a part of a whole, as 2/4").default("1/1");
        /// Ask the KnowledgeBase for titles and CVEs
        knowledge_base: bool = boolean().default("y");
        /// Version in the path of Host List
        host_list_version: String = version().default("5.0");
        /// Version in the path of Host List Detection
        detection_version: String = version().default("5.0");
        /// Version in the path of the KnowledgeBase
        knowledge_base_version: String = version().default("4.0");
    }
}

const NAMES: &str = "names with commas between them";

impl Sections {
    /// What hosts are asked for.
    pub(in crate::config) fn detections(&self, errors: &mut Errors) -> Result<DetectionSettings, Reported> {
        let section = &self.detections;
        if self.qualys.template_ids.is_set() {
            return Err(errors.report(Contradiction::TemplatesOfDetections));
        }
        let names = |names: &crate::config::value::Value<Names>| names.optional().map(Option::unwrap_or_default);
        let (tags, exclude_tags) = (
            names(&section.tags)?.into_vec(),
            names(&section.exclude_tags)?.into_vec(),
        );
        if tags.is_empty() && !exclude_tags.is_empty() {
            return Err(errors.report(Contradiction::TagsToExcludeFrom));
        }
        let asset_groups = names(&section.asset_groups)?.into_vec();
        if !tags.is_empty() && !asset_groups.is_empty() {
            return Err(errors.report(Contradiction::TagsAndGroups));
        }
        let changed_within = section.changed_within.optional()?;
        if changed_within == Some(ChangeWindow::SinceLast) && !self.state.dir.is_set() {
            return Err(errors.report(Contradiction::LastWithoutState));
        }
        let selection = self.selection.settings(errors)?;
        Ok(DetectionSettings {
            scope: Scope {
                asset_groups,
                tags,
                exclude_tags,
                match_tags: section.match_tags.required(errors)?,
                addresses: selection.ranges.ipv4(),
                networks: selection.networks.few(),
            },
            hosts_per_call: section.hosts_per_call.required(errors)?,
            parallel_calls: section.parallel_calls.required(errors)?,
            changed_within,
            full_every: section.full_every.required(errors)?,
            max_scan_age: section.max_scan_age.optional()?,
            shard: section.shard.required(errors)?,
            knowledge_base: section.knowledge_base.required(errors)?,
            information: selection.kinds.contains(Kind::Information),
            host_list_version: section.host_list_version.required(errors)?,
            detection_version: section.detection_version.required(errors)?,
            knowledge_base_version: section.knowledge_base_version.required(errors)?,
        })
    }

    /// Whether hosts are asked for, rather than reports.
    pub(in crate::config) fn asks_for_detections(&self) -> bool {
        self.qualys.api.get() == Some(Api::Detections)
    }
}
