//! The one table of all metrics. `docs/metrics.md` is generated from it.
//!
//! Labels have a fixed set of values: batches are added up, and neither hosts nor vulnerabilities are labels.

use crate::import::count::{Equation, Outcome, Unit};
use crate::problem::Reason;
use crate::qualys::CLASSES;
use crate::report::LeftOut;
use crate::stage::Stage;
use crate::telemetry::metrics::{Label, Metric};

/// When a metric gets a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// At the end of every run.
    AtTheEnd,
    /// At the end of a run that imported everything.
    OnSuccess,
    /// At the end of a run that read a report.
    WithReport,
    /// At the end of a run that began to deliver.
    WithDelivery,
    /// At the end of a run that asked Qualys.
    WithQualys,
    /// At the end of a run that was told.
    WhenTold,
    /// At the end of a run that remembers (`state.dir`).
    WithState,
    /// At the end of a run that looked for hosts that left.
    WithLeftHosts,
    /// At the end of a run that saw the certificate.
    WithCertificate,
    /// While an import runs, every `telemetry.pushgateway.interval`.
    Meanwhile,
}

/// Every metric, in the order of the documentation.
pub static METRICS: &[(Said, &Metric)] = &[
    (Said::OnSuccess, &LAST_SUCCESS),
    (Said::AtTheEnd, &LAST_COMPLETION),
    (Said::AtTheEnd, &LAST_EXIT_CODE),
    (Said::AtTheEnd, &LAST_FAILED_STAGE),
    (Said::AtTheEnd, &RUN_DURATION),
    (Said::AtTheEnd, &STAGE_DURATION),
    (Said::AtTheEnd, &TEMPLATES),
    (Said::AtTheEnd, &EXPECTED_INTERVAL),
    (Said::WithReport, &REPORT_GENERATED),
    (Said::WithReport, &REPORT_BYTES),
    (Said::WithReport, &REPORT_HOSTS),
    (Said::WithReport, &REPORT_FINDINGS),
    (Said::WithReport, &SELECTED_HOSTS),
    (Said::WithReport, &SELECTED_FINDINGS),
    (Said::WithReport, &CLEAN_HOSTS),
    (Said::WithReport, &LEFT_OUT_HOSTS),
    (Said::WithReport, &LEFT_OUT_FINDINGS),
    (Said::WithDelivery, &HOSTS),
    (Said::WithDelivery, &FINDINGS),
    (Said::WithDelivery, &COMMANDS),
    (Said::WithDelivery, &FRAMES),
    (Said::WithDelivery, &CONNECTIONS),
    (Said::WithState, &REMEMBERED),
    (Said::WithLeftHosts, &KNOWN_HOSTS),
    (Said::WithLeftHosts, &LEFT_HOSTS),
    (Said::WithCertificate, &CLIENT_CERTIFICATE_EXPIRY),
    (Said::WithCertificate, &SERVER_CERTIFICATE_EXPIRY),
    (Said::WithQualys, &HTTP_REQUESTS),
    (Said::WithQualys, &HTTP_RETRIES),
    (Said::WithQualys, &HTTP_WAIT),
    (Said::WithQualys, &QUALYS_REPORTS),
    (Said::WithQualys, &DOWNLOADED_BYTES),
    (Said::WhenTold, &CALLS_LEFT),
    (Said::WhenTold, &LISTED_HOSTS),
    (Said::AtTheEnd, &PEAK_MEMORY),
    (Said::AtTheEnd, &BUILD_INFO),
    (Said::Meanwhile, &RUNNING),
    (Said::Meanwhile, &RUNNING_SINCE),
    (Said::Meanwhile, &RUNNING_STAGE),
    (Said::Meanwhile, &RUNNING_TEMPLATE),
    (Said::Meanwhile, &RUNNING_BYTES),
    (Said::Meanwhile, &RUNNING_HOSTS),
];

/// The metric of a count and the value of its label; a plan's counts have none.
pub(super) fn of(unit: Unit, outcome: Outcome) -> Option<(&'static Metric, Option<&'static str>)> {
    use Outcome::{Clean, Known, LeftOut, Read, Selected, WithCve, WithoutCve};
    Some(match (unit, outcome) {
        (Unit::Hosts, Read) => (&REPORT_HOSTS, None),
        (Unit::Findings, Read) => (&REPORT_FINDINGS, None),
        (Unit::Hosts, Selected) => (&SELECTED_HOSTS, None),
        (Unit::Hosts, Clean) => (&CLEAN_HOSTS, None),
        (Unit::Findings, WithCve) => (&SELECTED_FINDINGS, Some("with")),
        (Unit::Findings, WithoutCve) => (&SELECTED_FINDINGS, Some("without")),
        (Unit::Hosts, LeftOut(reason)) => (&LEFT_OUT_HOSTS, Some(reason.label())),
        (Unit::Findings, LeftOut(reason)) => (&LEFT_OUT_FINDINGS, Some(reason.label())),
        (Unit::Hosts, Known) => (&KNOWN_HOSTS, None),
        (_, outcome) if !is_delivery(outcome) => return None,
        (Unit::Hosts, _) => (&HOSTS, Some(outcome.name())),
        (Unit::Findings, _) => (&FINDINGS, Some(outcome.name())),
        (Unit::Commands, _) => (&COMMANDS, Some(outcome.name())),
        (Unit::Frames, _) => (&FRAMES, None),
        (Unit::Connections, _) => (&CONNECTIONS, None),
        (Unit::Bytes, _) => return None,
    })
}

/// Whether a count is of a delivery that happened.
pub(super) fn is_delivery(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Sent | Outcome::Missing | Outcome::Deleted)
        || outcome.part_of() == Some(Equation::Delivery) && !outcome.is_planned()
}

/// What becomes of a unit that is delivered.
fn outcomes(unit: Unit) -> Vec<&'static str> {
    let outcomes = Outcome::ALL
        .iter()
        .filter(|outcome| outcome.units().contains(&unit) && is_delivery(**outcome));
    outcomes.map(|outcome| outcome.name()).collect()
}

/// Stages that ask Qualys.
pub(super) const QUALYS_STAGES: [Stage; 6] = [
    Stage::Launch,
    Stage::Wait,
    Stage::List,
    Stage::Download,
    Stage::LookUp,
    Stage::TidyUp,
];

const STAGE: Label = Label {
    name: "stage",
    // A plan isn't measured.
    values: || {
        let measured = Stage::ALL.into_iter().filter(|stage| *stage != Stage::Plan);
        measured.map(Stage::label).collect()
    },
};
const QUALYS_STAGE: Label = Label {
    name: "stage",
    values: || QUALYS_STAGES.map(Stage::label).to_vec(),
};
const LEFT_OUT: Label = Label {
    name: "reason",
    values: || LeftOut::ALL.map(LeftOut::label).to_vec(),
};
const HOST_OUTCOME: Label = Label {
    name: "outcome",
    values: || outcomes(Unit::Hosts),
};
const OUTCOME: Label = Label {
    name: "outcome",
    values: || outcomes(Unit::Findings),
};

macro_rules! metrics {
    ($($name:ident = $text:literal [$($label:expr),*]: $help:literal;)*) => {$(
        #[doc = concat!($help, ".")]
        pub static $name: Metric = Metric {
            name: concat!("qualys_connector_", $text),
            help: $help,
            labels: &[$($label),*],
        };
    )*};
}

metrics! {
    LAST_SUCCESS = "last_success_timestamp_seconds" []: "When the last run ended that imported everything";
    LAST_COMPLETION = "last_completion_timestamp_seconds" []: "When the last run ended, however it did";
    LAST_EXIT_CODE = "last_exit_code" []: "Exit code of the last run";
    LAST_FAILED_STAGE = "last_failed_stage" [STAGE]: "1 for the stage in which the last run failed, else 0";
    RUN_DURATION = "run_duration_seconds" []: "Duration of the last run";
    STAGE_DURATION = "stage_duration_seconds" [STAGE]: "Duration of each stage in the last run, over all templates; parsing runs with the download";
    TEMPLATES = "templates" [Label { name: "outcome", values: || vec!["imported", "failed", "not_begun"] }]: "Templates of the last run, by what became of them";
    EXPECTED_INTERVAL = "expected_interval_seconds" []: "Time between two imports (telemetry.expected_interval), which alerts are derived from";
    REPORT_GENERATED = "report_generated_timestamp_seconds" []: "When Qualys made the report; of several the oldest";
    REPORT_BYTES = "report_bytes" []: "Size of the reports, as XML";
    REPORT_HOSTS = "report_hosts" []: "Entries of hosts in the reports";
    REPORT_FINDINGS = "report_findings" []: "Findings in the reports";
    SELECTED_HOSTS = "selected_hosts" []: "Hosts with findings that were selected";
    SELECTED_FINDINGS = "selected_findings" [Label { name: "cve", values: || vec!["with", "without"] }]: "Findings that were selected; only those with a CVE can raise the impact of an event";
    CLEAN_HOSTS = "clean_hosts" []: "Clean hosts: listed whole; something that the selection asks for is fixed, nothing that it asks for is open";
    LEFT_OUT_HOSTS = "left_out_hosts" [LEFT_OUT]: "Entries of hosts that were left out, by reason";
    LEFT_OUT_FINDINGS = "left_out_findings" [LEFT_OUT]: "Findings that were left out, by reason";
    HOSTS = "hosts" [HOST_OUTCOME]: "Hosts that were selected or are to be cleared, by what became of them; missing: listed, but their batch failed or wasn't begun";
    FINDINGS = "findings" [OUTCOME]: "Selected findings, by what became of them";
    COMMANDS = "commands" [Label { name: "outcome", values: || outcomes(Unit::Commands) }]: "Host Input commands; those sent again count again, and refused are those lost in the end";
    FRAMES = "frames" []: "Frames of commands sent";
    CONNECTIONS = "connections" []: "Connections to the Management Center";
    REMEMBERED = "remembered" []: "1 if the last run is remembered for the next one, 0 if it couldn't be";
    KNOWN_HOSTS = "known_hosts" []: "Hosts that were known from earlier runs";
    LEFT_HOSTS = "left_hosts" [Label { name: "outcome", values: || vec!["cleared", "kept"] }]: "Known hosts that left Qualys; kept: more than commands.max_cleared allows, or refused";
    CLIENT_CERTIFICATE_EXPIRY = "client_certificate_expiry_timestamp_seconds" []: "When the client certificate expires";
    SERVER_CERTIFICATE_EXPIRY = "server_certificate_expiry_timestamp_seconds" []: "When the certificate of the Management Center expires";
    HTTP_REQUESTS = "http_requests" [QUALYS_STAGE, Label { name: "code_class", values: || CLASSES.to_vec() }]: "Requests to Qualys, by the class of their status; none: there was no answer";
    HTTP_RETRIES = "http_retries" [QUALYS_STAGE]: "Requests to Qualys that were made again";
    HTTP_WAIT = "http_wait_seconds" [Label { name: "reason", values: || Reason::ALL.map(Reason::label).to_vec() }]: "Time that was waited for Qualys, by reason";
    QUALYS_REPORTS = "qualys_reports" [Label { name: "action", values: || vec!["launched", "adopted", "deleted"] }]: "Reports launched, taken over from an earlier attempt, and deleted at Qualys";
    DOWNLOADED_BYTES = "downloaded_bytes" []: "Bytes of reports downloaded, after HTTP's own compression";
    CALLS_LEFT = "calls_left" []: "Calls that the subscription's limits left at the end, to the interface with the fewest";
    LISTED_HOSTS = "listed_hosts" []: "Hosts that Qualys lists in scope of an import of detections, whatever it asks for of them";
    PEAK_MEMORY = "peak_memory_bytes" []: "Largest resident memory of the last run";
    BUILD_INFO = "build_info" [Label { name: "version", values: || vec![env!("CARGO_PKG_VERSION")] }]: "1, with the version that ran last";
    RUNNING = "running" []: "1 while an import runs, as far as it could say; 0 at its end";
    RUNNING_SINCE = "running_since_timestamp_seconds" []: "When the import began that runs, or ran last";
    RUNNING_STAGE = "running_stage" [STAGE]: "1 for the stage that runs now, else 0";
    RUNNING_TEMPLATE = "running_template" []: "How many of the templates have been begun";
    RUNNING_BYTES = "running_parsed_bytes" []: "Bytes of the reports parsed so far, as XML; of disjoint templates the one that runs";
    RUNNING_HOSTS = "running_hosts" [Label { name: "state", values: || vec!["parsed", "to_send", "acknowledged"] }]: "Hosts so far; of disjoint templates the one that runs";
}
