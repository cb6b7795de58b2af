//! No two broken set-ups are told in the same words.

use std::collections::BTreeMap;

use connector_lab::management_center::{Faults, Options, ServerCertificate, Validity};

use crate::setup::{BlackHole, Setup, closed_port, proxy};

/// What is broken, and the first thing that is said to be.
async fn first(name: &'static str, setup: Setup) -> (&'static str, (String, String)) {
    let failed = setup.findings("failed").await;
    let (_, text, remedy) = failed.into_iter().next().unwrap();
    // The addresses of the lab aren't what should make the difference.
    let text: String = text.chars().filter(|c| !c.is_ascii_digit()).collect();
    (name, (text, remedy))
}

fn validity(client_validity: Validity) -> Options {
    Options {
        client_validity,
        ..Options::default()
    }
}

#[tokio::test]
async fn twenty_broken_set_ups_have_twenty_sentences_and_remedies() {
    let right = || Setup::right();
    let hole = BlackHole::new().await;
    let certificate = |certificate| Faults {
        certificate,
        ..Faults::default()
    };
    let plain = Faults {
        plain_text: true,
        ..Faults::default()
    };
    let wants_login = proxy("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n").await;
    let deleted = right().await;
    deleted.center.delete_client();
    let told = [
        first("missing setting", right().await.without("QC_QUALYS__PASSWORD")).await,
        first(
            "missing file",
            right().await.with("management_center.pkcs12", "x.pkcs12"),
        )
        .await,
        first("expired", Setup::center(validity(Validity::Expired)).await).await,
        first("not yet valid", Setup::center(validity(Validity::NotYetValid)).await).await,
        first(
            "no such name",
            right().await.with("management_center.server", "nowhere.invalid"),
        )
        .await,
        first(
            "refused",
            right().await.with("management_center.port", closed_port().to_string()),
        )
        .await,
        first(
            "dropped",
            right()
                .await
                .with("management_center.connect_timeout", "500ms")
                .with("management_center.port", hole.address.port().to_string()),
        )
        .await,
        first("no TLS", Setup::faulty(plain).await).await,
        first("foreign", Setup::faulty(certificate(ServerCertificate::Foreign)).await).await,
        first(
            "expired there",
            Setup::faulty(certificate(ServerCertificate::Expired)).await,
        )
        .await,
        first(
            "not pinned",
            right()
                .await
                .with("management_center.trust", format!("fingerprint:{}", "0".repeat(64))),
        )
        .await,
        first("deleted", deleted).await,
        first(
            "proxy login",
            right().await.with("qualys.proxy.url", format!("http://{wants_login}")),
        )
        .await,
        first(
            "no proxy",
            right()
                .await
                .with("qualys.proxy.url", format!("http://127.0.0.1:{}", closed_port())),
        )
        .await,
        first(
            "no Qualys",
            right()
                .await
                .with("qualys.url", format!("https://127.0.0.1:{}", closed_port())),
        )
        .await,
        first("untrusted Qualys", Setup::at_qualys(&["certificate=foreign"]).await).await,
        first("page", Setup::at_qualys(&["html"]).await).await,
        first(
            "redirect",
            Setup::at_qualys(&["redirect=https://elsewhere.example/"]).await,
        )
        .await,
        first("bad login", right().await.variable("QC_QUALYS__PASSWORD", "wrong")).await,
        first("inactive", Setup::at_qualys(&["code=2002"]).await).await,
        first("unregistered", Setup::at_qualys(&["code=2003"]).await).await,
        first("no API", Setup::at_qualys(&["code=2012"]).await).await,
        first("forbidden", Setup::at_qualys(&["status=403"]).await).await,
        first("throttled", Setup::at_qualys(&["throttled=3300"]).await).await,
        first("maintenance", Setup::at_qualys(&["maintenance"]).await).await,
        first("unknown template", right().await.with("qualys.template_ids", "99")).await,
        first("Manual template", right().await.with("qualys.template_ids", "2")).await,
    ];
    let mut seen = BTreeMap::new();
    for (name, said) in told {
        assert!(!said.1.is_empty(), "{name} has no remedy: {}", said.0);
        if let Some(other) = seen.insert(said.clone(), name) {
            panic!("{name} and {other} are told alike: {said:?}");
        }
    }
    assert!(seen.len() >= 20);
}
