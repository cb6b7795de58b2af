//! Metrics of made-up records.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::host_input::csv_file::CsvWritten;
use crate::host_input::delivery::Delivery;
use crate::import::count::{Count, Totals};
use crate::import::found;
use crate::import::record::{Failure, PartRecord};
use crate::import::stages::{Passed, Stages};
use crate::problem::{Kind, Reason};

fn settings() -> Settings {
    Settings {
        import: "berlin".parse().unwrap(),
        expected_interval: Duration::from_secs(86_400),
        required: false,
        file: None,
        pushgateway: None,
    }
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn batch(generated: u64, hosts: u64, delivered: Totals) -> BatchRecord {
    let mut stages = Stages::default();
    for (stage, took) in [
        (Stage::Wait, Duration::from_secs(5)),
        (Stage::Send, Duration::from_secs(hosts)),
        (Stage::TidyUp, Duration::from_millis(500)),
    ] {
        let begun = Duration::ZERO;
        stages.add(Passed { stage, begun, took });
    }
    let part = PartRecord {
        generated: Some(at(generated)),
        totals: Totals::from_iter([(Count(Unit::Bytes, Outcome::Read), 1000)]),
        stages,
        ..PartRecord::default()
    };
    let mut totals = Totals::from_iter([
        (Count(Unit::Hosts, Outcome::Read), hosts),
        (Count(Unit::Hosts, Outcome::Selected), hosts),
        (Count(Unit::Findings, Outcome::Read), 3 * hosts),
        (Count(Unit::Findings, Outcome::Selected), 2 * hosts),
        (Count(Unit::Findings, Outcome::WithCve), hosts),
        (Count(Unit::Findings, Outcome::WithoutCve), hosts),
    ]);
    totals.join(&delivered);
    BatchRecord {
        parts: vec![part],
        totals,
        server_certificate_expires: Some(at(1_900_000_000)),
        ..BatchRecord::default()
    }
}

fn record(batches: Vec<BatchRecord>) -> Record {
    Record {
        exit: batches.iter().map(BatchRecord::exit).max().unwrap_or_default(),
        batches,
        certificate_expires: Some(at(2_000_000_000)),
        duration: Duration::from_secs(99),
        ..Record::default()
    }
}

fn sent(hosts: u64) -> Totals {
    found::sent(&Delivery {
        hosts: hosts as usize,
        findings: 2 * hosts,
        settled: hosts as usize,
        hosts_acknowledged: hosts,
        findings_acknowledged: 2 * hosts,
        commands_sent: 10,
        commands_acknowledged: 10,
        frames: 3,
        ..Delivery::default()
    })
}

/// Series and values, without what differs from run to run.
fn values(metrics: &Exposition) -> BTreeMap<String, f64> {
    let text = metrics.text();
    let series = text.lines().filter(|line| !line.starts_with('#'));
    let series = series.map(|line| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let name = name.strip_prefix("qualys_connector_").unwrap();
        let name = name.replace("import=\"berlin\",", "").replace(",import=\"berlin\"", "");
        (name.replace("{import=\"berlin\"}", ""), value.parse().unwrap())
    });
    series.collect()
}

#[test]
fn several_templates_add_up_and_the_oldest_report_counts() {
    let metrics = of_record(
        &settings(),
        &record(vec![batch(2000, 7, sent(7)), batch(1000, 5, sent(5))]),
    );
    let values = values(&metrics);
    for (name, value) in [
        ("templates{outcome=\"imported\"}", 2.0),
        ("report_generated_timestamp_seconds", 1000.0),
        ("report_bytes", 2000.0),
        ("report_hosts", 12.0),
        ("selected_findings{cve=\"with\"}", 12.0),
        ("selected_findings{cve=\"without\"}", 12.0),
        ("hosts{outcome=\"acknowledged\"}", 12.0),
        ("findings{outcome=\"acknowledged\"}", 24.0),
        ("findings{outcome=\"not_sent\"}", 0.0),
        ("frames", 6.0),
        ("stage_duration_seconds{stage=\"send\"}", 12.0),
        ("stage_duration_seconds{stage=\"tidy_up\"}", 1.0),
        ("stage_duration_seconds{stage=\"launch\"}", 0.0),
        ("run_duration_seconds", 99.0),
        ("last_exit_code", 0.0),
        ("running", 0.0),
        ("client_certificate_expiry_timestamp_seconds", 2_000_000_000.0),
        ("server_certificate_expiry_timestamp_seconds", 1_900_000_000.0),
    ] {
        assert_eq!(values.get(name), Some(&value), "{name}\n{values:#?}");
    }
    assert!(values["last_success_timestamp_seconds"] > 1e9);
}

#[test]
fn a_failed_run_says_nothing_of_success_nor_of_what_it_never_saw() {
    let part = PartRecord {
        failure: Some(Failure {
            kind: Kind::BadLogin,
            sentence: String::new(),
            stage: Some(Stage::Launch),
        }),
        ..PartRecord::default()
    };
    let failed = BatchRecord {
        parts: vec![part],
        ..BatchRecord::default()
    };
    let values = values(&of_record(&settings(), &record(vec![failed])));
    assert_eq!(values["last_exit_code"], 77.0);
    assert_eq!(values["last_failed_stage{stage=\"launch\"}"], 1.0);
    assert_eq!(values["last_failed_stage{stage=\"send\"}"], 0.0);
    for unsaid in ["last_success", "report_", "selected_", "hosts", "findings", "http_"] {
        assert!(!values.keys().any(|name| name.starts_with(unsaid)), "{unsaid}");
    }
    let values = self::values(&of_failure(&settings(), Exit::Config));
    assert_eq!(
        (
            values["last_exit_code"],
            values["last_failed_stage{stage=\"configure\"}"]
        ),
        (78.0, 1.0)
    );
}

#[test]
fn every_metric_of_the_table_is_said_with_every_value_of_its_labels_and_no_other() {
    let mut all = record(vec![
        batch(1000, 5, sent(5)),
        batch(1000, 5, found::written(&CsvWritten::default())),
    ]);
    all.usage.waited.insert(Reason::Running, Duration::from_secs(3));
    all.usage.requests.insert((Stage::Launch, "ok"), 1);
    all.usage.left.extend([(Stage::Launch, 299), (Stage::Download, 12)]);
    all.usage.listed = Some(7);
    all.remembered = Some(true);
    for outcome in [Outcome::Known, Outcome::Left] {
        all.batches[0].totals.add(Unit::Hosts, outcome, 3);
    }
    let said = of_record(&settings(), &all).text()
        + &of_snapshot(
            &settings(),
            &Snapshot {
                begun: Some(at(1)),
                ..Snapshot::default()
            },
        )
        .text();
    let mut expected = BTreeSet::new();
    for (_, metric) in table::METRICS {
        let mut series = vec![String::new()];
        for label in metric.labels {
            let values = (label.values)();
            series = series
                .iter()
                .flat_map(|series| {
                    values
                        .iter()
                        .map(move |value| format!("{series}{}={value};", label.name))
                })
                .collect();
        }
        expected.extend(series.into_iter().map(|labels| format!("{} {labels}", metric.name)));
        assert!(
            said.contains(&format!("# HELP {} {}\n", metric.name, metric.help)),
            "{}",
            metric.name
        );
    }
    let found: BTreeSet<_> = said
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (name, labels) = line.rsplit_once(' ').unwrap().0.split_once('{').unwrap();
            let labels = labels.trim_end_matches('}').split(',');
            let mut labels: Vec<_> = labels.filter(|label| !label.starts_with("import=")).collect();
            // The table says stage first.
            labels.sort_by_key(|label| !label.starts_with("stage="));
            format!(
                "{name} {}",
                labels
                    .iter()
                    .map(|label| label.replace('"', "") + ";")
                    .collect::<String>()
            )
        })
        .collect();
    assert_eq!(found, expected);
}
