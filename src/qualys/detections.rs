//! Detections: every host's findings without a report template, by Host List, Host List Detection and the KnowledgeBase.
//!
//! ```text
//! list ─► batches of whole groups ─► fetch, batch after batch ─► look up what isn't known yet
//! ```
//!
//! Records of one address form a group, and are always fetched together: the second would replace the first otherwise. Only
//! filters that choose hosts are sent; one that chooses findings would deliver hosts in part. Source: Qualys' guide and
//! recorded answers (certain for paths, parameters, paging and limits); what an account without the right to the
//! KnowledgeBase is answered isn't known, so every refusal there is taken for it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use super::Settings;
use super::error::Error;
use super::progress::Progress;
use super::transport::Transport;
use super::transport::http::{Expects, Request};
use super::transport::limits::Limits;
use super::usage::Usage;
use crate::problem::{Kind, Problem};
use crate::report::{Keep, Knowledge};
use crate::state::StateStore;

mod fetch;
mod groups;
mod list;
mod look_up;
mod remembered;
mod scope;
mod wanted;

use remembered::RememberedKnowledge;

pub use fetch::Fetched;
pub use groups::{HostBatch, HostGroups};
pub use list::HostListing;
pub use scope::{Names, Scope, Shard, ShardError, TagMatch};
pub use wanted::{ChangeWindow, Done, HostsWanted, MARGIN, Since};

/// The section `detections` of the configuration, and what others say of it.
#[derive(Debug, Clone)]
pub struct DetectionSettings {
    /// Which hosts.
    pub scope: Scope,
    /// `detections.hosts_per_call`.
    pub hosts_per_call: usize,
    /// `detections.parallel_calls`.
    pub parallel_calls: usize,
    /// `detections.changed_within`: only hosts of that time.
    pub changed_within: Option<ChangeWindow>,
    /// `detections.full_every`: how old the last import of every host may be for one of those that changed since.
    pub full_every: Duration,
    /// `detections.max_scan_age`.
    pub max_scan_age: Option<Duration>,
    /// `detections.shard`.
    pub shard: Shard,
    /// `detections.knowledge_base`: ask for titles and CVEs.
    pub knowledge_base: bool,
    /// `selection.kinds` names information.
    pub information: bool,
    /// `detections.host_list_version`.
    pub host_list_version: String,
    /// `detections.detection_version`.
    pub detection_version: String,
    /// `detections.knowledge_base_version`.
    pub knowledge_base_version: String,
}

/// One run's conversation about hosts and their detections.
#[derive(Debug)]
pub struct DetectionClient {
    transport: Transport,
    settings: DetectionSettings,
    keep: Keep,
    knowledge: Mutex<Knowledge>,
    /// What is known of the KnowledgeBase from earlier runs.
    remembered: Option<Mutex<RememberedKnowledge>>,
}

/// Why there is no answer, or none that can be used.
#[derive(Debug, thiserror::Error)]
pub enum DetectionError {
    /// Qualys didn't deliver.
    #[error(transparent)]
    Qualys(#[from] Error),
    /// What it delivered can't be used.
    #[error(transparent)]
    Answer(#[from] crate::report::Error),
}

impl Problem for DetectionError {
    fn kind(&self) -> Kind {
        match self {
            DetectionError::Qualys(error) => error.kind(),
            DetectionError::Answer(error) => error.kind(),
        }
    }

    fn remedy(&self) -> Cow<'_, str> {
        match self {
            DetectionError::Qualys(error) => error.remedy(),
            DetectionError::Answer(error) => error.remedy(),
        }
    }
}

impl DetectionClient {
    /// Prepares the conversation; sends nothing. Everything it does ends at `deadline`. What the KnowledgeBase says is remembered in
    /// `state`, where there is one.
    ///
    /// # Errors
    /// Settings that can't work, and files they name that can't be read: exit code 78.
    pub fn new(
        qualys: &Settings,
        settings: DetectionSettings,
        keep: Keep,
        state: Option<Arc<StateStore>>,
        deadline: std::time::Instant,
    ) -> Result<Self, Error> {
        Ok(DetectionClient {
            remembered: state.map(|state| RememberedKnowledge::new(state, keep.description_length).into()),
            transport: Transport::new(qualys, deadline)?,
            settings,
            keep,
            knowledge: Mutex::default(),
        })
    }

    /// What it works with.
    pub fn settings(&self) -> &DetectionSettings {
        &self.settings
    }

    /// Whether Qualys refused the login.
    pub fn login_is_refused(&self) -> bool {
        self.transport.login_is_refused()
    }

    /// How far the conversation is, at any moment from now on.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.transport.progress()
    }

    /// Takes note of a time in which nothing was wanted of Qualys, as hosts were being sent: it isn't part of `qualys.deadline`.
    pub fn rested(&self, time: Duration) {
        self.transport.rested(time);
    }

    /// What the headers of the latest answer said.
    pub fn limits(&self) -> Option<Limits> {
        self.transport.limits()
    }

    /// What the user should know of the KnowledgeBase's answers.
    pub async fn warnings(&self) -> Vec<String> {
        match self.settings.knowledge_base {
            true => {
                let known = self.knowledge.lock().await.warnings();
                known.into_iter().chain(self.not_remembered().await).collect()
            }
            false => vec![
                "the KnowledgeBase isn't asked (detections.knowledge_base=n): findings go on as 'QID n', without CVE ids, so \
                 nothing of this import can raise an event's impact"
                    .to_owned(),
            ],
        }
    }

    /// Ends the conversation; says what was asked.
    pub async fn close(&self) -> Usage {
        self.transport.close_session(Instant::now() + super::HURRY).await;
        self.transport.usage()
    }

    /// A call of one of the three interfaces.
    fn request(&self, path: String, parameters: Vec<(&'static str, String)>) -> Request {
        let mut all = vec![("action", "list".to_owned())];
        all.extend(parameters);
        Request {
            // Lists of ids don't fit into a query.
            method: Method::POST,
            path,
            parameters: all,
            secret: None,
            expects: Expects::Report,
        }
    }
}
