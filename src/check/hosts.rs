//! Hosts without a report: how many are in scope, what an import of them costs, and whether the KnowledgeBase is given.

use std::sync::Arc;

use super::result::CheckResult;
use super::results::Preflight;
use crate::problem::{Kind, Problem as _, Step};
use crate::qualys::{DetectionClient, DetectionError, HostsWanted};
use crate::report::selection::Selection;

pub(super) async fn check(
    client: &DetectionClient,
    selection: &Selection,
    host_limit: Option<u32>,
    results: &mut Preflight,
) {
    // A refusal by the KnowledgeBase may close the conversation, so it comes last.
    results.add(hosts(client, selection, host_limit).await);
    results.add(knowledge_base(client).await);
}

async fn hosts(client: &DetectionClient, selection: &Selection, host_limit: Option<u32>) -> CheckResult {
    let listed = async {
        let mut listing = client.list(selection).await?;
        client.choose(&mut listing, &HostsWanted::default()).await?;
        // The interface has rights and limits of its own, so it is asked as well, for the first hosts.
        if let Some(first) = listing.hosts.batches(1).into_iter().next() {
            let fetched = client.fetch(&listing.hosts, first, Arc::default).await;
            fetched.into_iter().try_for_each(|part| part.outcome.map(drop))?;
        }
        Ok::<_, DetectionError>(listing)
    };
    let listing = match listed.await {
        Ok(listing) => listing,
        Err(error) if error.kind() == Kind::Deadline => {
            return CheckResult::warning(
                Step::Hosts,
                "Qualys lists hosts for longer than this check waits",
                "an import waits for it until qualys.deadline: see that this is long enough, or choose fewer hosts",
            );
        }
        Err(error) => return failed(Step::Hosts, &error),
    };
    let hosts = listing.hosts.len() as u64;
    let calls = listing.hosts.batches(client.settings().hosts_per_call).len() as u64;
    let text = format!(
        "{hosts} of {} that Qualys lists are asked for, in {calls} calls and those for the KnowledgeBase",
        listing.listed
    );
    let left = client.limits().and_then(|limits| limits.remaining);
    let result = match (left, host_limit) {
        (Some(left), _) if left < calls => CheckResult::warning(
            Step::Hosts,
            format!("{text}; {left} calls are left"),
            "the import would have to wait: raise detections.hosts_per_call, or ask Qualys for more calls",
        ),
        (_, Some(limit)) if hosts > limit.into() => CheckResult::warning(
            Step::Hosts,
            format!("{text}; the network map holds {limit}"),
            "if as many have findings, the Management Center drops hosts or refuses new ones: choose fewer hosts, or \
             correct management_center.host_limit",
        ),
        _ => CheckResult::passed(Step::Hosts, text),
    };
    result.with("hosts", hosts).with("calls", calls)
}

async fn knowledge_base(client: &DetectionClient) -> CheckResult {
    let step = Step::KnowledgeBase;
    if !client.settings().knowledge_base {
        return CheckResult::warning(
            step,
            "it isn't asked (detections.knowledge_base=n)",
            "nothing of the import can raise an event's impact without it",
        );
    }
    match client.probe_knowledge_base().await {
        Ok(()) => CheckResult::passed(step, "it is given to this account"),
        Err(error) if error.kind() == Kind::Deadline => {
            CheckResult::not_tried(step, "the list of hosts took all the time")
        }
        Err(error) => failed(step, &error),
    }
}

/// What went wrong, without the stage and the host of the call: the step says it.
fn failed(step: Step, error: &DetectionError) -> CheckResult {
    match error {
        DetectionError::Qualys(error) => CheckResult::problem(step, &*error.fault),
        DetectionError::Answer(error) => CheckResult::problem(step, error),
    }
}
