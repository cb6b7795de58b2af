//! Remembered: what earlier runs learnt from the KnowledgeBase. A run asks once what has changed since, and then only for the
//! QIDs that nobody asked for before.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tracing::debug;

use super::wanted::{MARGIN, before};
use super::{DetectionClient, DetectionError};
use crate::problem::Problem as _;
use crate::report::{self, Knowledge, Report};
use crate::state::{self, StateStore, seconds, time};

/// What is older is asked for anew: the list of changes would be longer.
const OLDEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// What earlier runs learnt.
#[derive(Debug)]
pub(super) struct RememberedKnowledge {
    state: Arc<StateStore>,
    /// Longest description that is kept.
    description_length: usize,
    /// Changes were asked for, so that what is remembered holds.
    is_fresh: bool,
    /// Why it can't be used in this run.
    broken: Option<String>,
}

impl RememberedKnowledge {
    pub(super) fn new(state: Arc<StateStore>, description_length: usize) -> Self {
        RememberedKnowledge {
            state,
            description_length,
            is_fresh: false,
            broken: None,
        }
    }

    /// Since when changes must be asked for; forgets what is too old, or was kept too short.
    fn since(&self, now: SystemTime) -> Result<Option<SystemTime>, state::Error> {
        let header = self.state.header();
        let as_of = header.knowledge_as_of.map(time);
        let is_old = as_of.is_none_or(|as_of| match now.duration_since(as_of) {
            Ok(age) => age > OLDEST,
            // A clock was wrong.
            Err(ahead) => ahead.duration() > MARGIN,
        });
        if is_old || header.description_length != self.description_length {
            self.state.unlearn()?;
            self.state.change(|header| {
                header.knowledge_as_of = Some(seconds(now));
                header.description_length = self.description_length;
            })?;
            return Ok(None);
        }
        Ok(as_of)
    }

    /// Whatever was tried with the state; without it the KnowledgeBase is asked.
    fn unless_broken<T: Default>(&mut self, tried: Result<T, state::Error>) -> T {
        tried.unwrap_or_else(|error| {
            let why = format!(
                "what the KnowledgeBase says isn't remembered: {error}; {}",
                error.remedy()
            );
            self.broken.get_or_insert(why);
            T::default()
        })
    }
}

impl DetectionClient {
    /// Adds to `knowledge` what is remembered of the vulnerabilities of reports.
    pub(super) async fn recall(&self, knowledge: &mut Knowledge, reports: &[Report]) -> Result<(), DetectionError> {
        let Some(remembered) = &self.remembered else {
            return Ok(());
        };
        let mut remembered = remembered.lock().await;
        let unknown = knowledge.unknown(reports);
        if unknown.is_empty() || remembered.broken.is_some() {
            return Ok(());
        }
        if !remembered.is_fresh {
            self.refresh(&mut remembered).await?;
        }
        let entries = remembered.state.recall(&unknown);
        let entries = remembered.unless_broken(entries);
        debug!(
            asked = unknown.len(),
            remembered = entries.len(),
            "vulnerabilities that are remembered"
        );
        for (qid, entry) in entries {
            knowledge.recall(qid, &entry)?;
        }
        Ok(())
    }

    /// Remembers what the KnowledgeBase says.
    pub(super) async fn remember(&self, pages: &[report::Entries]) {
        let Some(remembered) = &self.remembered else { return };
        let mut remembered = remembered.lock().await;
        if remembered.broken.is_none() {
            let entries: Vec<_> = pages.iter().flat_map(report::Entries::encoded).collect();
            let learnt = remembered.state.learn(&entries);
            remembered.unless_broken(learnt);
        }
    }

    /// Why nothing is remembered, if that is so.
    pub(super) async fn not_remembered(&self) -> Option<String> {
        match &self.remembered {
            Some(remembered) => remembered.lock().await.broken.clone(),
            None => None,
        }
    }

    /// Asks for what has changed of all that is remembered.
    async fn refresh(&self, remembered: &mut RememberedKnowledge) -> Result<(), DetectionError> {
        // Of two clocks the one that is behind: what is asked for twice does no harm.
        let now = self.now().min(SystemTime::now());
        let since = remembered.since(now);
        let known = since.and_then(|since| Ok(since.zip(Some(remembered.state.known_qids()?))));
        let Some((since, known)) = remembered.unless_broken(known) else {
            remembered.is_fresh = true;
            return Ok(());
        };
        let changed = match known.is_empty() {
            true => Vec::new(),
            false => self.changed_entries(since, &known).await?,
        };
        let entries: Vec<_> = changed.iter().flat_map(report::Entries::encoded).collect();
        let written = remembered.state.learn(&entries);
        let written = written.and_then(|()| {
            remembered
                .state
                .change(|header| header.knowledge_as_of = Some(seconds(now)))
        });
        remembered.unless_broken(written);
        remembered.is_fresh = true;
        Ok(())
    }

    /// Entries among `known` that the KnowledgeBase has changed since.
    async fn changed_entries(
        &self,
        since: SystemTime,
        known: &HashSet<u32>,
    ) -> Result<Vec<report::Entries>, DetectionError> {
        let since = humantime::format_rfc3339_seconds(before(since, MARGIN)).to_string();
        let parameters = [("last_modified_after", since)];
        self.entry_pages(&parameters, known, super::look_up::is_refused).await
    }
}
