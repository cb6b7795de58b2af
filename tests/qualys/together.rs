//! Several templates' reports at the same time: one login, shared lists, Qualys' own limits.

use std::time::Duration;

use connector_lab::qualys::{Fault, Limits, Options, Times};
use futures_util::future::join_all;
use qualys_connector::qualys::{Login, Settings};
use support::scripted::{Reply, Scripted};

use crate::lab::{actions, options, start};
use crate::{PASSWORD, client, obtain, settings};

const TEMPLATES: [u64; 3] = [11, 22, 33];

#[tokio::test]
async fn reports_are_made_and_downloaded_at_the_same_time() {
    for (concurrency, login, sessions) in [
        (2, Login::Basic(PASSWORD.into()), 0),
        (1, Login::Session(PASSWORD.into()), 1),
    ] {
        let (qualys, settings) = start(Options {
            limits: Limits {
                concurrency,
                ..Limits::default()
            },
            times: Times {
                build_time: Duration::from_millis(400),
                ..Times::instant()
            },
            ..options(&[])
        })
        .await;
        let settings = Settings {
            login,
            poll_interval: Duration::from_millis(100),
            ..settings
        };
        let share = client(&settings);
        let reports = join_all(TEMPLATES.map(|template| obtain(&share, template))).await;
        for report in reports {
            assert!(report.unwrap().contains("<HOST_LIST>"));
        }
        let usage = share.close().await;
        assert_eq!((usage.launched, usage.deleted), (3, 3));
        assert_eq!(qualys.reports(), []);
        let actions = actions(&qualys);
        let count = |action: &str| actions.iter().filter(|of| *of == action).count();
        assert_eq!((count("login"), count("logout")), (sessions, sessions), "{actions:?}");
        // The first list is for all; then each shows all three. Alone, each would be looked at three times.
        let launched = actions.iter().rposition(|action| action == "launch").unwrap();
        assert_eq!(
            actions[..launched].iter().filter(|of| *of == "list").count(),
            1,
            "{actions:?}"
        );
        assert!(count("list") <= 7, "{actions:?}");
        for request in qualys.requests() {
            assert_eq!(request.status, Some(200), "no call is one too many: {request:?}");
        }
    }
}

#[tokio::test]
async fn a_login_that_is_refused_is_asked_once_however_many_want_something() {
    for (login, asked) in [
        (Login::Basic(PASSWORD.into()), "list"),
        (Login::Session(PASSWORD.into()), "login"),
    ] {
        let qualys = Scripted::start();
        qualys.times(9, asked, &Reply::refusal(401, 2000, "Bad Login/Password", ""));
        let share = client(&Settings {
            login,
            ..settings(&qualys.url())
        });
        for failed in join_all(TEMPLATES.map(|template| obtain(&share, template))).await {
            assert_eq!(failed.unwrap_err().exit().code(), 77);
        }
        assert!(share.login_is_refused());
        share.close().await;
        assert_eq!(qualys.actions(), [asked]);
    }
}

#[tokio::test]
async fn one_that_fails_leaves_the_others_alone() {
    let fault: Fault = "status=404@fetch:1".parse().unwrap();
    let (qualys, settings) = start(Options {
        faults: vec![fault],
        ..options(&[])
    })
    .await;
    let share = client(&settings);
    let reports = join_all(TEMPLATES.map(|template| obtain(&share, template))).await;
    assert_eq!(reports.iter().filter(|report| report.is_ok()).count(), 2);
    share.close().await;
    assert_eq!(qualys.reports(), []);
}
