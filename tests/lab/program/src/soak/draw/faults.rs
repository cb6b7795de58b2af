//! What goes wrong at the far ends, in the words of the lab's `--fault`.

use connector_lab::report::{self, Random};

/// At Qualys; WHEN is drawn.
const AT_QUALYS: [&str; 32] = [
    "status=503",
    "status=500",
    "status=429/1",
    "status=502",
    "throttled=1",
    "busy=1",
    "maintenance",
    "code=1920",
    "code=7001",
    "empty",
    "html",
    "close",
    "reset",
    "hang",
    "done-close",
    "done-reset",
    "done-hang",
    "done-status=502",
    "delay=300ms",
    "error-report",
    "wrong-root=NOT_A_REPORT",
    "truncate-report",
    "truncate",
    "cut",
    "cut-chunked",
    "cut-close",
    "reset-body",
    "hang-body",
    "drip=8000",
    "ends=Errors",
    "runs-forever",
    "certificate=foreign",
];

/// Faults that an answer's number is drawn for.
const OF_ANSWERS: [&str; 14] = [
    "close-before-answer",
    "close-after-answer",
    "close-within-answer",
    "cut",
    "reset",
    "never-answer",
    "stop-reading",
    "error-frame",
    "wrong-count",
    "garbage",
    "without-done",
    "huge-length",
    "wrong-type",
    "twice",
];

/// Those of a whole connection, or of lines; an address or a QID is drawn.
const AT_CENTER: [&str; 18] = [
    "refuse-connections=0",
    "refuse-connections=1",
    "silent",
    "plain-text",
    "foreign-certificate",
    "expired-certificate",
    "not-yet-valid-certificate",
    "close-after-tls",
    "refuse-version",
    "refuse-version=error",
    "close-after-handshake",
    "split-answers",
    "long-answers=3000",
    "drop-lines",
    "drop-lines=ScanFlush",
    "drop-lines=AddHost",
    "refuse-host",
    "refuse-scan",
];

/// Something that goes wrong at Qualys.
pub(super) fn at_qualys(random: &mut Random) -> String {
    let mut fault = (*random.pick(&AT_QUALYS)).to_owned();
    match fault.as_str() {
        "truncate-report" | "truncate" | "cut" | "cut-chunked" | "cut-close" | "reset-body" | "hang-body" => {
            fault += &format!("={}@fetch:{}", random.between(0, 20_000), when(random));
        }
        "error-report" | "wrong-root=NOT_A_REPORT" | "drip=8000" => fault += &format!("@fetch:{}", when(random)),
        "certificate=foreign" => {}
        "ends=Errors" | "runs-forever" => fault += &format!("@launch:{}", when(random)),
        _ => {
            let action = random.pick(&["launch", "list", "fetch", "delete", "any"]);
            fault += &format!("@{action}:{}", when(random));
        }
    }
    fault
}

/// Something that goes wrong with hosts and their detections.
pub(super) fn at_interfaces(random: &mut Random) -> String {
    let of_reports = [
        "ends=Errors",
        "runs-forever",
        "truncate-report",
        "truncate",
        "code=7001",
    ];
    let faults = AT_QUALYS.iter().filter(|fault| !of_reports.contains(fault));
    let mut fault = (*random.pick(&faults.collect::<Vec<_>>())).to_string();
    match fault.as_str() {
        "certificate=foreign" => return fault,
        "cut" | "cut-chunked" | "cut-close" | "reset-body" | "hang-body" => {
            fault += &format!("={}", random.between(0, 20_000));
        }
        _ => {}
    }
    let interface = random.pick(&["host-list", "detections", "detections", "knowledge-base"]);
    format!("{fault}@{interface}:{}", when(random))
}

fn when(random: &mut Random) -> &'static str {
    random.pick::<&str>(&["1", "1", "1-2", "2", "2-3", "1-"])
}

/// Something that goes wrong at the Management Center, and for how many connections.
pub(super) fn at_center(random: &mut Random, report: &report::Options) -> (String, Option<u64>) {
    let connections = *random.pick(&[Some(1), Some(1), Some(2), None]);
    if random.chance(60) {
        let fault = random.pick(&OF_ANSWERS);
        return (format!("{fault}={}", random.below(9)), connections);
    }
    let host = |random: &mut Random| format!("10.0.0.{}", 1 + random.below(report.hosts));
    let fault = match *random.pick(&AT_CENTER) {
        "drop-lines" => format!("drop-lines={},", host(random)),
        fault @ ("refuse-host" | "refuse-scan") => format!("{fault}={}", host(random)),
        fault => fault.to_owned(),
    };
    (fault, connections)
}
