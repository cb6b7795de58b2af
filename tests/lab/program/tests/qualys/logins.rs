//! Who is let in, and how.

use std::time::Duration;

use connector_lab::qualys::{Credentials, Options};
use reqwest::Method;

use crate::client::{Answer, Client, SESSION, SHARE, options, qualys, send};

const LIST: &[(&str, &str)] = &[("action", "list")];

async fn session(client: &Client, form: &[(&str, &str)], cookie: &str) -> Answer {
    let request = client.bare(Method::POST, SESSION).form(form);
    send(request.header("Cookie", cookie)).await.unwrap()
}

async fn log_in(client: &Client) -> String {
    let form = [("action", "login"), ("username", "dirk"), ("password", "right")];
    let answer = session(client, &form, "").await;
    assert_eq!(answer.content("TEXT").unwrap(), "Logged in");
    let cookies = answer.headers.get_all("set-cookie").iter();
    let cookie = cookies
        .map(|cookie| cookie.to_str().unwrap())
        .find(|cookie| cookie.starts_with("QualysSession="));
    assert!(cookie.unwrap().ends_with("path=/api; secure"));
    cookie.unwrap().split(';').next().unwrap().to_owned()
}

async fn list_with(client: &Client, header: &str, value: &str) -> Answer {
    send(client.bare(Method::POST, SHARE).form(LIST).header(header, value))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_wrong_password_is_answered_and_the_sixth_locks_the_account() {
    let (qualys, client) = qualys(options()).await;
    let wrong = || async {
        let request = client.bare(Method::POST, SHARE).basic_auth("dirk", Some("wrong"));
        send(request.form(LIST)).await.unwrap()
    };
    assert_eq!(wrong().await.refusal(), (401, 2000, "Bad Login/Password".to_owned()));
    assert_eq!(
        client.post(LIST).await.status,
        200,
        "a right one in between is forgiven the wrong ones"
    );
    for _ in 0..5 {
        assert_eq!(wrong().await.refusal().1, 2000);
    }
    assert_eq!(client.post(LIST).await.refusal().1, 2002, "locked, though right");
    let credentials = qualys.requests().into_iter().map(|request| request.credentials);
    assert_eq!(
        credentials
            .filter(|&credentials| credentials == Credentials::Wrong)
            .count(),
        6
    );
}

#[tokio::test]
async fn a_wrong_login_as_the_old_guide_shows_it() {
    let (qualys, client) = qualys(Options {
        bad_login: "2010/200".parse().unwrap(),
        ..options()
    })
    .await;
    let answer = send(client.bare(Method::POST, SHARE).form(LIST)).await.unwrap();
    assert_eq!(answer.refusal(), (200, 2010, "Bad Login/Password".to_owned()));
    assert_eq!(qualys.requests()[0].credentials, Credentials::None);
}

#[tokio::test]
async fn a_session_from_login_to_logout() {
    let (qualys, client) = qualys(options()).await;
    let cookie = log_in(&client).await;
    let answer = list_with(&client, "Cookie", &cookie).await;
    assert_eq!(answer.status, 200);
    let logout = session(&client, &[("action", "logout")], &cookie).await;
    assert_eq!(logout.content("TEXT").unwrap(), "Logged out");
    assert_eq!(
        logout.header("x-ratelimit-limit"),
        None,
        "sessions count against no limit"
    );
    assert_eq!(list_with(&client, "Cookie", &cookie).await.refusal().1, 2000);

    let cookie = log_in(&client).await;
    qualys.advance(Duration::from_secs(3601));
    assert_eq!(
        list_with(&client, "Cookie", &cookie).await.refusal().1,
        2000,
        "idle for more than an hour"
    );

    let asked = qualys.requests();
    assert_eq!(
        (asked[0].action.as_str(), asked[0].credentials),
        ("login", Credentials::Right)
    );
    assert!(
        asked
            .iter()
            .all(|request| !format!("{request:?}").contains("\"right\"")),
        "no password is kept"
    );
}

#[tokio::test]
async fn credentials_in_a_query_are_refused_and_noticed() {
    let (qualys, client) = qualys(options()).await;
    let path = format!("{SESSION}?action=login&username=dirk&password=right");
    let answer = send(client.bare(Method::POST, &path)).await.unwrap();
    assert_eq!(answer.refusal().1, 1901);
    let get = send(client.bare(Method::GET, &format!("{SESSION}?action=login")))
        .await
        .unwrap();
    assert_eq!(get.refusal().1, 1908);
    let request = &qualys.requests()[0];
    assert_eq!(request.credentials, Credentials::Query);
    assert_eq!(request.parameters.keys().collect::<Vec<_>>(), ["action"]);
}

#[tokio::test]
async fn a_bearer_token_is_a_login() {
    let token = Some("a.b.c".to_owned());
    let (_qualys, client) = qualys(Options { token, ..options() }).await;
    assert_eq!(list_with(&client, "Authorization", "Bearer a.b.c").await.status, 200);
    assert_eq!(
        list_with(&client, "Authorization", "Bearer a.b").await.refusal().1,
        2000
    );
}

#[tokio::test]
async fn any_login_is_right_when_none_was_given() {
    let (_qualys, client) = qualys(Options {
        user: None,
        password: None,
        ..options()
    })
    .await;
    assert_eq!(client.post(LIST).await.status, 200);
    let answer = send(client.bare(Method::POST, SHARE).form(LIST)).await.unwrap();
    assert_eq!(answer.refusal().1, 2000, "but one there must be");
}
