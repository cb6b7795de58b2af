//! Against the lab's Qualys: TLS, its storage, its clock, its limits.

use std::io::Read;
use std::time::Duration;

use connector_lab::qualys::{Credentials, Fault, Options, Qualys, Template, Times};
use connector_lab::report;
use futures_util::future::join_all;
use qualys_connector::qualys::{Api, Body, Login, Settings};

use crate::{Failure, PASSWORD, TEMPLATE, client, failure, obtain, run, settings};

/// A Qualys that knows one user, whose reports are small and ready at once.
pub(crate) fn options(faults: &[&str]) -> Options {
    Options {
        user: Some("dirk_g".into()),
        password: Some(PASSWORD.into()),
        faults: faults.iter().map(|fault| fault.parse().unwrap()).collect(),
        times: Times::instant(),
        report: report::Options {
            hosts: 20,
            findings: 5,
            qids: 50,
            ..report::Options::default()
        },
        ..Options::default()
    }
}

pub(crate) async fn start(options: Options) -> (Qualys, Settings) {
    let qualys = Qualys::start(options).await.unwrap();
    let settings = Settings {
        ca_file: Some(qualys.ca_pem_path()),
        ..settings(&qualys.url())
    };
    (qualys, settings)
}

pub(crate) fn actions(qualys: &Qualys) -> Vec<String> {
    qualys.requests().iter().map(|request| request.action.clone()).collect()
}

fn count(qualys: &Qualys, action: &str) -> usize {
    actions(qualys).iter().filter(|of| *of == action).count()
}

#[tokio::test]
async fn the_whole_story_however_reports_are_sent() {
    let plain = run(&start(options(&[])).await.1).await.0.unwrap();
    assert!(plain.contains("<HOST_LIST>"));
    let variants = [
        Options {
            no_gzip: true,
            ..options(&[])
        },
        Options {
            chunked: true,
            no_gzip: true,
            ..options(&[])
        },
        Options {
            capital_headers: true,
            ..options(&[])
        },
    ];
    for variant in variants {
        let (qualys, settings) = start(variant).await;
        assert_eq!(run(&settings).await.0.unwrap(), plain);
        assert_eq!(actions(&qualys), ["list", "launch", "list", "fetch", "delete"]);
        assert_eq!(qualys.reports(), []);
        for request in qualys.requests() {
            assert_eq!(
                (request.status, request.credentials),
                (Some(200), Credentials::Right),
                "{request:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_zip_is_passed_on_as_it_is() {
    let (_qualys, settings) = start(Options {
        zip_above: Some(1),
        ..options(&[])
    })
    .await;
    let client = client(&settings);
    let launched = client.launch(TEMPLATE).await.unwrap();
    let finished = client.wait(&launched).await.unwrap();
    let read = |mut body: Body| {
        let mut bytes = Vec::new();
        body.read_to_end(&mut bytes).map_err(|_| Failure::Unusable)?;
        Ok::<_, Failure>(bytes)
    };
    let bytes = client.download(finished, read, |_| false).await.unwrap();
    assert!(bytes.starts_with(b"PK\x03\x04"));
}

#[tokio::test]
async fn a_report_with_its_real_times_is_awaited_whatever_the_list_says() {
    let (qualys, settings) = start(Options {
        times: Times {
            unlisted: Duration::from_millis(40),
            queued: Duration::from_millis(80),
            build_time: Duration::from_millis(800),
            fetch_lag: Duration::from_millis(30),
            ..Times::default()
        },
        ..options(&[])
    })
    .await;
    run(&settings).await.0.unwrap();
    assert_eq!((count(&qualys, "launch"), count(&qualys, "delete")), (1, 1));
    assert!((3..=14).contains(&count(&qualys, "list")), "{:?}", actions(&qualys));
}

#[tokio::test]
async fn faults_that_pass_cost_a_retry_and_nothing_else() {
    let cases = [
        ("done-close@launch:1", "launch", 1),
        ("done-status=504@launch:1", "launch", 1),
        ("done-empty@launch:1", "launch", 1),
        ("code=1981@launch:1", "launch", 2),
        ("busy=2@launch:1", "launch", 2),
        ("maintenance@list:2", "list", 3),
        ("status=503@list:1-3", "list", 5),
        ("passes=Thinking", "list", 2),
        ("status=500@fetch:1", "fetch", 2),
        ("reset@connection:1-2", "list", 2),
    ];
    join_all(cases.map(async |(fault, action, requests)| {
        let (qualys, settings) = start(options(&[fault])).await;
        let (report, usage) = run(&settings).await;
        assert!(report.is_ok(), "{fault}: {report:?}");
        assert_eq!(count(&qualys, action), requests, "{fault}: {:?}", actions(&qualys));
        assert_eq!(qualys.reports(), [], "{fault}");
        assert_eq!(usage.launched + usage.adopted, 1, "{fault}");
    }))
    .await;
}

#[tokio::test]
async fn faults_that_stay_end_with_their_exit_code_and_leave_or_delete_the_report() {
    let cases = [
        ("code=2000@any", 77, 0),
        ("code=2003@any", 77, 0),
        ("code=2007@any", 77, 0),
        ("code=2012@launch", 77, 0),
        ("code=1920@launch", 77, 0),
        ("code=999@launch", 78, 0),
        ("status=502@list", 69, 0),
        ("status=500@launch", 69, 0),
        ("status=404@list", 78, 0),
        ("status=403@list", 77, 0),
        ("redirect=https://elsewhere.example/@list", 78, 0),
        ("ends=Errors", 65, 0),
        ("ends=Canceled", 65, 0),
        ("unlisted", 75, 1),
        ("code=7001@fetch", 75, 1),
        ("close@fetch", 69, 1),
    ];
    join_all(cases.map(async |(fault, exit, stored)| {
        let (qualys, settings) = start(options(&[fault])).await;
        let (sentence, code) = failure(&settings).await;
        assert_eq!(code.code(), exit, "{fault}: {sentence}");
        assert_eq!(qualys.reports().len(), stored, "{fault}: {sentence}");
        assert!(!sentence.contains(PASSWORD));
    }))
    .await;
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let (qualys, settings) = start(options(&[])).await;
    for login in [Login::Basic("wr0ng".into()), Login::Session("wr0ng".into())] {
        let before = qualys.requests().len();
        let settings = Settings {
            login,
            ..settings.clone()
        };
        let (_, exit) = failure(&settings).await;
        assert_eq!(exit.code(), 77);
        assert_eq!(qualys.requests().len() - before, 1);
    }
}

#[tokio::test]
async fn sessions_and_tokens_work_and_sessions_end() {
    let folder = tempfile::tempdir().unwrap();
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, "t0ken\n").unwrap();
    let (qualys, settings) = start(Options {
        token: Some("t0ken".into()),
        ..options(&[])
    })
    .await;
    for login in [Login::Session(PASSWORD.into()), Login::Token(token_file)] {
        let settings = Settings {
            login,
            ..settings.clone()
        };
        run(&settings).await.0.unwrap();
    }
    let all = ["list", "launch", "list", "fetch", "delete"];
    assert_eq!(actions(&qualys), [&["login"][..], &all, &["logout"], &all].concat());

    // The session ends while the report is being made.
    let (qualys, settings) = start(options(&[])).await;
    let settings = Settings {
        login: Login::Session(PASSWORD.into()),
        ..settings
    };
    let client = client(&settings);
    let launched = client.launch(TEMPLATE).await.unwrap();
    qualys.advance(Duration::from_secs(2 * 3600));
    client.wait(&launched).await.unwrap();
    client.close().await;
    assert_eq!(
        actions(&qualys),
        ["login", "list", "launch", "list", "login", "list", "logout"]
    );
}

#[tokio::test]
async fn the_old_interface_delivers_the_same_hosts() {
    let (qualys, settings) = start(options(&[])).await;
    let settings = Settings {
        api: Api::AssetDataReport,
        ..settings
    };
    assert!(run(&settings).await.0.unwrap().contains("<HOST_LIST>"));
    assert_eq!(actions(&qualys), ["asset-data-report"]);
}

#[tokio::test]
async fn left_overs_that_are_ours_and_old_are_deleted() {
    let (qualys, settings) = start(options(&["hang@fetch:1"])).await;
    let first = client(&settings);
    tokio::time::timeout(Duration::from_secs(3), obtain(&first, TEMPLATE))
        .await
        .unwrap_err();
    qualys.advance(Duration::from_secs(7 * 3600));
    qualys.leave("Weekly", TEMPLATE, Duration::from_secs(7 * 3600)).unwrap();
    let (report, usage) = run(&settings).await;
    report.unwrap();
    assert_eq!((count(&qualys, "launch"), usage.deleted), (2, 2));
    let left: Vec<_> = qualys.reports().into_iter().map(|report| report.title).collect();
    assert_eq!(left, ["Weekly"]);
}

#[tokio::test]
async fn templates_that_will_not_do_are_explained() {
    let template = |id, manual, kind: &str| Template {
        id,
        manual,
        kind: kind.into(),
    };
    let (_qualys, settings) = start(Options {
        templates: vec![
            template(1, false, "Scan"),
            template(2, true, "Scan"),
            template(3, false, "Patch"),
        ],
        ..options(&[])
    })
    .await;
    let client = client(&settings);
    obtain(&client, 1).await.unwrap();
    let refused = async |id| obtain(&client, id).await.unwrap_err();
    for id in [2, 4] {
        let failure = refused(id).await;
        assert_eq!(failure.exit().code(), 78);
        let sentence = failure.sentence();
        match id {
            2 => {
                insta::assert_snapshot!(sentence, @r#"launch at HOST: Qualys refuses: "Missing required parameter(s): report_refs" (code 1903); template 2 ("Template 2") is Manual (scan based), which needs scans picked by hand; an Auto (host based) one is needed; check qualys.template_ids"#);
            }
            _ => {
                insta::assert_snapshot!(sentence, @r#"launch at HOST: Qualys refuses: "Parameter has an invalid value." (code 1905); template 4 isn't in the list of those that qualys.user_id sees; check qualys.template_ids: the id stands behind `id=` in the link of the template's Info button in Qualys"#);
            }
        }
    }
    // Qualys launches it; the check knows better.
    let looked = client.look_at(&[3, 1]).await.unwrap();
    let problem = looked[0].1.as_ref().unwrap_err().to_string();
    assert!(problem.contains("is a Patch template"), "{problem}");
    assert_eq!(looked[1], (1, Ok("Template 1".into())));
}

#[tokio::test]
async fn a_full_report_share_is_named() {
    let (qualys, settings) = start(Options {
        storage: Some(1),
        ..options(&[])
    })
    .await;
    qualys.leave("Weekly", 1, Duration::ZERO).unwrap();
    let (sentence, exit) = failure(&settings).await;
    insta::assert_snapshot!(sentence, @r#"launch at HOST: Qualys refuses: "The storage limit of your report share is reached" (code 1920); the Report Share is full: delete old reports in Qualys, or have the user's limit raised"#);
    assert_eq!(exit.code(), 69);
}

#[tokio::test]
async fn certificates_that_cannot_be_trusted_are_told_apart_and_nothing_is_sent() {
    for (fault, words) in [
        ("certificate=foreign", "UnknownIssuer"),
        ("certificate=expired", "the certificate has expired"),
        (
            "certificate=other-name",
            "its certificate is for other.example, not for",
        ),
    ] {
        let (qualys, settings) = start(options(&[fault])).await;
        let (sentence, _) = failure(&settings).await;
        assert!(sentence.contains(words), "{sentence}");
        assert_eq!(
            qualys.connections().accepted,
            1,
            "a certificate doesn't get better by asking again"
        );
        assert_eq!(qualys.requests().len(), 0);
    }
    let (_qualys, trusted) = start(options(&[])).await;
    let (sentence, exit) = failure(&Settings {
        ca_file: None,
        ..trusted
    })
    .await;
    assert!(sentence.contains("qualys.ca_file"), "{sentence}");
    assert_eq!(exit.code(), 77);
}

#[tokio::test]
async fn a_template_that_fails_does_not_harm_the_next() {
    let (qualys, settings) = start(options(&[])).await;
    let client = client(&settings);
    obtain(&client, 1).await.unwrap();
    qualys.set_faults(vec!["code=1920@launch".parse::<Fault>().unwrap()]);
    assert_eq!(obtain(&client, 2).await.unwrap_err().exit().code(), 77);
    qualys.set_faults(Vec::new());
    obtain(&client, 3).await.unwrap();
    assert_eq!(qualys.reports(), []);
}
