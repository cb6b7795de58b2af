//! Contradictions: settings that are right one by one and don't go together. All of them are here, and nobody outside of
//! `config` looks for others.

use std::path::PathBuf;

use super::collision::Collision;

/// What doesn't go together.
#[derive(Debug, thiserror::Error)]
pub enum Contradiction {
    /// No template has the index.
    #[error(
        "qualys.template_index is {index}, but the {count} templates of qualys.template_ids count from 0 to {}",
        count.saturating_sub(1)
    )]
    TemplateIndex {
        /// `qualys.template_index`.
        index: usize,
        /// How many templates there are.
        count: usize,
    },
    /// The old interface takes user and password with each request, and nothing else.
    #[error("qualys.login must be basic for qualys.api = asset-data-report, which knows no other")]
    LoginOfOldInterface,
    /// A token is given, and the login uses user and password, which aren't given.
    #[error(
        "qualys.token_file is set, but qualys.login is {login}, which doesn't use it; set qualys.login to token, or give qualys.user_id and \
         qualys.password"
    )]
    TokenUnused {
        /// `qualys.login`.
        login: String,
    },
    /// Templates are of reports.
    #[error(
        "qualys.template_ids is set, but qualys.api = detections asks for hosts, which no template chooses: leave it out, and \
         choose hosts by detections.asset_groups, detections.tags or selection.ip_ranges"
    )]
    TemplatesOfDetections,
    /// Hosts are chosen in two ways.
    #[error("detections.tags and detections.asset_groups are both set: Qualys chooses hosts by one of them")]
    TagsAndGroups,
    /// Hosts are left out of those that a tag chooses.
    #[error(
        "detections.exclude_tags is set without detections.tags: Qualys leaves hosts out only of those that a tag chooses"
    )]
    TagsToExcludeFrom,
    /// Nobody knows when the last import was.
    #[error(
        "detections.changed_within is last, but state.dir isn't set, where the last good import is remembered; set it, or name a \
         length of time"
    )]
    LastWithoutState,
    /// Nothing is there to be described.
    #[error(
        "report.knowledge_base is set without report.file: an import from Qualys asks for what is known of vulnerabilities itself"
    )]
    KnowledgeBaseAlone,
    /// One file, or standard input, can't be read as both.
    #[error("report.knowledge_base and report.file are one file: name the saved answer of each interface")]
    KnowledgeBaseIsReport,
    /// A proxy that can't be used, or that would see what it must not see.
    #[error("{0}")]
    Proxy(String),
    /// Two ways to log in.
    #[error(
        "telemetry.pushgateway.token and telemetry.pushgateway.username are both set; a Pushgateway takes one of them"
    )]
    LoginsOfPushgateway,
    /// An IPv4 address isn't reached over IPv6.
    #[error("management_center.ipv6 allows IPv6 only, but management_center.server is an IPv4 address")]
    Ipv6Only,
    /// The names of several files are made from the name of one.
    #[error(
        "csv.file ({}) is a pipe or a device, which can't take the files of several templates; name a file, or import one \
         template (--multiinfo ID)",
        .0.display()
    )]
    CsvStream(PathBuf),
    /// Two files are one.
    #[error(transparent)]
    Files(#[from] Collision),
}
