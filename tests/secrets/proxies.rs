//! Proxies of the environment and of settings: what travels to whom.

use std::process::Command;

use connector_lab::management_center::Faults;
use support::{connector, report, run, small};

use crate::canaries::ENVIRONMENT_PROXY;
use crate::echo::{Echo, answer};
use crate::place::{Place, set, telling};

/// A proxy that refuses everything and says nothing.
fn proxy() -> Echo {
    Echo::start(|_| answer("403 Forbidden", "", ""))
}

fn behind<'c>(command: &'c mut Command, proxy: &Echo) -> &'c mut Command {
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        command.env(name, proxy.url());
    }
    command
}

#[tokio::test]
async fn what_goes_to_this_machine_unencrypted_passes_no_proxy() {
    let place = Place::new(&[], Faults::default()).await;
    let qualys = Echo::start(|_| answer("401 Unauthorized", "", ""));
    let proxy = proxy();
    let url = format!("qualys.url={}", qualys.url());
    let mut command = place.import();
    place.keeps(77, set(behind(&mut command, &proxy), &[&url])).await;
    assert!(!qualys.heard().is_empty());
    // The Management Center lies behind no proxy either, and Pushgateway and collector are on this machine.
    assert_eq!(String::from_utf8(proxy.heard()).unwrap(), "");

    for key in ["qualys", "telemetry.pushgateway"] {
        let through = format!("{key}.proxy.url={}", proxy.url());
        let mut command = place.import();
        let told = place.keeps(78, set(&mut command, &[&url, &through])).await;
        let problem = format!("{key}.proxy.url: {key}.url is http and on this machine");
        assert!(told.contains(&problem), "{told}");
        let mut check = place.command();
        check.arg("check");
        let told = place.keeps(78, set(&mut check, &[&url, &through])).await;
        assert!(told.contains(&problem), "{told}");
    }
    assert!(proxy.heard().is_empty());
}

#[tokio::test]
async fn no_login_passes_a_proxy_unencrypted() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(5));
    let proxy = proxy();
    let writing = || {
        let mut command = connector(folder.path());
        command
            .args(["--csvfile", "commands.csv", "--report"])
            .arg(&path)
            .env("QC_TELEMETRY__PUSHGATEWAY__URL", "http://gateway.invalid:9091")
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.invalid:4318");
        command
    };
    let mut open = writing();
    behind(&mut open, &proxy);
    run(open).await.assert_code(0);
    let heard = String::from_utf8_lossy(&proxy.heard()).into_owned();
    for host in [
        "POST http://gateway.invalid:9091/metrics/",
        "POST http://collector.invalid:4318/v1/traces",
    ] {
        assert!(heard.contains(host), "{heard}");
    }

    let mut secret = writing();
    behind(&mut secret, &proxy)
        .env("QC_TELEMETRY__PUSHGATEWAY__TOKEN", "canary-token")
        .env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer canary-otlp");
    run(secret).await.assert_code(0);
    assert_eq!(String::from_utf8(proxy.heard()).unwrap(), "");

    let mut named = writing();
    named
        .env("QC_TELEMETRY__PUSHGATEWAY__PROXY__URL", proxy.url())
        .env("QC_TELEMETRY__PUSHGATEWAY__TOKEN", "canary-token");
    let ended = run(named).await;
    ended
        .assert_code(78)
        .assert_says("telemetry.pushgateway.url is http, so the proxy would see the login");
}

#[tokio::test]
async fn the_password_at_a_proxy_of_the_environment_is_not_shown() {
    let place = Place::new(&[], Faults::default()).await;
    let form: String = url::form_urlencoded::byte_serialize(ENVIRONMENT_PROXY.as_bytes()).collect();
    let form = form.replace('+', "%20");
    for (status, exit) in [
        ("407 Proxy Authentication Required", 77),
        ("502 Bad Gateway", 69),
        ("302 Found", 69),
    ] {
        let proxy = telling(move |_, told| answer(status, &format!("Location: http://x/{}\r\n", told.len()), told));
        let address = proxy.url().replace("http://", &format!("http://zaphod:{form}@"));
        for names in [
            ["HTTPS_PROXY", "HTTP_PROXY"],
            ["https_proxy", "http_proxy"],
            ["ALL_PROXY", ""],
            ["all_proxy", ""],
        ] {
            let mut command = place.import();
            for name in names.into_iter().filter(|name| !name.is_empty()) {
                command.env(name, &address);
            }
            command
                .env_remove("QC_TELEMETRY__PUSHGATEWAY__USERNAME")
                .env_remove("QC_TELEMETRY__PUSHGATEWAY__PASSWORD");
            let settings = [
                "telemetry.pushgateway.url=http://gateway.invalid",
                "qualys.deadline=60s",
            ];
            let told = place.keeps(exit, set(&mut command, &settings)).await;
            assert!(told.contains("[redacted]"), "{told}");
        }
        let heard = String::from_utf8(proxy.heard()).unwrap().to_ascii_lowercase();
        assert!(heard.contains("proxy-authorization: basic"), "{heard}");
    }
}

#[tokio::test]
async fn a_proxy_of_the_environment_that_cannot_be_used_is_a_mistake() {
    let place = Place::new(&[], Faults::default()).await;
    for value in [
        "not a url",
        "http://zaphod:canary-url@p:99999",
        "socks5://zaphod:canary-url@p:1080",
    ] {
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            for command in ["import", "config", "check"] {
                let mut given = place.command();
                given.arg(command).env(name, value);
                let told = place.keeps(78, given).await;
                assert!(told.contains(&format!("{name}: it ")), "{name}={value}: {told}");
            }
        }
    }
    let mut excepted = place.import();
    excepted.env("HTTPS_PROXY", "not a url").env("NO_PROXY", "127.0.0.1");
    place.keeps(0, excepted).await;
    assert!(!place.qualys.requests().is_empty());
}
