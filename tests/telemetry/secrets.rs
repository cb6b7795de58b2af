//! Secrets never leave: not in a log at level 3, not in a syslog message, not in a span, whether a run succeeds or fails.

use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use connector_lab::management_center::{self, ManagementCenter};
use connector_lab::qualys::{self as lab, Qualys, Times};
use support::{center, run, small};

use crate::collector::Collector;
use crate::qualys::importing;

const PASSWORD: &str = "canary-qualys-password";
const TOKEN: &str = "canary-qualys-token";
const PROXY: &str = "canary-proxy-password";
const PKCS12: &str = "canary-pkcs12-password";
const HEADER: &str = "canary-otlp-header";

struct Place {
    folder: tempfile::TempDir,
    center: ManagementCenter,
    qualys: Qualys,
    collector: Collector,
    syslog: UdpSocket,
    everything: String,
}

impl Place {
    async fn new() -> Self {
        let qualys = Qualys::start(lab::Options {
            user: Some("dirk_g".to_owned()),
            password: Some(PASSWORD.to_owned()),
            token: Some(TOKEN.to_owned()),
            times: Times::instant(),
            report: small(10),
            ..lab::Options::default()
        });
        let center = center(management_center::Options {
            pkcs12_password: PKCS12.to_owned(),
            ..management_center::Options::default()
        });
        let syslog = UdpSocket::bind("127.0.0.1:0").unwrap();
        syslog.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        Place {
            folder: tempfile::tempdir().unwrap(),
            center: center.await,
            qualys: qualys.await.unwrap(),
            collector: Collector::http().await,
            syslog,
            everything: String::new(),
        }
    }

    /// Runs an import and gathers all that it says, anywhere.
    async fn run(&mut self, code: i32, adapt: impl FnOnce(&mut Command) -> &mut Command) {
        let mut command = importing(self.folder.path(), &self.center, &self.qualys, &self.collector);
        let syslog = format!("log.syslog=udp://{}", self.syslog.local_addr().unwrap());
        command
            .args(["--level", "3", "--logfile", "log", "--stderr", "--set", &syslog])
            .env("QC_QUALYS__PASSWORD", PASSWORD)
            .env("QC_MANAGEMENT_CENTER__PKCS12_PASSWORD", PKCS12)
            .env("OTEL_EXPORTER_OTLP_HEADERS", format!("authorization=Basic {HEADER}"));
        adapt(&mut command);
        let ended = run(command).await;
        ended.assert_code(code);
        let mut bytes = [0; 9000];
        let mut messages = 0;
        while let Ok(length) = self.syslog.recv(&mut bytes) {
            self.everything += &String::from_utf8_lossy(&bytes[..length]);
            messages += 1;
        }
        assert!(messages > 1, "{messages} messages to the syslog");
        self.everything += &format!("{}{}", ended.stdout, ended.stderr);
    }
}

fn with_token<'c>(command: &'c mut Command, file: &Path) -> &'c mut Command {
    command
        .args(["--set", "qualys.login=token"])
        .args(["--set", &format!("qualys.token_file={}", file.display())])
}

#[tokio::test]
async fn no_output_holds_a_secret() {
    let mut place = Place::new().await;
    let token = place.folder.path().join("token");
    std::fs::write(&token, TOKEN).unwrap();
    place.run(0, |command| command).await;
    place
        .run(0, |command| command.args(["--set", "qualys.login=session"]))
        .await;
    place.run(0, |command| with_token(command, &token)).await;
    let wrong = place.folder.path().join("wrong");
    std::fs::write(&wrong, format!("{TOKEN}-of-yesterday")).unwrap();
    place.run(77, |command| with_token(command, &wrong)).await;
    place
        .run(77, |command| {
            command.env("QC_QUALYS__PASSWORD", format!("{PASSWORD}-of-yesterday"))
        })
        .await;
    place
        .run(77, |command| {
            command.env(
                "QC_MANAGEMENT_CENTER__PKCS12_PASSWORD",
                format!("{PKCS12}-of-yesterday"),
            )
        })
        .await;
    place
        .run(69, |command| {
            command
                .args([
                    "--set",
                    "qualys.proxy.url=http://127.0.0.1:9",
                    "--set",
                    "qualys.poll_interval=1ms",
                ])
                .env("QC_QUALYS__PROXY__USERNAME", "zaphod")
                .env("QC_QUALYS__PROXY__PASSWORD", PROXY)
        })
        .await;
    place
        .run(0, |command| {
            command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
        })
        .await;

    assert!(place.collector.spans().len() > 30 && place.collector.headers().contains(HEADER));
    let log = std::fs::read_to_string(place.folder.path().join("log")).unwrap();
    assert!(
        log.contains("finding imported") && log.contains("trying again"),
        "{log}"
    );
    let spans = String::from_utf8_lossy(&place.collector.raw()).into_owned();
    let everything = format!("{}{log}{spans}", place.everything);
    // In base64 too, as basic authentication has it: from the first whole group on.
    let base64 = ["ZGlya19nOmNhbmFyeS1xdWFseXMt", "emFwaG9kOmNhbmFyeS1wcm94eS1w"];
    for secret in ["canary", base64[0], base64[1]] {
        let found = everything.find(secret).map(|at| {
            let end = everything.floor_char_boundary(at + 60);
            &everything[everything.floor_char_boundary(at.saturating_sub(60))..end]
        });
        assert_eq!(found, None, "{secret}");
    }
}
