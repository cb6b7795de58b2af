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
pub enum When {
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
    /// At the end of a run to which Qualys reported it.
    WhenReported,
    /// At the end of a run that remembers (`state.dir`).
    WithState,
    /// At the end of a run that looked for hosts that left.
    WithLeftHosts,
    /// At the end of a run that saw the certificate.
    WithCertificate,
    /// While an import runs, every `telemetry.pushgateway.interval`.
    Meanwhile,
}

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
    ($($name:ident = $text:literal [$($label:expr),*], $when:ident: $help:literal;)*) => {
        $(
            #[doc = concat!($help, ".")]
            pub static $name: Metric = Metric {
                name: concat!("qualys_connector_", $text),
                help: $help,
                labels: &[$($label),*],
            };
        )*

        /// Every metric, in the order of the documentation.
        pub static METRICS: &[(When, &Metric)] = &[$((When::$when, &$name)),*];
    };
}

metrics! {
    LAST_SUCCESS = "last_success_timestamp_seconds" [], OnSuccess: "When the last run ended that imported everything";
    LAST_COMPLETION = "last_completion_timestamp_seconds" [], AtTheEnd: "When the last run ended, however it did";
    LAST_EXIT_CODE = "last_exit_code" [], AtTheEnd: "Exit code of the last run";
    LAST_FAILED_STAGE = "last_failed_stage" [STAGE], AtTheEnd: "1 for the stage in which the last run failed, else 0";
    RUN_DURATION = "run_duration_seconds" [], AtTheEnd: "Duration of the last run";
    STAGE_DURATION = "stage_duration_seconds" [STAGE], AtTheEnd: "Duration of each stage in the last run, over all templates; parsing runs with the download";
    TEMPLATES = "templates" [Label { name: "outcome", values: || vec!["imported", "failed", "not_begun"] }], AtTheEnd: "Templates of the last run, by what became of them";
    EXPECTED_INTERVAL = "expected_interval_seconds" [], AtTheEnd: "Time between two imports (telemetry.expected_interval), which alerts are derived from";
    REPORT_GENERATED = "report_generated_timestamp_seconds" [], WithReport: "When Qualys made the report; of several the oldest";
    REPORT_BYTES = "report_bytes" [], WithReport: "Size of the reports, as XML";
    REPORT_HOSTS = "report_hosts" [], WithReport: "Entries of hosts in the reports";
    REPORT_FINDINGS = "report_findings" [], WithReport: "Findings in the reports";
    SELECTED_HOSTS = "selected_hosts" [], WithReport: "Hosts with findings that were selected";
    SELECTED_FINDINGS = "selected_findings" [Label { name: "cve", values: || vec!["with", "without"] }], WithReport: "Findings that were selected; only those with a CVE can raise the impact of an event";
    CLEAN_HOSTS = "clean_hosts" [], WithReport: "Clean hosts: listed whole; something that the selection asks for is fixed, nothing that it asks for is open";
    LEFT_OUT_HOSTS = "left_out_hosts" [LEFT_OUT], WithReport: "Entries of hosts that were left out, by reason";
    LEFT_OUT_FINDINGS = "left_out_findings" [LEFT_OUT], WithReport: "Findings that were left out, by reason";
    HOSTS = "hosts" [HOST_OUTCOME], WithDelivery: "Hosts that were selected or are to be cleared, by what became of them; missing: listed, but their batch failed or wasn't begun";
    FINDINGS = "findings" [OUTCOME], WithDelivery: "Selected findings, by what became of them";
    COMMANDS = "commands" [Label { name: "outcome", values: || outcomes(Unit::Commands) }], WithDelivery: "Host Input commands; those sent again count again, and refused are those lost in the end";
    FRAMES = "frames" [], WithDelivery: "Frames of commands sent";
    CONNECTIONS = "connections" [], WithDelivery: "Connections to the Management Center";
    REMEMBERED = "remembered" [], WithState: "1 if the last run is remembered for the next one, 0 if it couldn't be";
    KNOWN_HOSTS = "known_hosts" [], WithLeftHosts: "Hosts that were known from earlier runs";
    LEFT_HOSTS = "left_hosts" [Label { name: "outcome", values: || vec!["cleared", "kept"] }], WithLeftHosts: "Known hosts that left Qualys; kept: more than commands.max_cleared allows, or refused";
    CLIENT_CERTIFICATE_EXPIRY = "client_certificate_expiry_timestamp_seconds" [], WithCertificate: "When the client certificate expires";
    SERVER_CERTIFICATE_EXPIRY = "server_certificate_expiry_timestamp_seconds" [], WithCertificate: "When the certificate of the Management Center expires";
    HTTP_REQUESTS = "http_requests" [QUALYS_STAGE, Label { name: "code_class", values: || CLASSES.to_vec() }], WithQualys: "Requests to Qualys, by the class of their status; none: there was no answer";
    HTTP_RETRIES = "http_retries" [QUALYS_STAGE], WithQualys: "Requests to Qualys that were made again";
    HTTP_WAIT = "http_wait_seconds" [Label { name: "reason", values: || Reason::ALL.map(Reason::label).to_vec() }], WithQualys: "Time that was waited for Qualys, by reason";
    QUALYS_REPORTS = "qualys_reports" [Label { name: "action", values: || vec!["launched", "adopted", "deleted"] }], WithQualys: "Reports launched, taken over from an earlier attempt, and deleted at Qualys";
    DOWNLOADED_BYTES = "downloaded_bytes" [], WithQualys: "Bytes of reports downloaded, after HTTP's own compression";
    CALLS_LEFT = "calls_left" [], WhenReported: "Calls that the subscription's limits left at the end, to the interface with the fewest";
    LISTED_HOSTS = "listed_hosts" [], WhenReported: "Hosts that Qualys lists in scope of an import of detections, whatever it asks for of them";
    PEAK_MEMORY = "peak_memory_bytes" [], AtTheEnd: "Largest resident memory of the last run";
    BUILD_INFO = "build_info" [Label { name: "version", values: || vec![env!("CARGO_PKG_VERSION")] }], AtTheEnd: "1, with the version that ran last";
    RUNNING = "running" [], Meanwhile: "1 while an import runs, as far as it could say; 0 at its end";
    RUNNING_SINCE = "running_since_timestamp_seconds" [], Meanwhile: "When the import began that runs, or ran last";
    RUNNING_STAGE = "running_stage" [STAGE], Meanwhile: "1 for the stage that runs now, else 0";
    RUNNING_TEMPLATE = "running_template" [], Meanwhile: "How many of the templates have been begun";
    RUNNING_BYTES = "running_parsed_bytes" [], Meanwhile: "Bytes of the reports parsed so far, as XML; of disjoint templates the one that runs";
    RUNNING_HOSTS = "running_hosts" [Label { name: "state", values: || vec!["parsed", "to_send", "acknowledged"] }], Meanwhile: "Hosts so far; of disjoint templates the one that runs";
}
