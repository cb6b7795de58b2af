//! Secrets leave in the one header that they are for, and nowhere else.

use std::io::Write;
use std::sync::{Arc, Mutex};

use support::{connector, report, request, run, small};

use crate::gateway::misbehaving;

#[tokio::test]
async fn no_log_no_metric_and_no_file_holds_a_secret_even_if_a_stranger_repeats_it() {
    // Says all that it heard, as a proxy's error page may.
    let heard: Arc<Mutex<String>> = Arc::default();
    let hears = heard.clone();
    let echo = misbehaving(move |mut connection| {
        let request = String::from_utf8(request(&mut connection)).unwrap();
        let head = request.split("\r\n\r\n").next().unwrap();
        let answer = head
            .lines()
            .filter(|line| line.to_lowercase().starts_with("authorization"))
            .collect::<String>();
        hears.lock().unwrap().push_str(&request);
        let length = answer.len();
        write!(
            connection,
            "HTTP/1.1 500 Oops\r\nContent-Length: {length}\r\n\r\n{answer}"
        )
        .unwrap();
    });
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(5));
    let login: [&[(&str, &str)]; 3] = [
        &[("USERNAME", "pusher"), ("PASSWORD", "canary-push")],
        &[("TOKEN", "canary-token")],
        &[
            ("TOKEN", "canary-token"),
            ("USERNAME", "pusher"),
            ("PASSWORD", "canary-push"),
        ],
    ];
    for (login, code) in login.into_iter().zip([0, 0, 78]) {
        let mut command = connector(folder.path());
        command
            .args([
                "--csvfile",
                "commands.csv",
                "--metrics-file",
                "metrics.prom",
                "--level",
                "3",
                "--report",
            ])
            .arg(&path)
            .env("QC_TELEMETRY__PUSHGATEWAY__URL", &echo)
            .env("QC_QUALYS__PASSWORD", "canary-qualys")
            .env("QC_TELEMETRY__PUSHGATEWAY__PROXY__PASSWORD", "canary-proxy")
            .env("QC_MANAGEMENT_CENTER__PKCS12_PASSWORD", "canary-pkcs12");
        for (key, value) in login {
            command.env(format!("QC_TELEMETRY__PUSHGATEWAY__{key}"), value);
        }
        let ended = run(command).await;
        ended.assert_code(code);
        let file = std::fs::read_to_string(folder.path().join("metrics.prom")).unwrap();
        let heard = std::mem::take(&mut *heard.lock().unwrap());
        let body = heard.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        for text in [&ended.stdout, &ended.stderr, &file, body] {
            // The last one is "pusher:canary-push" in base64.
            for secret in ["canary", "cHVzaGVyOmNhbmFyeS1wdXNo"] {
                assert!(!text.contains(secret), "{text}");
            }
        }
        if code == 0 {
            assert!(
                heard.contains("canary-token") || heard.contains("cHVzaGVyOmNhbmFyeS1wdXNo"),
                "{heard}"
            );
            ended.assert_says("authorization: B");
            ended.assert_says("[redacted]");
        }
    }
    let mut command = connector(folder.path());
    command.args([
        "--csvfile",
        "x.csv",
        "--set",
        "telemetry.pushgateway.url=http://pusher:canary-url@gateway",
    ]);
    let ended = run(command).await;
    ended.assert_code(78).assert_says("it holds a user or a password");
    assert!(!ended.stderr.contains("canary-url"));
}
