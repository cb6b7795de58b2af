//! Look up: what the KnowledgeBase says of the QIDs that aren't known yet.

use std::collections::HashSet;

use super::list::is_cut_off;
use super::{DetectionClient, DetectionError};
use crate::printable::Text;
use crate::problem::{Kind, Problem as _};
use crate::qualys::fault::Fault;
use crate::report::{self, Report};
use crate::stage::Stage;

/// QIDs of a call; others that were met ask for 200 to 350 of them.
const QIDS: usize = 300;

impl DetectionClient {
    /// Adds to reports what is known of their vulnerabilities; asks for those that nobody asked for yet. A QID that the
    /// KnowledgeBase doesn't know stays a number.
    ///
    /// # Errors
    /// Everything that keeps the KnowledgeBase from us; without the right to it exit code 77.
    pub async fn look_up(&self, reports: &mut [Report]) -> Result<(), DetectionError> {
        let mut knowledge = self.knowledge.lock().await;
        let unknown = match self.settings.knowledge_base {
            true => {
                self.recall(&mut knowledge, reports).await?;
                knowledge.unknown(reports)
            }
            false => Vec::new(),
        };
        for qids in unknown.chunks(QIDS) {
            let asked: HashSet<u32> = qids.iter().copied().collect();
            // Once it has answered, a page in its place is a passing trouble.
            let is_refusal = match knowledge.has_answered() {
                true => |_: &Fault| false,
                false => is_refused,
            };
            let pages = self.entry_pages(&by_qids(qids), &asked, is_refusal).await?;
            self.remember(&pages).await;
            knowledge.learn(&asked, pages)?;
        }
        reports.iter_mut().for_each(|report| knowledge.explain(report));
        Ok(())
    }

    /// Whether to look up these reports now: what isn't known of them fills a call, or nothing has to be asked, or nobody knows yet
    /// whether the KnowledgeBase answers.
    pub async fn is_worth_asking(&self, reports: &[Report]) -> bool {
        let knowledge = self.knowledge.lock().await;
        let unknown = knowledge.unknown(reports).len();
        !self.settings.knowledge_base || !knowledge.has_answered() || unknown == 0 || unknown >= QIDS
    }

    /// Asks for one QID, whichever: whether the KnowledgeBase is given to this account.
    ///
    /// # Errors
    /// As for [`look_up`](Self::look_up).
    pub async fn probe_knowledge_base(&self) -> Result<(), DetectionError> {
        let qid = 38_173;
        self.entry_pages(&by_qids(&[qid]), &[qid].into(), is_refused)
            .await
            .map(drop)
    }

    /// Every page of an answer, one after the other; of each what it says of `asked`.
    pub(super) async fn entry_pages(
        &self,
        parameters: &[(&'static str, String)],
        asked: &HashSet<u32>,
        is_refusal: fn(&Fault) -> bool,
    ) -> Result<Vec<report::Entries>, DetectionError> {
        let (mut pages, mut next) = (Vec::new(), None);
        loop {
            let entries = self.entries(parameters, asked, next, is_refusal).await?;
            let after = entries.next;
            pages.push(entries);
            match after {
                None => return Ok(pages),
                // Each page but the last one has an entry at least.
                Some(qid) if qid > next.unwrap_or_default() && pages.len() <= asked.len() => next = Some(qid),
                Some(qid) => return Err(self.stands_still(Stage::LookUp, qid)),
            }
        }
    }

    /// One page of entries. A fault of which `is_refusal` says so means that the account has no right to them.
    async fn entries(
        &self,
        parameters: &[(&'static str, String)],
        asked: &HashSet<u32>,
        next: Option<u64>,
        is_refusal: fn(&Fault) -> bool,
    ) -> Result<report::Entries, DetectionError> {
        let mut parameters = parameters.to_vec();
        parameters.extend(next.map(|qid| ("id_min", qid.to_string())));
        let version = &self.settings.knowledge_base_version;
        let request = self.request(format!("/api/{version}/fo/knowledge_base/vuln/"), parameters);
        let (keep, asked) = (self.keep.clone(), asked.clone());
        let parse = move |body| Ok::<_, DetectionError>(report::knowledge_base(body, &keep, &asked)?);
        let entries = self
            .transport
            .obtain(Stage::LookUp, &request, parse, is_cut_off, is_refusal);
        entries.await.map_err(|failure| match failure {
            DetectionError::Qualys(error) if is_refusal(&error.fault) => {
                let answer = Text::of(error.fault.to_string());
                let fault = Fault::Plain(Kind::NoKnowledgeBase, answer);
                self.transport.error(Stage::LookUp, fault).into()
            }
            failure => failure,
        })
    }
}

/// What an account may be answered that has no right to the KnowledgeBase. Its real form isn't known; the list of hosts was
/// delivered before, so that the login is right and nothing stands between us and Qualys.
pub(super) fn is_refused(fault: &Fault) -> bool {
    match fault {
        Fault::Refused(refusal) => refusal.kind().denies_access(),
        fault => matches!(fault.kind(), Kind::Html | Kind::Unexpected),
    }
}

/// The entries of some QIDs.
fn by_qids(qids: &[u32]) -> [(&'static str, String); 1] {
    let ids: Vec<String> = qids.iter().map(u32::to_string).collect();
    [("ids", ids.join(","))]
}
