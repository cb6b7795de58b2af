//! Debian's Prometheus scrapes Debian's Pushgateway after real imports: every query of the dashboard and of the alert
//! rules is answered with data, and the alerts that should be on their way are.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use connector_lab::management_center::{Faults, ManagementCenter, Options};
use connector_lab::qualys::{self, Qualys, Times};
use connector_lab::report::{self, Report};
use serde_json::Value;
use support::{PASSWORD, center, faulty, from_detections, from_qualys, run, sending, small};
use tempfile::TempDir;

use crate::gateway::{Gateway, exchange, free};

/// Debian's Prometheus, with our rules.
pub(crate) struct Prometheus {
    process: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Prometheus {
    /// `None` where it isn't installed; CI installs it.
    pub(crate) fn start(gateway: &Gateway) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("prometheus.yml");
        let text = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: ['{}']\nscrape_configs:\n  - job_name: \
             pushgateway\n    honor_labels: true\n    static_configs: [{{targets: ['{}']}}]\n",
            source("deploy/prometheus/rules.yaml").display(),
            gateway.address()
        );
        fs::write(&config, text).unwrap();
        let address = free();
        let started = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match started {
            Ok(process) => Some(Prometheus {
                process,
                address,
                _folder: folder,
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                connector_lab::testing::skipped("prometheus");
                None
            }
            Err(error) => unreachable!("prometheus: {error}"),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Option<Value> {
        let answer = exchange(self.address, &format!("GET {path} HTTP/1.0\r\nHost: x\r\n\r\n")).ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }

    /// The series that answer a query.
    fn query(&self, query: &str) -> Vec<Value> {
        let encoded: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let answer = self.get(&format!("/api/v1/query?query={encoded}")).unwrap();
        assert_eq!(answer["status"], "success", "{query}: {answer}");
        answer["data"]["result"].as_array().unwrap().clone()
    }

    /// Waits until a query is answered with something.
    async fn until(&self, query: &str) {
        let begun = Instant::now();
        loop {
            let ready = self.get("/api/v1/status/runtimeinfo").is_some();
            if ready && !self.query(query).is_empty() {
                return;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "{query} stays without an answer"
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn source(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

pub(crate) fn importing(folder: &Path, center: &ManagementCenter, gateway: &Gateway, import: &str) -> Command {
    let mut command = sending(folder, center);
    command
        .env("QC_TELEMETRY__PUSHGATEWAY__URL", gateway.url())
        .env("QC_TELEMETRY__IMPORT", import);
    command
}

/// From the lab's Qualys, both templates.
pub(crate) fn both_templates(command: Command, qualys: &Qualys, password: &str) -> Command {
    let mut command = from_qualys(command, qualys, "424242,535353");
    command.env("QC_QUALYS__PASSWORD", password);
    command
}

/// Reports of both templates that were made just now; those that the lab makes are always of the same day.
pub(crate) fn fresh(folder: &Path, options: &report::Options) -> Vec<qualys::ReportFile> {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let file = |template| {
        let mut xml = Vec::new();
        let report = Report::new(options.of_template(template)).unwrap();
        report.write_to(&mut xml).unwrap();
        let xml = String::from_utf8(xml).unwrap();
        let begin = xml.find("<GENERATION_DATETIME>").unwrap() + "<GENERATION_DATETIME>".len();
        let path = folder.join(format!("{template}.xml"));
        fs::write(&path, format!("{}{now}{}", &xml[..begin], &xml[begin + now.len()..])).unwrap();
        format!("{template}={}", path.display()).parse().unwrap()
    };
    [424_242, 535_353].map(file).into()
}

/// One import that succeeds, one whose login is refused, and one that is killed while it sends.
async fn imports(folder: &Path, gateway: &Gateway) {
    let qualys = support::qualys(qualys::Options {
        times: Times::instant(),
        files: fresh(folder, &small(60)),
        ..qualys::Options::default()
    })
    .await;
    let center = center(Options::default()).await;
    let berlin = importing(folder, &center, gateway, "berlin");
    run(both_templates(berlin, &qualys, PASSWORD)).await.assert_code(0);
    let munich = importing(folder, &center, gateway, "munich");
    run(both_templates(munich, &qualys, "wrong")).await.assert_code(77);
    for _ in 0..2 {
        let mut vienna = importing(folder, &center, gateway, "vienna");
        vienna.args(["--set", "state.dir=state"]);
        run(from_detections(vienna, &qualys)).await.assert_code(0);
    }

    let slow = faulty(Faults {
        slow_answers: Duration::from_millis(100),
        ..Faults::default()
    })
    .await;
    let (path, _) = support::report(folder, small(300));
    let mut hamburg = importing(folder, &slow, gateway, "hamburg");
    hamburg
        .args([
            "--set",
            "management_center.max_frame=2048",
            "--set",
            "telemetry.pushgateway.interval=100ms",
        ])
        .arg("--report")
        .arg(path)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut hamburg = hamburg.spawn().unwrap();
    let begun = Instant::now();
    while !gateway
        .series("running_stage")
        .iter()
        .any(|(labels, value)| labels.contains("send") && *value == 1.0)
    {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", gateway.scrape());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    hamburg.kill().unwrap();
    hamburg.wait().unwrap();
}

/// What the dashboard asks Prometheus: the panel, the query, and whether it asks for one moment only.
pub(crate) fn panels() -> Vec<(String, String, bool)> {
    let dashboard = fs::read_to_string(source("deploy/grafana/dashboard.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| {
        let targets = panel["targets"].as_array().into_iter().flatten();
        targets.map(|target| (panel["title"].as_str().unwrap(), target))
    });
    let targets = targets.filter(|(_, target)| target["datasource"]["type"] == "prometheus");
    let asked = targets.map(|(title, target)| {
        let query = target["expr"].as_str().unwrap().replace("$import", ".*");
        (title.to_owned(), query, target["instant"].as_bool().unwrap())
    });
    asked.collect()
}

/// A CronJob as the chart names it.
const SUSPENDED: &str = "# TYPE kube_cronjob_spec_suspend gauge\n\
                         kube_cronjob_spec_suspend{namespace=\"security\",cronjob=\"qc-qualys-connector-nightly\"} 1\n";

/// The selectors in an expression: metrics, with the labels they are chosen by.
fn selectors(expression: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = expression;
    while let Some(begin) = ["qualys_connector", "push_", "kube_"]
        .iter()
        .filter_map(|name| rest.find(name))
        .min()
    {
        rest = &rest[begin..];
        let name = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
            .unwrap_or(rest.len());
        let end = match rest[name..].starts_with('{') {
            true => name + rest[name..].find('}').unwrap() + 1,
            false => name,
        };
        found.insert(rest[..end].to_owned());
        rest = &rest[end..];
    }
    found
}

#[tokio::test]
async fn dashboard_and_rules_are_answered_after_real_imports() {
    let Some(gateway) = Gateway::start() else { return };
    let Some(prometheus) = Prometheus::start(&gateway) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    imports(folder.path(), &gateway).await;
    // As kube-state-metrics documents it (docs/metrics/workload/cronjob-metrics.md); there is no cluster here to ask.
    gateway.post("/metrics/job/kube-state-metrics", SUSPENDED);
    prometheus.until("qualys_connector_running == 1").await;
    prometheus.until("qualys_connector:stale_after_seconds").await;
    prometheus.until("kube_cronjob_spec_suspend").await;

    let asked = panels();
    assert!(asked.len() > 20, "{asked:?}");
    for (panel, query, _) in asked {
        assert!(!prometheus.query(&query).is_empty(), "{panel}: no data for {query}");
    }
    let imports = prometheus
        .get("/api/v1/label/import/values?match[]=qualys_connector_last_completion_timestamp_seconds")
        .unwrap();
    assert_eq!(imports["data"], serde_json::json!(["berlin", "munich", "vienna"]));

    let rules = prometheus.get("/api/v1/rules").unwrap();
    let rules = rules["data"]["groups"][0]["rules"].as_array().unwrap().clone();
    assert!(rules.len() >= 15);
    for rule in rules {
        assert_eq!(rule["health"], "ok", "{rule}");
        for selector in selectors(rule["query"].as_str().unwrap()) {
            assert!(
                !prometheus.query(&selector).is_empty(),
                "{}: no data for {selector}",
                rule["name"]
            );
        }
    }
    for alert in ["QualysCredentialsRefused", "QualysImportFailing", "QualysImportStale"] {
        let query = format!("ALERTS{{alertname=\"{alert}\", import=\"munich\"}}");
        prometheus.until(&query).await;
    }
    let waking = prometheus.query("ALERTS{import=\"berlin\"}");
    assert!(waking.is_empty(), "{waking:?}");
}
