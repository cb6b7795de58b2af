//! What `explain` says of a code is what an import does that meets it.

use std::time::Duration;

use futures_util::future::join_all;
use qualys_connector::explain::explain;
use qualys_connector::problem::{Kind, RetryPolicy};
use qualys_connector::qualys::{Login, Settings};
use support::scripted::{Reply, Scripted};

use crate::{PASSWORD, client, failure, settings};

/// Every code and every status of the table, as an answer to the first call.
fn known() -> Vec<(Kind, String, Reply)> {
    let mut known = Vec::new();
    for kind in Kind::ALL {
        for (code, words) in kind.row().codes {
            known.push((*kind, code.to_string(), Reply::refusal(200, *code, words, "")));
        }
        for statuses in kind.row().statuses {
            let status = *statuses.start();
            known.push((*kind, status.to_string(), Reply::new(status, "", "")));
        }
    }
    known
}

#[tokio::test]
async fn every_known_code_does_what_explain_says() {
    let known = known();
    assert!(known.len() > 30, "{}", known.len());
    join_all(known.into_iter().map(async |(kind, number, reply)| {
        let qualys = Scripted::start();
        qualys.times(200, "list", &reply);
        let quick = Settings {
            deadline: Duration::from_secs(2),
            ..settings(&qualys.url())
        };
        let (sentence, exit) = failure(&quick).await;
        let asked = qualys.actions().len();
        let explained = explain(&number).unwrap();
        let row = kind.row();
        let says = format!(
            "{}\n  to do:      {}\n  try again?  {}\n  ends with   exit code {exit}\n",
            row.meaning,
            row.remedy,
            row.retry.words()
        );
        assert!(explained.contains(&says), "{number}: {explained}\nbut {sentence}");
        let as_said = match row.retry {
            RetryPolicy::Never => asked == 1,
            RetryPolicy::FewTimes | RetryPolicy::FewTimesOrRetryAfter(_) => asked == 7,
            // As often as two seconds allow.
            RetryPolicy::UntilDeadline(_) => asked > 1,
            RetryPolicy::Reconnect => false,
        };
        assert!(as_said, "{number}: {asked} calls, {explained}");
    }))
    .await;
}

/// Each refusal brings the account nearer to its lock.
#[tokio::test]
async fn every_refused_login_is_sent_once_whatever_code_refuses_it_however_many_templates_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "t0ken").unwrap();
    let refusals = Kind::ALL
        .iter()
        .filter(|kind| kind.row().closes)
        .flat_map(|kind| kind.row().codes);
    let refusals: Vec<_> = refusals.collect();
    assert!(refusals.len() > 6, "{refusals:?}");
    for (code, words) in refusals {
        for login in [
            Login::Basic(PASSWORD.into()),
            Login::Session(PASSWORD.into()),
            Login::Token(token.clone()),
        ] {
            let qualys = Scripted::start();
            for action in ["list", "login", "launch"] {
                qualys.times(9, action, &Reply::refusal(401, *code, words, ""));
            }
            let client = client(&Settings {
                login: login.clone(),
                ..settings(&qualys.url())
            });
            let (one, other) = tokio::join!(client.launch(1), client.launch(2));
            assert!(
                one.is_err() && other.is_err() && client.login_is_refused(),
                "{code} {login:?}"
            );
            client.launch(3).await.unwrap_err();
            client.close().await;
            assert_eq!(qualys.actions().len(), 1, "{code} {login:?}: {:?}", qualys.actions());
        }
    }
}
