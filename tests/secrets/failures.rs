//! No failure lets a secret out: not to a log at level 3, a span, a metric, a file, nor to any far end but its own.

use std::collections::BTreeMap;
use std::process::Stdio;

use connector_lab::management_center::{AnswerFault, Faults};

use crate::canaries::{COOKIE, PUSH_TOKEN, QUALYS, QUALYS_PROXY, QUALYS_TOKEN};
use crate::echo::{Echo, answer};
use crate::place::{Place, set, telling};

async fn right() -> Place {
    Place::new(&[], Faults::default()).await
}

/// XML's own, as a service would do it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn simple_return(code: u32, text: &str) -> String {
    let text = escaped(text);
    format!(
        "<?xml version=\"1.0\"?><SIMPLE_RETURN><RESPONSE><DATETIME>2026-01-01T00:00:00Z</DATETIME><CODE>{code}</CODE>\
         <TEXT>{text}</TEXT><ITEM_LIST><ITEM><KEY>you</KEY><VALUE>{text}</VALUE></ITEM></ITEM_LIST></RESPONSE>\
         </SIMPLE_RETURN>"
    )
}

#[tokio::test]
async fn of_an_import_that_succeeds() {
    let place = right().await;
    let told = place.keeps(0, place.import()).await;
    // What refuses to take it says so, and its words are shown without the secrets in them.
    assert!(
        told.contains("answers 401 Unauthorized: ") && told.contains("[redacted]"),
        "{told}"
    );
    assert!(told.contains("spans didn't reach the collector"), "{told}");
    assert!(told.contains("finding imported"), "{told}");
    let mut session = place.import();
    set(&mut session, &["qualys.login=session"]);
    place.keeps(0, session).await;
    let token = place.secret("token", QUALYS_TOKEN);
    let mut with_token = place.import();
    set(
        &mut with_token,
        &["qualys.login=token", &format!("qualys.token_file={token}")],
    );
    with_token.env_remove("QC_QUALYS__PASSWORD");
    place.keeps(0, with_token).await;
    let mut pushes = place.import();
    pushes
        .env_remove("QC_TELEMETRY__PUSHGATEWAY__USERNAME")
        .env("QC_TELEMETRY__PUSHGATEWAY__TOKEN", PUSH_TOKEN);
    let told = place.keeps(0, pushes).await;
    assert!(told.contains("answers 401 Unauthorized: "), "{told}");
}

/// The three interfaces of hosts, as the first line of a request names them.
const HOSTS: &str = "/asset/host/ ";
const DETECTIONS: &str = "/asset/host/vm/detection/ ";
const KNOWLEDGE_BASE: &str = "/knowledge_base/vuln/ ";

/// The answer of an interface about one host and one QID, with this behind them.
fn about_one_host(interface: &str, behind: &str) -> String {
    let (root, list) = match interface {
        HOSTS => (
            "HOST_LIST_OUTPUT",
            "<HOST_LIST><HOST><ID>1</ID><IP>10.0.0.1</IP></HOST></HOST_LIST>",
        ),
        DETECTIONS => (
            "HOST_LIST_VM_DETECTION_OUTPUT",
            "<HOST_LIST><HOST><ID>1</ID><IP>10.0.0.1</IP><DETECTION_LIST><DETECTION><QID>11</QID><TYPE>Confirmed</TYPE>\
             <SEVERITY>2</SEVERITY><STATUS>Active</STATUS></DETECTION></DETECTION_LIST></HOST></HOST_LIST>",
        ),
        _ => (
            "KNOWLEDGE_BASE_VULN_LIST_OUTPUT",
            "<VULN_LIST><VULN><QID>11</QID><SEVERITY_LEVEL>2</SEVERITY_LEVEL><TITLE>A title</TITLE></VULN></VULN_LIST>",
        ),
    };
    format!("<{root}><RESPONSE>{list}{behind}</RESPONSE></{root}>")
}

/// A WARNING whose words and address hold this; with code 1980, of another page.
fn warning(code: u32, text: &str) -> String {
    let text = escaped(text);
    format!("<WARNING><CODE>{code}</CODE><TEXT>{text}</TEXT><URL>https://elsewhere.example/?{text}</URL></WARNING>")
}

/// A Qualys that says again at one interface, as `says` puts it, all that it was told; the others answer well.
fn telling_at(interface: &'static str, says: impl Fn(&str) -> String + Send + 'static) -> Echo {
    telling(move |request, told| {
        let first = request.lines().next().unwrap_or_default();
        let interfaces = [HOSTS, DETECTIONS, KNOWLEDGE_BASE];
        let asked = interfaces.into_iter().find(|asked| first.contains(*asked));
        match asked.unwrap_or(HOSTS) {
            asked if asked == interface => says(told),
            asked => answer("200 OK", "", &about_one_host(asked, "")),
        }
    })
}

const OF_HOSTS: [&str; 2] = ["qualys.api=detections", "qualys.template_ids="];

/// Imports hosts from a Qualys that says secrets at this interface. Gives what was told.
async fn import_of_hosts(
    place: &Place,
    interface: &'static str,
    exit: i32,
    says: impl Fn(&str) -> String + Send + 'static,
) -> String {
    let qualys = telling_at(interface, says);
    // Short only where it is what ends the import.
    let deadline = if exit == 75 { "2s" } else { "60s" };
    let mut command = place.import();
    set(&mut command, &OF_HOSTS);
    let settings = [
        format!("qualys.url={}", qualys.url()),
        format!("qualys.deadline={deadline}"),
    ];
    set(&mut command, &settings.each_ref().map(String::as_str));
    let told = place.keeps(exit, command).await;
    let heard = String::from_utf8(qualys.heard()).unwrap();
    assert!(heard.contains(interface), "{interface}wasn't asked: {told}");
    told
}

/// The same for every refusal, and for what isn't a whole answer; `page` is how an import ends that gets a page instead.
async fn import_of_hosts_fails(interface: &'static str, page: i32) {
    let place = right().await;
    for (status, code, exit) in [
        ("200 OK", 1920, 77),
        ("400 Bad Request", 1905, 78),
        ("401 Unauthorized", 2000, 77),
        ("403 Forbidden", 2012, 77),
        ("409 Conflict", 1965, 75),
        ("500 Internal Server Error", 999, 69),
    ] {
        let says = move |told: &str| answer(status, "", &simple_return(code, told));
        let told = import_of_hosts(&place, interface, exit, says).await;
        assert!(exit == 75 || told.contains("[redacted]"), "{status}: {told}");
    }
    let shown = |told: &str| answer("200 OK", "", &format!("<html><body>{told}</body></html>"));
    import_of_hosts(&place, interface, page, shown).await;
    let cut = move |told: &str| {
        let whole = about_one_host(interface, &warning(1, told));
        let (begun, _) = whole.split_once("</RESPONSE>").unwrap();
        answer("200 OK", &format!("X-Echo: {told}\r\n"), begun)
    };
    import_of_hosts(&place, interface, 69, cut).await;
}

#[tokio::test]
async fn of_hosts_and_detections() {
    let place = right().await;
    let mut command = place.import();
    let told = place.keeps(0, set(&mut command, &OF_HOSTS)).await;
    assert!(told.contains("finding imported"), "{told}");
}

#[tokio::test]
async fn of_a_list_of_hosts() {
    import_of_hosts_fails(HOSTS, 69).await;
}

#[tokio::test]
async fn of_detections_behind_a_list_that_succeeds() {
    import_of_hosts_fails(DETECTIONS, 69).await;
}

/// A page in its place is taken for a missing right.
#[tokio::test]
async fn of_a_knowledge_base_behind_detections_that_succeed() {
    import_of_hosts_fails(KNOWLEDGE_BASE, 77).await;
}

#[tokio::test]
async fn of_warnings_in_answers_about_hosts() {
    let place = right().await;
    for interface in [HOSTS, DETECTIONS, KNOWLEDGE_BASE] {
        // Another page follows, and nobody says where it begins; or Qualys warns of something else.
        for (code, exit) in [(1980, 65), (1234, 0)] {
            let says = move |told: &str| answer("200 OK", "", &about_one_host(interface, &warning(code, told)));
            let told = import_of_hosts(&place, interface, exit, says).await;
            assert!(exit != 0 || told.contains("[redacted]"), "{interface}: {told}");
        }
    }
}

#[tokio::test]
async fn of_a_login_that_is_refused_at_length() {
    let place = right().await;
    let token = place.secret("token", QUALYS_TOKEN);
    for (status, code, exit) in [
        ("401 Unauthorized", 2000, 77),
        ("400 Bad Request", 1905, 78),
        ("409 Conflict", 1965, 75),
        ("500 Internal Server Error", 999, 69),
    ] {
        let qualys = telling(move |_, told| answer(status, "", &simple_return(code, told)));
        // Short only where it is what ends the import.
        let deadline = if exit == 75 { "2s" } else { "60s" };
        for login in ["basic", "token", "session"] {
            let mut command = place.import();
            let settings = [
                format!("qualys.url={}", qualys.url()),
                format!("qualys.login={login}"),
                format!("qualys.token_file={token}"),
                format!("qualys.deadline={deadline}"),
            ];
            set(&mut command, &settings.each_ref().map(String::as_str));
            let told = place.keeps(exit, command).await;
            assert!(told.contains("[redacted]"), "{told}");
            assert!(!qualys.heard().is_empty());
        }
    }
}

#[tokio::test]
async fn of_answers_that_are_none() {
    let place = right().await;
    let page = telling(|_, told| answer("502 Bad Gateway", "", &format!("<html><body>{told}</body></html>")));
    let broken = telling(|_, told| answer("200 OK", "", &format!("<SIMPLE_RETURN><RESPONSE>{told}")));
    let blocked = telling(|_, told| answer("200 OK", &format!("Set-Cookie: {told}\r\n"), &simple_return(1920, told)));
    for (qualys, exit) in [(page, 69), (broken, 69), (blocked, 77)] {
        let mut command = place.import();
        set(
            &mut command,
            &[&format!("qualys.url={}", qualys.url()), "qualys.deadline=60s"],
        );
        place.keeps(exit, command).await;
        assert!(!qualys.heard().is_empty());
    }
}

#[tokio::test]
async fn of_a_redirect_that_takes_credentials_along() {
    let place = right().await;
    let form: String = url::form_urlencoded::byte_serialize(QUALYS.as_bytes()).collect();
    let to = format!("Location: http://dirk_g:{form}@127.0.0.1:9/{form}/x?q={form}#{form}\r\n");
    let qualys = Echo::start(move |_| answer("302 Found", &to, "canary-cookie"));
    let mut command = place.import();
    set(&mut command, &[&format!("qualys.url={}", qualys.url())]);
    let told = place.keeps(78, command).await;
    assert!(told.contains("http://127.0.0.1:9/[redacted]/x"), "{told}");
}

#[tokio::test]
async fn of_a_session_whose_cookie_comes_back() {
    let place = right().await;
    let cookie = format!("Set-Cookie: QualysSession={COOKIE}; path=/\r\n");
    let done = "<SIMPLE_RETURN><RESPONSE><TEXT>Logged in</TEXT></RESPONSE></SIMPLE_RETURN>";
    let qualys = telling(
        move |request, told| match request.starts_with("POST /api/2.0/fo/session/") {
            true if request.contains("action=login") => answer("200 OK", &cookie, done),
            _ => answer("400 Bad Request", "", &simple_return(1903, told)),
        },
    );
    let mut command = place.import();
    set(
        &mut command,
        &[&format!("qualys.url={}", qualys.url()), "qualys.login=session"],
    );
    let told = place.keeps(78, command).await;
    assert!(told.contains("wasn't closed"), "{told}");
    let heard = String::from_utf8(qualys.heard()).unwrap();
    assert!(heard.contains(COOKIE), "{heard}");
}

#[tokio::test]
async fn of_proxies() {
    let place = right().await;
    let proxy = telling(|_, told| answer("407 Proxy Authentication Required", "", told));
    let gone = "http://127.0.0.1:9".to_owned();
    for (url, exit) in [(proxy.url(), 77), (gone, 69)] {
        let mut command = place.import();
        let settings = [
            format!("qualys.proxy.url={url}"),
            format!("telemetry.pushgateway.proxy.url={url}"),
            "telemetry.pushgateway.url=https://127.0.0.1:9".to_owned(),
            "qualys.deadline=60s".to_owned(),
        ];
        set(&mut command, &settings.each_ref().map(String::as_str)).env("QC_QUALYS__PROXY__USERNAME", "zaphod");
        place.keeps(exit, command).await;
    }
    let heard = String::from_utf8(proxy.heard()).unwrap().to_ascii_lowercase();
    assert!(
        heard.contains("connect ") && heard.contains("proxy-authorization: basic"),
        "{heard}"
    );
    for key in ["QC_QUALYS__PROXY__URL", "QC_TELEMETRY__PUSHGATEWAY__PROXY__URL"] {
        for url in [
            "http://zaphod:canary-url@proxy",
            "zaphod:canary-url@proxy",
            "http://x:canary-url@y:notaport",
        ] {
            let mut command = place.import();
            command.env(key, url);
            place.keeps(78, command).await;
        }
    }
    let mut command = place.import();
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://zaphod:canary-url@127.0.0.1:9");
    let told = place.keeps(0, command).await;
    assert!(told.contains("OTEL_EXPORTER_OTLP_ENDPOINT holds credentials"), "{told}");
}

#[tokio::test]
async fn of_a_certificate_with_another_password() {
    let place = right().await;
    for wrong in ["canary-of-yesterday", ""] {
        let mut command = place.import();
        command.env("QC_MANAGEMENT_CENTER__PKCS12_PASSWORD", wrong);
        place.keeps(77, command).await;
    }
}

#[tokio::test]
async fn of_a_management_center_that_misbehaves() {
    let faults = |answers: &[(u64, AnswerFault)]| Faults {
        answers: answers.iter().copied().collect::<BTreeMap<_, _>>(),
        ..Faults::default()
    };
    for (number, fault, exit) in [
        (1, AnswerFault::Garbage, 76),
        (1, AnswerFault::Error, 76),
        (2, AnswerFault::WrongCount(-1), 0),
    ] {
        let place = Place::new(&[], faults(&[(number, fault)])).await;
        place.keeps(exit, place.import()).await;
    }
}

#[tokio::test]
async fn of_reports_that_are_none() {
    for (fault, exit) in [
        ("error-report", 69),
        ("wrong-root=other", 65),
        ("truncate-report=900", 69),
        ("ends=Errors", 65),
    ] {
        let place = Place::new(&[fault], Faults::default()).await;
        place.keeps(exit, place.import()).await;
    }
}

#[tokio::test]
async fn of_outputs_that_cannot_be_written() {
    let place = right().await;
    let mut command = place.import();
    command.args(["--csvfile", "missing/Output.csv"]);
    place.keeps(73, command).await;
    let mut command = place.import();
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    command.stdout(std::fs::File::options().write(true).open("/dev/full").unwrap());
    place.kept(74, command.spawn().unwrap()).await;
}

#[tokio::test]
async fn of_a_run_that_is_interrupted() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let place = Place::new(&["hang@fetch"], Faults::default()).await;
        let mut command = place.import();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        while !place.qualys.requests().iter().any(|request| request.action == "fetch") {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        connector_lab::testing::signal(child.id(), signal);
        place.kept(code, child).await;
    }
}

#[tokio::test]
async fn of_a_command_line_that_is_wrong() {
    let place = right().await;
    let mut command = place.import();
    command.args(["--no-such-option"]);
    place.keeps(64, command).await;
}

#[tokio::test]
async fn of_a_preflight() {
    let place = right().await;
    let qualys = telling(|_, told| answer("401 Unauthorized", "", &simple_return(2000, told)));
    for output in ["text", "json"] {
        let mut command = place.command();
        set(&mut command, &[&format!("qualys.url={}", qualys.url())]).args(["check", "--output", output]);
        let told = place.keeps(77, command).await;
        assert!(told.contains("[redacted]"), "{told}");
    }
    for (interface, status, code, exit) in [
        (DETECTIONS, "400 Bad Request", 1905, 78),
        (KNOWLEDGE_BASE, "403 Forbidden", 2012, 77),
    ] {
        let qualys = telling_at(interface, move |told| answer(status, "", &simple_return(code, told)));
        for output in ["text", "json"] {
            let mut command = place.command();
            set(&mut command, &OF_HOSTS);
            set(&mut command, &[&format!("qualys.url={}", qualys.url())]).args(["check", "--output", output]);
            let told = place.keeps(exit, command).await;
            assert!(told.contains("[redacted]"), "{told}");
        }
    }
    let mut command = place.command();
    command.arg("config");
    place.keeps(0, command).await;
}

/// Mistakes in files, whose lines hold secrets.
#[tokio::test]
async fn of_a_configuration_that_is_wrong() {
    let place = right().await;
    for yaml in [
        "qualys:\n  password: 'canary-open\n  user_id: dirk_g\n",
        "qualys:\n  password: canary: x\n",
        "qualys:\n  password: @canary\n",
        "qualys:\n  password: &canary\n",
        "qualys:\n  password: *canary\n",
        "qualys:\n  password: !canary x\n",
        "qualys:\n  password: %canary\n",
        "qualys:\n  password: {canary}\n",
        "qualys:\n  password: {canary: x}\n",
        "qualys:\n  password: {canary, canary}\n",
        "qualys:\n  password: [canary, [canary]]\n",
        "qualys:\n  password: [canary]\n",
        "qualys:\n  password: \"canary\\q\"\n",
        "qualys:\n  password:\n    canary: x\n",
        "qualys:\n  password:canary: x\n",
        "qualys:\n  password:canary\n",
        "qualys:\n  password:canary\n  user_id: x\n",
        "qualys:\n  user_id: x\n  password:canary\n",
        "qualys:\n  password: x\n  password: canary\n",
        "qualys:\n  pasword: canary\n",
        "qualys:\n\tpassword: canary\n",
        "qualys: canary\n",
        "qualys:\n  pasword: {canary}\n",
        "pasword:canary: x\n",
        "password: {canary}\n",
        "password: {canary}\nuser_id: dirk_g\n",
        "user_id: dirk_g\npassword:canary: x\n",
        "user_id: dirk_g\npassword:canary\n",
        "password canary\n",
    ] {
        let file = place.secret("settings.yaml", yaml);
        let mut command = place.import();
        command.args(["--config", &file]).env_remove("QC_QUALYS__PASSWORD");
        let told = place.keeps(78, command).await;
        assert!(told.contains("settings.yaml"), "{yaml}{told}");
        for other in ["check", "config"] {
            let mut command = place.command();
            command
                .args([other, "--config", &file])
                .env_remove("QC_QUALYS__PASSWORD");
            place.keeps(78, command).await;
        }
    }
    let empty = place.secret("empty", "");
    let latin = place.secret("latin", b"canary-\xe9");
    let large = place.secret("large", "canary".repeat(200_000));
    for (name, value) in [
        ("QC_QUALYS__PASWORD", QUALYS),
        ("QC_QUALYS__PASSWORD", ""),
        ("QC_QUALYS__PASSWORD_FILE", &*latin),
        ("QC_QUALYS__PASSWORD_FILE", &*large),
        ("QC_QUALYS__PASSWORD_FILE", &*empty),
        ("QC_QUALYS__PROXY__PASSWORT", QUALYS_PROXY),
        ("QC_TELEMETRY__PUSHGATEWAY__TOKEN", PUSH_TOKEN),
    ] {
        let mut command = place.import();
        if name.ends_with("_FILE") {
            command.env_remove("QC_QUALYS__PASSWORD");
        }
        command.env(name, value);
        place.keeps(78, command).await;
    }
}
