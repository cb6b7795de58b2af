//! What can be wrong on the way to Qualys, and there; and with the far ends of telemetry.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::thread;

use crate::setup::{BlackHole, Setup, closed_port, proxy, settled};

/// What is said of a set-up.
macro_rules! says {
    ($setup:expr) => {
        let _settled = settled();
        insta::assert_snapshot!($setup.problems().await);
    };
}

/// A set-up with a proxy.
async fn behind(proxy: std::net::SocketAddr) -> Setup {
    Setup::right().await.with("qualys.proxy.url", format!("http://{proxy}"))
}

#[tokio::test]
async fn a_proxy_that_isnt_there() {
    says!(behind(([127, 0, 0, 1], closed_port()).into()).await);
}

#[tokio::test]
async fn a_proxy_that_wants_a_login() {
    says!(behind(proxy("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n").await).await);
}

#[tokio::test]
async fn a_proxy_that_forbids() {
    says!(behind(proxy("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await).await);
}

#[tokio::test]
async fn a_proxy_that_was_given_as_https_and_isnt() {
    let proxy = proxy("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
    says!(
        Setup::right()
            .await
            .with("qualys.proxy.url", format!("https://{proxy}"))
    );
}

#[tokio::test]
async fn a_platform_is_reached_by_its_name() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = proxy.local_addr().unwrap();
    let asked = thread::spawn(move || {
        let mut line = String::new();
        BufReader::new(proxy.accept().unwrap().0).read_line(&mut line).unwrap();
        line
    });
    behind(address).await.with("qualys.url", "eu2").check(&[]).await;
    assert_eq!(
        asked.join().unwrap(),
        "CONNECT qualysapi.qg2.apps.qualys.eu:443 HTTP/1.1\r\n"
    );
}

#[tokio::test]
async fn a_qualys_that_isnt_there() {
    says!(
        Setup::right()
            .await
            .with("qualys.url", format!("https://127.0.0.1:{}", closed_port()))
    );
}

#[tokio::test]
async fn a_qualys_behind_a_firewall_that_drops_packets() {
    let hole = BlackHole::new().await;
    let setup = Setup::right().await.with("qualys.connect_timeout", "1s");
    says!(setup.with("qualys.url", format!("https://{}", hole.address)));
}

#[tokio::test]
async fn a_certificate_of_qualys_that_isnt_trusted() {
    says!(Setup::at_qualys(&["certificate=foreign"]).await);
}

#[tokio::test]
async fn a_certificate_of_qualys_that_expired() {
    says!(Setup::at_qualys(&["certificate=expired"]).await);
}

#[tokio::test]
async fn a_missing_ca_file() {
    says!(Setup::right().await.with("qualys.ca_file", "missing.pem"));
}

#[tokio::test]
async fn a_page_instead_of_an_answer() {
    says!(Setup::at_qualys(&["html"]).await);
}

#[tokio::test]
async fn a_redirect() {
    says!(Setup::at_qualys(&["redirect=https://qualysguard.qualys.com/"]).await);
}

#[tokio::test]
async fn a_wrong_path() {
    let setup = Setup::right().await;
    let url = format!("{}/elsewhere", setup.qualys.url());
    says!(setup.with("qualys.url", url));
}

#[tokio::test]
async fn a_qualys_that_is_down_for_maintenance() {
    says!(Setup::at_qualys(&["maintenance"]).await);
}

#[tokio::test]
async fn a_wrong_password() {
    let setup = Setup::right().await.variable("QC_QUALYS__PASSWORD", "wrong");
    says!(setup);
    assert_eq!(setup.qualys.requests().len(), 1, "a refused login is never repeated");
}

#[tokio::test]
async fn an_inactive_account() {
    says!(Setup::at_qualys(&["code=2002"]).await);
}

#[tokio::test]
async fn an_unregistered_account() {
    says!(Setup::at_qualys(&["code=2003"]).await);
}

#[tokio::test]
async fn an_address_that_isnt_allowed() {
    says!(Setup::at_qualys(&["code=2007"]).await);
}

#[tokio::test]
async fn a_licence_without_the_api() {
    says!(Setup::at_qualys(&["code=2012"]).await);
}

#[tokio::test]
async fn an_account_without_the_api() {
    says!(Setup::at_qualys(&["status=403"]).await);
}

#[tokio::test]
async fn a_missing_token() {
    let setup = Setup::right().await.with("qualys.login", "token");
    says!(setup.with("qualys.token_file", "missing-token"));
}

#[tokio::test]
async fn no_call_is_left() {
    says!(Setup::at_qualys(&["throttled=3300"]).await);
}

#[tokio::test]
async fn too_many_calls_at_once() {
    says!(Setup::at_qualys(&["busy=1"]).await);
}

#[tokio::test]
async fn an_unknown_template() {
    says!(Setup::right().await.with("qualys.template_ids", "424242,99"));
}

#[tokio::test]
async fn templates_of_the_wrong_kind() {
    says!(Setup::right().await.with("qualys.template_ids", "2,3"));
}

#[tokio::test]
async fn templates_that_arent_told() {
    says!(Setup::at_qualys(&["status=403@template-list"]).await);
}

#[tokio::test]
async fn a_clock_that_is_behind() {
    says!(Setup::at_qualys(&["clock=5400"]).await);
}

#[tokio::test]
async fn a_clock_that_is_ahead() {
    let _rounded = {
        let mut settings = insta::Settings::clone_current();
        settings.add_filter("9m 5[89]s|10m( [12]s)?", "10m");
        settings.bind_to_scope()
    };
    says!(Setup::at_qualys(&["clock=-600"]).await);
}

#[tokio::test]
async fn a_proxy_that_no_proxy_excepts_qualys_from_is_not_needed() {
    let setup = Setup::right().await.variable("HTTPS_PROXY", "http://127.0.0.1:9");
    let setup = setup.variable("NO_PROXY", "127.0.0.1");
    let unneeded = setup.findings("not_needed").await;
    assert!(unneeded.iter().any(|(step, ..)| step == "proxy"), "{unneeded:?}");
}

#[tokio::test]
async fn a_collector_that_isnt_there() {
    let endpoint = format!("http://127.0.0.1:{}", closed_port());
    says!(Setup::right().await.variable("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint));
}

#[tokio::test]
async fn a_pushgateway_that_isnt_there() {
    let url = format!("http://127.0.0.1:{}", closed_port());
    says!(Setup::right().await.with("telemetry.pushgateway.url", url));
}

#[tokio::test]
async fn a_pushgateway_that_isnt_there_though_metrics_are_required() {
    let url = format!("http://127.0.0.1:{}", closed_port());
    let setup = Setup::right().await.with("telemetry.metrics_required", "y");
    says!(setup.with("telemetry.pushgateway.url", url));
}

/// A set-up that imports hosts, without a template.
async fn of_hosts(setup: Setup) -> Setup {
    setup.without("qualys.template_ids").with("qualys.api", "detections")
}

#[tokio::test]
async fn hosts_and_the_knowledge_base() {
    let setup = of_hosts(Setup::right().await).await;
    let said = setup.check(&["--output", "json"]).await;
    let steps: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let step = |name: &str| {
        let steps = steps["steps"].as_array().unwrap();
        steps.iter().find(|step| step["step"] == name).unwrap().clone()
    };
    assert_eq!(said.code, 0, "{}", said.stdout);
    assert_eq!(step("hosts")["status"], "passed");
    assert!(step("hosts")["facts"]["calls"].as_u64().unwrap() > 0);
    assert_eq!(step("KnowledgeBase")["status"], "passed");
}

#[tokio::test]
async fn a_scope_without_a_host() {
    says!(
        of_hosts(Setup::right().await)
            .await
            .with("detections.asset_groups", "Nobody's")
    );
}

#[tokio::test]
async fn a_knowledge_base_that_isnt_given() {
    says!(of_hosts(Setup::at_qualys(&["html@knowledge-base"]).await).await);
}

#[tokio::test]
async fn settings_of_hosts_that_are_wrong_name_the_steps_of_hosts() {
    let setup = of_hosts(Setup::right().await).await.with("detections.shard", "9/4");
    let said = setup.check(&["--output", "json"]).await;
    let checked: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let status = |name: &str| {
        let mut steps = checked["steps"].as_array().unwrap().iter();
        let step = steps.find(|step| step["step"] == name);
        step.map(|step| step["status"].as_str().unwrap().to_owned())
    };
    assert_eq!(said.code, 78, "{}", said.stdout);
    let untried = Some("not_tried".to_owned());
    assert_eq!([status("hosts"), status("KnowledgeBase")], [untried.clone(), untried]);
    assert_eq!(status("templates"), None);
}
