use qualys_connector::exit::Exit;
use qualys_connector::qualys::{Ending, Login, Settings};
use support::scripted::{Reply, Scripted, empty_list};

use crate::{PASSWORD, TEMPLATE, client, failure, run, settings};

fn session(qualys: &Scripted) -> Settings {
    Settings {
        login: Login::Session(PASSWORD.into()),
        ..settings(&qualys.url())
    }
}

#[tokio::test]
async fn a_session_is_opened_once_used_by_cookie_and_closed() {
    let qualys = Scripted::start();
    run(&session(&qualys)).await.0.unwrap();
    assert_eq!(
        qualys.actions(),
        ["login", "list", "launch", "list", "fetch", "delete", "logout"]
    );
    let requests = qualys.requests();
    assert_eq!(requests[0].parameters["password"], PASSWORD);
    assert_eq!(requests[0].target, "/api/2.0/fo/session/");
    for request in &requests[1..] {
        assert_eq!(request.headers["cookie"], "QualysSession=s3ss10n; DWRSESSIONID=dwr");
        assert!(!request.headers.contains_key("authorization"));
    }
    assert!(requests.iter().all(|request| !request.target.contains("d0ntp")));
}

#[tokio::test]
async fn a_session_is_closed_after_a_failure_and_after_an_abort() {
    let qualys = Scripted::start();
    qualys.then("launch", Reply::refusal(400, 1905, "bad value", ""));
    failure(&session(&qualys)).await;
    assert_eq!(qualys.actions().last().unwrap(), "logout");

    let qualys = Scripted::start();
    qualys.times(9, "list", &empty_list());
    let client = client(&session(&qualys));
    let launched = client.launch(TEMPLATE).await.unwrap();
    drop(client.wait(&launched));
    client.tidy_up(&launched, Ending::Interrupted).await;
    client.close().await;
    assert_eq!(qualys.actions(), ["login", "list", "launch", "cancel", "logout"]);
}

#[tokio::test]
async fn a_session_that_expired_is_opened_again() {
    let qualys = Scripted::start();
    qualys.then("fetch", Reply::refusal(401, 2000, "Bad Login/Password", ""));
    run(&session(&qualys)).await.0.unwrap();
    assert_eq!(qualys.actions()[4..], ["fetch", "login", "fetch", "delete", "logout"]);
}

#[tokio::test]
async fn a_refused_login_is_never_repeated() {
    let refused = Reply::refusal(401, 2000, "Bad Login/Password", "");
    let qualys = Scripted::start();
    qualys.times(9, "login", &refused);
    let (sentence, exit) = failure(&session(&qualys)).await;
    insta::assert_snapshot!(sentence, @r#"launch at HOST: Qualys refuses: "Bad Login/Password" (code 2000); check qualys.user_id and qualys.password; the account may live on another platform than qualys.url (see Help > About in Qualys), or may not use the API; it is not tried again, because repeated failures lock the account"#);
    assert_eq!(exit, Exit::Credentials);
    assert_eq!(qualys.actions(), ["login"]);

    // Refused although just logged in: another login wouldn't help.
    let qualys = Scripted::start();
    qualys.times(9, "list", &refused);
    failure(&session(&qualys)).await;
    assert_eq!(qualys.actions(), ["login", "list", "logout"]);

    let qualys = Scripted::start();
    qualys.times(9, "list", &refused);
    failure(&settings(&qualys.url())).await;
    assert_eq!(qualys.actions(), ["list"]);
}

#[tokio::test]
async fn a_token_that_was_replaced_after_a_refusal_is_used_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "first\n").unwrap();
    let qualys = Scripted::start();
    let settings = Settings {
        login: Login::Token(file.clone()),
        ..settings(&qualys.url())
    };
    let client = client(&settings);
    let launched = client.launch(TEMPLATE).await.unwrap();
    std::fs::write(&file, "second\n").unwrap();
    client.wait(&launched).await.unwrap();
    let sent: Vec<_> = qualys
        .requests()
        .iter()
        .map(|request| request.headers["authorization"].clone())
        .collect();
    assert_eq!(sent, ["Bearer first", "Bearer first", "Bearer second"]);
}
