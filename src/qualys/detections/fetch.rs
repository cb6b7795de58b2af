//! Fetch: the detections of a batch, parsed while they arrive.

use std::collections::HashSet;
use std::sync::Arc;

use tracing::warn;

use super::groups::{HostBatch, HostGroups};
use super::list::{is_cut_off, is_too_much};
use super::{DetectionClient, DetectionError};
use crate::qualys::transport::http::Request;
use crate::report::{self, Asked, LeftOut, Progress, ReadUpTo, Report};
use crate::stage::Stage;

/// Parts of a batch in a row that fail though they can't be divided, before the rest of it isn't asked for any more. Each was
/// tried as often as its fault is worth, so the next ones would cost calls and time alone.
const FAILED_PARTS: usize = 3;

/// A batch, or a part of one that was too much at once. Each is complete by itself.
#[derive(Debug)]
pub struct Fetched {
    /// How many hosts were asked for.
    pub hosts: u64,
    /// What is known of them.
    pub outcome: Result<Report, DetectionError>,
}

impl DetectionClient {
    /// Fetches the detections of a batch; of one that takes too long or is too large, each half by itself. What isn't asked for
    /// any more is part of the last one that failed. `progress` gives a parser what it writes to.
    pub async fn fetch(
        &self,
        hosts: &HostGroups,
        batch: HostBatch,
        progress: impl Fn() -> Arc<Progress>,
    ) -> Vec<Fetched> {
        let (mut todo, mut fetched, mut failed) = (vec![batch], Vec::new(), 0);
        while let Some(batch) = todo.pop() {
            let halves = hosts.halves(&batch);
            let outcome = self.batch(&hosts.asked(&batch), halves.is_some(), &progress).await;
            match (outcome, halves) {
                (Err(failure), Some([first, second])) if is_divisible(&failure) => {
                    warn!("{failure}; asking for half as many hosts");
                    todo.extend([second, first]);
                }
                (outcome, _) => {
                    failed = if outcome.is_err() { failed + 1 } else { 0 };
                    let given_up = if failed == FAILED_PARTS {
                        std::mem::take(&mut todo)
                    } else {
                        Vec::new()
                    };
                    let hosts = given_up.iter().chain([&batch]).map(|batch| batch.len() as u64).sum();
                    fetched.push(Fetched { hosts, outcome });
                }
            }
        }
        fetched
    }

    async fn batch(
        &self,
        asked: &Asked,
        splits: bool,
        progress: impl Fn() -> Arc<Progress>,
    ) -> Result<Report, DetectionError> {
        let asked = Arc::new(asked.clone());
        let (mut pages, mut seen, mut next, mut memory) = (Vec::new(), HashSet::new(), None, 0);
        loop {
            let (keep, hosts, progress) = (self.keep.clone(), asked.clone(), progress());
            let parse = move |body| Ok::<_, DetectionError>(report::detections(body, &keep, &hosts, &progress)?);
            let request = self.detection_request(&asked, next);
            let page = self
                .transport
                .obtain(Stage::Download, &request, parse, is_cut_off, |fault| {
                    splits && is_too_much(fault)
                });
            let page = page.await?;
            memory += page.report.memory();
            if memory > report::limits::MEMORY {
                return Err(report::Error::TooBig(ReadUpTo::default()).into());
            }
            pages.push(page.report);
            seen.extend(page.hosts);
            match page.next {
                None => break,
                Some(id) if id > next.unwrap_or_default() => next = Some(id),
                Some(id) => return Err(self.stands_still(Stage::Download, id)),
            }
            if pages.len() > asked.len() {
                return Err(self.stands_still(Stage::Download, next.unwrap_or_default()));
            }
        }
        let mut report = report::merge(pages)?;
        report.leave_out(LeftOut::NoDetections, (asked.len() - seen.len()) as u64);
        Ok(report)
    }

    fn detection_request(&self, asked: &Asked, next: Option<u64>) -> Request {
        let mut ids: Vec<u64> = asked.keys().copied().collect();
        ids.sort_unstable();
        let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
        let mut parameters = vec![
            ("ids", ids.join(",")),
            ("truncation_limit", "0".to_owned()),
            ("status", "New,Active,Re-Opened,Fixed".to_owned()),
            ("show_results", "0".to_owned()),
            ("include_ignored", "1".to_owned()),
            ("include_disabled", "1".to_owned()),
        ];
        if self.settings.information {
            parameters.push(("show_igs", "1".to_owned()));
        }
        parameters.extend(next.map(|id| ("id_min", id.to_string())));
        let version = &self.settings.detection_version;
        self.request(format!("/api/{version}/fo/asset/host/vm/detection/"), parameters)
    }
}

/// Whether the halves of a batch may be had, though the whole can't.
fn is_divisible(failure: &DetectionError) -> bool {
    match failure {
        DetectionError::Qualys(error) => is_too_much(&error.fault),
        DetectionError::Answer(error) => matches!(error, report::Error::TooBig(_)),
    }
}
