//! A place to run in, where every secret setting holds a canary and everything that comes out is gathered.

use std::borrow::BorrowMut;
use std::fs;
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use connector_lab::management_center::{self, ManagementCenter};
use connector_lab::qualys::{self, Qualys, Times};
use support::{center, connector, small};

use crate::canaries::{OTLP, PKCS12, PUSH, PUSH_PROXY, QUALYS, QUALYS_PROXY, QUALYS_TOKEN, leak, told};
use crate::echo::{Echo, answer};

/// Where the secrets come from; nothing in it is searched.
pub(crate) const SECRETS: &str = "secrets";

pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) center: ManagementCenter,
    pub(crate) qualys: Qualys,
    collector: Echo,
    gateway: Echo,
    syslog: UdpSocket,
}

impl Place {
    /// Both far ends are right, unless these things go wrong; collector and Pushgateway refuse and say why at length.
    pub(crate) async fn new(faults: &[&str], center_faults: management_center::Faults) -> Self {
        let qualys = Qualys::start(qualys::Options {
            user: Some("dirk_g".to_owned()),
            password: Some(QUALYS.to_owned()),
            token: Some(QUALYS_TOKEN.to_owned()),
            times: Times::instant(),
            report: small(5),
            faults: faults.iter().map(|fault| fault.parse().unwrap()).collect(),
            ..qualys::Options::default()
        });
        let center = center(management_center::Options {
            pkcs12_password: PKCS12.to_owned(),
            faults: center_faults,
            ..management_center::Options::default()
        });
        let refusal = |request: &str| answer("401 Unauthorized", "X-Echo: canary-otlp\r\n", &told(request));
        let syslog = UdpSocket::bind("127.0.0.1:0").unwrap();
        syslog.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(SECRETS)).unwrap();
        fs::write(folder.path().join("termination-log"), "").unwrap();
        Place {
            center: center.await,
            qualys: qualys.await.unwrap(),
            collector: Echo::start(refusal),
            gateway: Echo::start(refusal),
            syslog,
            folder,
        }
    }

    pub(crate) fn secret(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.folder.path().join(SECRETS).join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// An import that tells of itself in every way there is.
    pub(crate) fn import(&self) -> Command {
        let mut command = self.command();
        command
            .args(["--level", "3", "--logfile", "log", "--stderr", "--summary", "json"])
            .args(["--report-html", "run.html", "--metrics-file", "metrics.prom"]);
        command
    }

    /// The program and its settings.
    pub(crate) fn command(&self) -> Command {
        let mut command = connector(self.folder.path());
        let settings = [
            format!("log.syslog=udp://{}", self.syslog.local_addr().unwrap()),
            format!("qualys.url={}", self.qualys.url()),
            format!("qualys.ca_file={}", self.qualys.ca_pem_path().display()),
            format!("management_center.pkcs12={}", self.center.pkcs12().display()),
            format!("management_center.port={}", self.center.address().port()),
            format!("telemetry.pushgateway.url={}", self.gateway.url()),
            "management_center.server=127.0.0.1".to_owned(),
            "qualys.template_ids=424242".to_owned(),
            "qualys.poll_interval=1ms".to_owned(),
            "commands.add_host=y".to_owned(),
            "log.termination_file=termination-log".to_owned(),
        ];
        command
            .args(settings.iter().flat_map(|setting| ["--set", setting]))
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", self.collector.url())
            .env(
                "OTEL_EXPORTER_OTLP_HEADERS",
                format!("authorization=Basic {OTLP},x-key={OTLP}"),
            )
            .env("QC_QUALYS__USER_ID", "dirk_g")
            .env("QC_QUALYS__PASSWORD", QUALYS)
            .env("QC_MANAGEMENT_CENTER__PKCS12_PASSWORD", PKCS12)
            .env("QC_QUALYS__PROXY__PASSWORD", QUALYS_PROXY)
            .env("QC_TELEMETRY__PUSHGATEWAY__USERNAME", "pusher")
            .env("QC_TELEMETRY__PUSHGATEWAY__PASSWORD", PUSH)
            .env("QC_TELEMETRY__PUSHGATEWAY__PROXY__USERNAME", "zaphod")
            .env("QC_TELEMETRY__PUSHGATEWAY__PROXY__PASSWORD", PUSH_PROXY);
        command
    }

    /// Runs it, and searches everything that came out. Gives what was told on standard error and output.
    pub(crate) async fn keeps(&self, code: i32, mut command: impl BorrowMut<Command>) -> String {
        let command = command.borrow_mut();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        self.kept(code, child).await
    }

    /// The same, of a process that was started.
    pub(crate) async fn kept(&self, code: i32, child: std::process::Child) -> String {
        let arguments = format!("/proc/{}/cmdline", child.id());
        let arguments = fs::read(arguments).unwrap_or_default();
        let ended = tokio::task::spawn_blocking(move || child.wait_with_output());
        let ended = ended.await.unwrap().unwrap();
        let told = format!(
            "{}{}",
            String::from_utf8_lossy(&ended.stderr),
            String::from_utf8_lossy(&ended.stdout)
        );
        assert_eq!(ended.status.code(), Some(code), "{told}");
        let mut outputs = vec![
            ("arguments".to_owned(), arguments),
            ("standard error".to_owned(), ended.stderr),
            ("standard output".to_owned(), ended.stdout),
            ("syslog".to_owned(), self.heard_by_syslog()),
            ("spans".to_owned(), body(&self.collector.heard())),
            ("pushed metrics".to_owned(), body(&self.gateway.heard())),
        ];
        left(self.folder.path(), &mut outputs);
        for (name, output) in outputs {
            assert_eq!(leak(&output), None, "{name}");
            if !["arguments", "spans", "pushed metrics"].contains(&name.as_str()) {
                assert_eq!(hidden(&output), None, "{name}");
            }
        }
        told
    }

    fn heard_by_syslog(&self) -> Vec<u8> {
        let (mut heard, mut message) = (Vec::new(), [0; 9000]);
        while let Ok(length) = self.syslog.recv(&mut message) {
            heard.extend_from_slice(&message[..length]);
        }
        heard
    }
}

/// A character that nobody sees, or that steers what does, and what stands around it.
fn hidden(output: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(output);
    let unseen = |c: char| c != '\n' && (c.is_control() || "\u{202e}\u{200b}\u{feff}\u{2028}".contains(c));
    let at = text.find(unseen)?;
    Some(text[at..].chars().take(80).collect())
}

/// Requests without their heads, which hold the secrets that they are for.
fn body(requests: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(requests);
    let lines = text.lines().filter(|line| {
        let line = line.to_ascii_lowercase();
        !["authorization: ", "x-key: ", "proxy-authorization: "]
            .iter()
            .any(|header| line.starts_with(header))
    });
    lines.collect::<Vec<_>>().join("\n").into_bytes()
}

/// All files that are left, but for those that the secrets come from.
fn left(folder: &Path, outputs: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with(SECRETS) {
                left(&path, outputs);
            }
        } else {
            outputs.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

pub(crate) fn set<'c>(command: &'c mut Command, settings: &[&str]) -> &'c mut Command {
    command.args(settings.iter().flat_map(|setting| ["--set", setting]))
}

/// A Qualys, or a proxy, that says again all that it was told.
pub(crate) fn telling(answer: impl Fn(&str, &str) -> String + Send + 'static) -> Echo {
    Echo::start(move |request| answer(request, &told(request)))
}
