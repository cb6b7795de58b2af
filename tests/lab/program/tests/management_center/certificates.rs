//! TLS, certificates and the client's PKCS12 (reference section 2), read by OpenSSL where it's there.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use connector_lab::management_center::{ManagementCenter, Options, Validity};

use super::client::{Client, VERSION, identity, start, start_default};

/// What openssl prints, on both streams; none when there is no openssl, which CI doesn't accept.
fn openssl(arguments: &[&str]) -> Option<(bool, String)> {
    match Command::new("openssl").args(arguments).output() {
        Ok(output) => {
            let text = [output.stdout, output.stderr].concat();
            Some((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
        }
        Err(_) => {
            connector_lab::testing::skipped("openssl");
            None
        }
    }
}

fn path(center: &ManagementCenter, name: &str) -> String {
    center.dir().join(name).to_str().unwrap().to_owned()
}

#[tokio::test]
async fn openssl_reads_the_pkcs12_with_its_legacy_provider_only() {
    let center = start_default().await;
    let file = path(&center, "client.pkcs12");
    let arguments = ["pkcs12", "-info", "-nodes", "-passin", "pass:", "-in", &file];
    let Some((read, text)) = openssl(&[&arguments[..], &["-legacy"]].concat()) else {
        return;
    };
    assert!(read, "{text}");
    assert!(text.contains("MAC: sha1, Iteration 1\n"), "{text}");
    let in_order = [
        "PKCS7 Encrypted data: pbeWithSHA1And40BitRC2-CBC, Iteration 2048",
        "localKeyID",
        "title = hostinputd",
        "title = InternalCA",
        "PKCS7 Data",
        "Shrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048",
        "localKeyID",
        "PRIVATE KEY",
    ];
    // OpenSSL prints the description of bags and the bags themselves on different streams.
    for part in in_order {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    let first = |part| text.find(part).unwrap();
    assert!(first("RC2-CBC") < first("TripleDES-CBC"), "{text}");
    assert!(first("title = hostinputd") < first("title = InternalCA"), "{text}");
    assert!(!text.contains("friendlyName"), "{text}");

    let (read, text) = openssl(&arguments).unwrap();
    assert!(!read && text.contains("RC2-40-CBC"), "{text}");
}

#[tokio::test]
async fn the_macs_iteration_count_is_left_out() {
    let center = start_default().await;
    let file = path(&center, "client.pkcs12");
    let Some((_, text)) = openssl(&["asn1parse", "-inform", "DER", "-in", &file]) else {
        return;
    };
    let last = text.lines().last().unwrap();
    assert!(last.contains("OCTET STRING") && last.contains("l=   8"), "{text}");
}

#[tokio::test]
async fn a_password_protects_the_pkcs12() {
    let center = start(Options {
        pkcs12_password: "p\u{e4}ss".to_owned(),
        ..Options::default()
    })
    .await;
    let identity = identity(&center.pkcs12(), "p\u{e4}ss");
    assert_eq!(identity.chain.len(), 2);
    let file = path(&center, "client.pkcs12");
    if let Some((read, text)) = openssl(&["pkcs12", "-legacy", "-nodes", "-passin", "pass:wrong", "-in", &file]) {
        assert!(!read && text.contains("invalid password"), "{text}");
    }
}

#[tokio::test]
async fn the_certificates_are_shaped_like_the_real_ones() {
    let center = start(Options {
        client_name: "192.0.2.7".to_owned(),
        ..Options::default()
    })
    .await;
    let show = |name: &str, what: &[&str]| {
        let file = path(&center, name);
        openssl(&[&["x509", "-noout", "-in", &file, "-nameopt", "RFC2253"], what].concat()).map(|(_, text)| text)
    };
    let Some(ca) = show("ca.pem", &["-subject"]) else {
        return;
    };
    // One relative name of three values, in the order of their encodings.
    let uuid = ca.split("CN=").nth(1).unwrap().split('+').next().unwrap();
    assert_eq!(uuid.len(), 36);
    assert_eq!(
        ca.trim_end(),
        format!("subject=O=Cisco Systems\\, Inc,CN={uuid}+OU=Intrusion Management System+title=InternalCA")
    );
    let issuer = show("ca.pem", &["-issuer"]).unwrap();
    assert_eq!(issuer.strip_prefix("issuer="), ca.strip_prefix("subject="));
    let ca = show("ca.pem", &["-text"]).unwrap();
    assert!(
        ca.contains("Public-Key: (2048 bit)") && ca.contains("sha256WithRSAEncryption"),
        "{ca}"
    );
    let (_, extensions) = ca.split_once("X509v3 extensions:").unwrap();
    assert_eq!(extensions.matches("X509v3").count(), 1, "{ca}");
    assert!(extensions.contains("CA:TRUE"), "{ca}");

    let client = show("client.pem", &["-subject"]).unwrap();
    assert_eq!(
        client.trim_end(),
        "subject=O=Cisco Systems\\, Inc,OU=Intrusion Management System,CN=192.0.2.7,\
         generationQualifier=client_e276abec-e0f2-11e3-8169-6d9ed49b625f,title=hostinputd"
    );
    let client = show("client.pem", &["-text"]).unwrap();
    for part in [
        "DNS:192.0.2.7\n",
        "CA:FALSE",
        "TLS Web Client Authentication, TLS Web Server Authentication",
    ] {
        assert!(client.contains(part), "{client}");
    }
}

#[tokio::test]
async fn the_internal_ca_issued_client_and_server() {
    let center = start_default().await;
    let ca = path(&center, "ca.pem");
    for (name, purpose) in [("client.pem", "sslclient"), ("server.pem", "sslserver")] {
        let file = path(&center, name);
        if let Some((verified, text)) = openssl(&["verify", "-purpose", purpose, "-CAfile", &ca, &file]) {
            assert!(verified, "{text}");
        }
    }
}

#[tokio::test]
async fn a_client_without_the_right_certificate_gets_no_answer() {
    let center = start_default().await;
    let other = start_default().await;
    let ca = identity(&center.pkcs12(), "").chain.remove(1);
    let stranger = identity(&other.pkcs12(), "");
    for identity in [None, Some(stranger)] {
        // In TLS 1.3 the client learns of it only when it reads.
        if let Ok(mut client) = Client::connect_as(center.address(), ca.clone(), identity).await {
            let _ = client.send(VERSION, &1u32.to_be_bytes()).await;
            assert!(client.receive().await.is_err());
        }
    }
    center.idle().await;
    assert_eq!(center.network_map().counters.frames, 0);
}

#[tokio::test]
async fn an_expired_client_certificate_is_refused() {
    let center = start(Options {
        client_validity: Validity::Expired,
        ..Options::default()
    })
    .await;
    let mut client = Client::connect(&center).await.unwrap();
    let _ = client.send(VERSION, &1u32.to_be_bytes()).await;
    assert!(client.receive().await.is_err());
}

#[tokio::test]
async fn an_internal_ca_can_be_too_old() {
    let center = start(Options {
        ca_validity: Validity::Expired,
        ..Options::default()
    })
    .await;
    if let Some((_, text)) = openssl(&["x509", "-noout", "-checkend", "0", "-in", &path(&center, "ca.pem")]) {
        assert_eq!(text.trim_end(), "Certificate will expire");
    }
}

#[tokio::test]
async fn a_deleted_client_is_turned_away_after_tls() {
    let center = start_default().await;
    Client::open(&center).await.close(&center).await;
    center.delete_client();
    let mut client = Client::connect(&center).await.unwrap();
    let (bytes, end) = client.rest().await;
    assert!(bytes.is_empty() && end.is_ok());
}

#[tokio::test]
async fn with_check_source_a_client_must_come_from_its_registered_address() {
    for (client_name, allowed) in [("127.0.0.1", true), ("localhost", true), ("192.0.2.1", false)] {
        let center = start(Options {
            client_name: client_name.to_owned(),
            check_source: true,
            ..Options::default()
        })
        .await;
        let mut client = Client::connect(&center).await.unwrap();
        if allowed {
            client.shake_hands().await;
        } else {
            let (bytes, end) = client.rest().await;
            assert!(bytes.is_empty() && end.is_ok(), "{client_name}");
        }
    }
}

#[tokio::test]
async fn tls_1_2_is_spoken_when_told() {
    let center = start(Options {
        no_tls13: true,
        ..Options::default()
    })
    .await;
    let client = Client::open(&center).await;
    let version = client.stream.get_ref().1.protocol_version();
    assert_eq!(version, Some(rustls::ProtocolVersion::TLSv1_2));
}

#[tokio::test]
async fn a_restart_keeps_the_credentials() {
    let dir = tempfile::tempdir().unwrap();
    let options = |client_name: &str| Options {
        dir: Some(dir.path().to_owned()),
        client_name: client_name.to_owned(),
        ..Options::default()
    };
    let read = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
    let files = ["ca.pem", "client.pkcs12", "server.pem"];
    let center = start(options("127.0.0.1")).await;
    let before = files.map(read);
    let mode = |name: &str| std::fs::metadata(dir.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode("client.pkcs12"), mode("ca-key.pem"), mode("server-key.pem")),
        (0o600, 0o600, 0o600)
    );
    center.stop().await;

    let center = start(options("127.0.0.1")).await;
    assert_eq!(files.map(read), before);
    Client::open(&center).await.close(&center).await;
    center.stop().await;

    let error = ManagementCenter::start(options("192.0.2.1"))
        .await
        .err()
        .unwrap()
        .to_string();
    let expected = "holds the client \"127.0.0.1\" of domain \"Global\": name the same with --client-name and \
                    --certificate-domain, or take another directory";
    assert!(error.ends_with(expected), "{error}");
}
