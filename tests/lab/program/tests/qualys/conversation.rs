//! The report share: launch, list, fetch, delete, and what it doesn't take.

use std::time::Duration;

use connector_lab::qualys::{Options, Times};
use connector_lab::report::Report;
use reqwest::Method;
use reqwest::header::HeaderValue;

use crate::client::{SHARE, options, qualys, send};

#[tokio::test]
async fn a_report_from_launch_to_deletion() {
    let times = Times::default();
    let (qualys, client) = qualys(Options {
        times: times.clone(),
        ..options()
    })
    .await;
    let launched = client.launch("424242").await;
    assert_eq!(
        (launched.status, launched.header("content-type")),
        (200, Some("text/xml"))
    );
    assert_eq!(launched.root(), "SIMPLE_RETURN");
    assert_eq!(launched.content("TEXT").unwrap(), "New report launched");
    assert_eq!(launched.content("KEY").unwrap(), "ID");
    assert_eq!(launched.content("CODE"), None);
    let id = launched.content("VALUE").unwrap();

    let list = client.list(&id).await;
    assert_eq!(
        (list.root().as_str(), list.content("REPORT_LIST")),
        ("REPORT_LIST_OUTPUT", None)
    );

    qualys.advance(times.unlisted);
    let list = client.list(&id).await;
    assert_eq!(list.content("TITLE").unwrap(), "Nightly");
    assert_eq!(list.content("STATE").unwrap(), "Submitted");
    assert_eq!(list.content("USER_LOGIN").unwrap(), "dirk");
    assert_eq!(list.content("OUTPUT_FORMAT").unwrap(), "XML");

    qualys.advance(Duration::from_secs(13));
    let list = client.list(&id).await;
    assert_eq!(list.content("STATE").unwrap(), "Running");
    assert_eq!(list.content("PERCENT").unwrap(), "50");
    assert!(list.content("MESSAGE").is_some());
    assert_eq!(
        client.fetch(&id).await.refusal(),
        (200, 7001, "Report cannot be fetched.".to_owned())
    );

    qualys.advance(Duration::from_secs(15));
    let list = client.list(&id).await;
    assert_eq!(
        (list.content("STATE").unwrap().as_str(), list.content("PERCENT")),
        ("Finished", None)
    );
    assert!(list.content("SIZE").unwrap().ends_with(" KB"));
    let date = |name| humantime::parse_rfc3339(&list.content(name).unwrap()).unwrap();
    let life = date("EXPIRATION_DATETIME")
        .duration_since(date("LAUNCH_DATETIME"))
        .unwrap();
    assert_eq!(life.as_secs(), 7 * 86_400);
    assert_eq!(
        client.fetch(&id).await.refusal().1,
        7001,
        "finished is a little earlier than fetchable"
    );

    qualys.advance(times.fetch_lag);
    let report = client.fetch(&id).await;
    assert_eq!(
        (report.status, report.header("content-type")),
        (200, Some("application/xml"))
    );
    assert_eq!(report.header("content-length").unwrap(), report.body.len().to_string());
    let disposition = report.header("content-disposition").unwrap();
    assert!(
        disposition.starts_with("attachment; filename=Scan_Report_Nightly_dirk_20"),
        "{disposition}"
    );
    let mut meant = Vec::new();
    Report::new(options().report).unwrap().write_to(&mut meant).unwrap();
    assert_eq!(report.body, meant);

    let deleted = client.post(&[("action", "delete"), ("id", &id)]).await;
    assert_eq!(deleted.content("TEXT").unwrap(), "Report deleted");
    assert_eq!(deleted.content("VALUE").unwrap(), id);
    assert_eq!(client.fetch(&id).await.refusal().1, 7001);
    assert_eq!(client.state(&id).await, None);
    assert_eq!(qualys.reports(), []);

    let asked: Vec<_> = qualys
        .requests()
        .into_iter()
        .map(|request| (request.action, request.code))
        .collect();
    let asked: Vec<_> = asked
        .iter()
        .map(|(action, code)| (action.as_str(), code.unwrap_or(0)))
        .collect();
    assert_eq!(
        asked,
        [
            ("launch", 0),
            ("list", 0),
            ("list", 0),
            ("list", 0),
            ("fetch", 7001),
            ("list", 0),
            ("fetch", 7001),
            ("fetch", 0),
            ("delete", 0),
            ("fetch", 7001),
            ("list", 0),
        ]
    );
}

#[tokio::test]
async fn the_list_can_be_narrowed() {
    let (qualys, client) = qualys(options()).await;
    let old = qualys.leave("left over", 7, Duration::from_secs(6 * 86_400)).unwrap();
    let new = qualys.leave("fresh", 7, Duration::ZERO).unwrap();
    let ids = async |filter: (&str, &str)| {
        let text = client.post(&[("action", "list"), filter]).await.text().to_owned();
        [old, new].map(|id| text.contains(&format!("<ID>{id}</ID>")))
    };
    assert_eq!(ids(("state", "Finished")).await, [true, true]);
    assert_eq!(ids(("state", "Running")).await, [false, false]);
    assert_eq!(ids(("user_login", "dirk")).await, [true, true]);
    assert_eq!(ids(("user_login", "zaphod")).await, [false, false]);
    assert_eq!(ids(("id", &old.to_string())).await, [true, false]);
    let in_two_days = std::time::SystemTime::now() + Duration::from_secs(2 * 86_400);
    let in_two_days = humantime::format_rfc3339_seconds(in_two_days).to_string();
    assert_eq!(ids(("expires_before_datetime", &in_two_days)).await, [true, false]);

    qualys.advance(Duration::from_secs(2 * 86_400));
    let titles: Vec<String> = qualys.reports().into_iter().map(|report| report.title).collect();
    assert_eq!(titles, ["fresh"], "a report is kept for seven days");
}

#[tokio::test]
async fn a_report_under_way_can_be_cancelled() {
    let (qualys, client) = qualys(Options {
        times: Times {
            unlisted: Duration::ZERO,
            ..Times::default()
        },
        ..options()
    })
    .await;
    let id = client.launched().await;
    let cancelled = client.post(&[("action", "cancel"), ("id", &id)]).await;
    assert_eq!(cancelled.content("VALUE").unwrap(), id);
    assert_eq!(client.state(&id).await.unwrap(), "Canceled");
    qualys.advance(Duration::from_secs(3600));
    assert_eq!(client.fetch(&id).await.refusal().1, 7001);
    assert_eq!(qualys.reports()[0].state, "Canceled");
}

#[tokio::test]
async fn without_its_slash_a_call_is_sent_to_plain_http() {
    let (qualys, client) = qualys(options()).await;
    let answer = client.get("/api/2.0/fo/report?action=list").await;
    let location = format!("http://{}/api/2.0/fo/report/?action=list", qualys.address());
    assert_eq!(
        (answer.status, answer.header("location")),
        (301, Some(location.as_str()))
    );
}

#[tokio::test]
async fn whoever_speaks_plain_http_is_noticed() {
    let (qualys, _) = qualys(options()).await;
    let answer = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = answer.get(format!("http://{}/", qualys.address())).send().await;
    assert!(answer.is_err());
    assert_eq!((qualys.connections().accepted, qualys.connections().failed), (1, 1));
}

#[tokio::test]
async fn every_call_needs_the_header() {
    let (_qualys, client) = qualys(options()).await;
    for header in [None, Some("")] {
        let mut request = client
            .request(Method::GET, &format!("{SHARE}?action=list"))
            .build()
            .unwrap();
        request.headers_mut().remove("X-Requested-With");
        if let Some(value) = header {
            request
                .headers_mut()
                .insert("X-Requested-With", HeaderValue::from_static(value));
        }
        let answer = send(client.rebuilt(request)).await.unwrap();
        assert_eq!((answer.refusal().0, answer.refusal().1), (400, 1903), "{header:?}");
    }
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused() {
    let templates = vec!["7".parse().unwrap(), "8:manual".parse().unwrap()];
    let (_qualys, client) = qualys(Options { templates, ..options() }).await;
    let launch = |rest: &'static [(&str, &str)]| {
        let mut form = vec![("action", "launch"), ("output_format", "xml")];
        form.extend_from_slice(rest);
        let client = client.clone();
        async move {
            let (status, code, _) = client.post(&form).await.refusal();
            (status, code)
        }
    };
    assert_eq!(launch(&[]).await, (400, 1903), "no template");
    assert_eq!(launch(&[("template_id", "seven")]).await, (400, 1905));
    assert_eq!(launch(&[("template_id", "9")]).await, (400, 1905), "no such template");
    assert_eq!(launch(&[("template_id", "7"), ("colour", "red")]).await, (400, 1901));
    assert_eq!(
        launch(&[("template_id", "8")]).await,
        (400, 1903),
        "a manual template wants report_refs"
    );
    assert_eq!(
        launch(&[("template_id", "7"), ("report_refs", "scan/1")]).await,
        (400, 1907)
    );

    let title = "x".repeat(129);
    let long = [
        ("action", "launch"),
        ("output_format", "xml"),
        ("template_id", "7"),
        ("report_title", &title),
    ];
    assert_eq!(client.post(&long).await.refusal().1, 1905);
    let no_format = [("action", "launch"), ("template_id", "7")];
    assert_eq!(client.post(&no_format).await.refusal().1, 1903);
    let get = client
        .get(&format!("{SHARE}?action=launch&template_id=7&output_format=xml"))
        .await;
    assert_eq!((get.refusal().0, get.refusal().1), (400, 1908), "launch by GET");
    assert_eq!(client.post(&[("action", "dance")]).await.refusal().1, 1905);
    assert_eq!(client.post(&[]).await.refusal().1, 1903);
    assert_eq!(
        client.post(&[("action", "delete"), ("id", "1")]).await.refusal().1,
        1905
    );
    assert_eq!(client.get("/api/2.0/fo/scan/").await.status, 404);
    let long = format!("{SHARE}?action=list&user_login={}", "x".repeat(9_000));
    assert_eq!(client.get(&long).await.status, 414);
}

#[tokio::test]
async fn an_unknown_template_as_the_old_guide_shows_it() {
    let (_qualys, client) = qualys(Options {
        templates: vec!["7".parse().unwrap()],
        unknown_template: "999/200".parse().unwrap(),
        ..options()
    })
    .await;
    let answer = client.launch("424242").await;
    let text = "Internal error. Please contact customer support.".to_owned();
    assert_eq!(answer.refusal(), (200, 999, text));
    assert_eq!(answer.content("KEY").unwrap(), "Incident Signature");
    assert_eq!(answer.content("VALUE").unwrap(), "Tried to launch invalid report.");
}

#[tokio::test]
async fn a_template_of_another_type_makes_another_document() {
    let templates = vec!["7:Patch".parse().unwrap()];
    let (_qualys, client) = qualys(Options { templates, ..options() }).await;
    let id = client.launch("7").await.content("VALUE").unwrap();
    assert_eq!(client.fetch(&id).await.root(), "PATCH_REPORT");
}

#[tokio::test]
async fn a_full_storage_takes_no_launch() {
    let storage = Some(10_000);
    let (_qualys, client) = qualys(Options { storage, ..options() }).await;
    let id = client.launched().await;
    assert_eq!(client.state(&id).await.unwrap(), "Finished");
    assert_eq!(client.launch("424242").await.refusal().1, 1920);
    client.post(&[("action", "delete"), ("id", &id)]).await;
    assert_eq!(client.launch("424242").await.content("CODE"), None);
}

#[tokio::test]
async fn the_request_is_repeated_for_whoever_asks() {
    let (_qualys, client) = qualys(options()).await;
    let answer = client.post(&[("action", "list"), ("echo_request", "1")]).await;
    assert!(answer.text().contains("<KEY>action</KEY>") && answer.text().contains("<USER_LOGIN>dirk<"));
    assert!(!client.list("1").await.text().contains("REQUEST>"));
}

#[tokio::test]
async fn each_template_can_have_a_report_of_its_own() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "<ASSET_DATA_REPORT/>").unwrap();
    let (_qualys, client) = qualys(Options {
        distinct: true,
        files: vec![format!("7={}", file.path().display()).parse().unwrap()],
        ..options()
    })
    .await;
    let fetched = async |template: &str| {
        let id = client.launch(template).await.content("VALUE").unwrap();
        assert_eq!(client.state(&id).await.unwrap(), "Finished");
        client.fetch(&id).await.text().to_owned()
    };
    assert_eq!(fetched("7").await, "<ASSET_DATA_REPORT/>");
    let (one, other) = (fetched("8").await, fetched("9").await);
    assert_ne!(one, other);
    let mut meant = Vec::new();
    Report::new(options().report.of_template(8))
        .unwrap()
        .write_to(&mut meant)
        .unwrap();
    assert_eq!(one.as_bytes(), meant);
}
