//! What the lab's Qualys shows of itself.

use connector_lab::qualys::Options;

use crate::client::{Client, faulty, options, qualys};

const LIST: &[(&str, &str)] = &[("action", "list")];

#[tokio::test]
async fn the_certificate_is_good_for_every_name_of_this_machine() {
    let (named, client) = qualys(options()).await;
    assert_eq!(client.post(LIST).await.status, 200, "127.0.0.1");
    let url = format!("https://localhost:{}", named.address().port());
    let client = Client::new(&named.ca_pem_path(), &url);
    assert_eq!(client.post(LIST).await.status, 200, "localhost");

    let listen = "[::1]:0".parse().unwrap();
    let (_qualys, client) = qualys(Options { listen, ..options() }).await;
    assert_eq!(client.post(LIST).await.status, 200, "::1");
}

#[tokio::test]
async fn a_bad_certificate_is_shown_when_asked_for() {
    for (fault, reason) in [
        ("certificate=foreign", "UnknownIssuer"),
        ("certificate=expired", "expired"),
        ("certificate=other-name", "not valid for name"),
    ] {
        let (qualys, client) = faulty(&[&format!("{fault}@connection:1")]).await;
        let error = client.try_post(LIST).await.unwrap_err();
        assert!(error.contains(reason), "{fault}: {error}");
        assert_eq!(client.post(LIST).await.status, 200, "only the first connection");
        assert_eq!(qualys.requests().len(), 1, "nothing was said to a stranger");
        assert_eq!(qualys.connections().failed, 1);
    }
}

#[tokio::test]
async fn a_certificate_is_renewed() {
    let (qualys, client) = faulty(&["certificate=renewed@connection:2-"]).await;
    for _ in 0..3 {
        assert_eq!(client.post(LIST).await.status, 200);
    }
    assert_eq!(qualys.connections().failed, 0);
}
