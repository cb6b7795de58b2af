//! What can be wrong on the way to the Management Center.

use connector_lab::management_center::{AnswerFault, Faults, Options, ServerCertificate, Validity, VersionRefusal};

use crate::setup::{BlackHole, Setup, closed_port, settled};

/// What is said of a set-up.
macro_rules! says {
    ($setup:expr) => {
        let _settled = settled();
        insta::assert_snapshot!($setup.problems().await);
    };
}

fn faults(change: impl FnOnce(&mut Faults)) -> Faults {
    let mut faults = Faults::default();
    change(&mut faults);
    faults
}

#[tokio::test]
async fn a_wrong_password_of_the_certificate() {
    let setup = Setup::center(Options {
        pkcs12_password: "right".into(),
        ..Options::default()
    });
    says!(setup.await.variable("QC_MANAGEMENT_CENTER__PKCS12_PASSWORD", "wrong"));
}

#[tokio::test]
async fn a_missing_certificate() {
    says!(Setup::right().await.with("management_center.pkcs12", "missing.pkcs12"));
}

#[tokio::test]
async fn an_expired_certificate() {
    says!(
        Setup::center(Options {
            client_validity: Validity::Expired,
            ..Options::default()
        })
        .await
    );
}

#[tokio::test]
async fn a_certificate_of_tomorrow() {
    says!(
        Setup::center(Options {
            client_validity: Validity::NotYetValid,
            ..Options::default()
        })
        .await
    );
}

#[tokio::test]
async fn a_certificate_of_another_management_center() {
    let other = Setup::right().await;
    let pkcs12 = other.center.pkcs12().display().to_string();
    says!(Setup::right().await.with("management_center.pkcs12", pkcs12));
}

#[tokio::test]
async fn a_certificate_without_its_ca() {
    says!(
        Setup::center(Options {
            pkcs12_without_ca: true,
            ..Options::default()
        })
        .await
    );
}

#[tokio::test]
async fn a_certificate_whose_ca_expired() {
    says!(
        Setup::center(Options {
            ca_validity: Validity::Expired,
            ..Options::default()
        })
        .await
    );
}

#[tokio::test]
async fn a_certificate_for_another_address() {
    let setup = Setup::center(Options {
        client_name: "192.0.2.7".into(),
        check_source: true,
        ..Options::default()
    });
    says!(setup.await);
}

#[tokio::test]
async fn a_name_that_doesnt_resolve() {
    let setup = Setup::right().await.with("management_center.server", "nowhere.invalid");
    let mut settings = insta::Settings::clone_current();
    // What the resolver says depends on where the tests run.
    settings.add_filter(r"nowhere\.invalid: [^→]*\n", "nowhere.invalid: …\n");
    let _settled = settings.bind_to_scope();
    says!(setup);
}

#[tokio::test]
async fn a_port_where_nobody_listens() {
    says!(
        Setup::right()
            .await
            .with("management_center.port", closed_port().to_string())
    );
}

#[tokio::test]
async fn a_firewall_that_drops_packets() {
    let hole = BlackHole::new().await;
    let setup = Setup::right().await.with("management_center.connect_timeout", "500ms");
    says!(setup.with("management_center.port", hole.address.port().to_string()));
}

#[tokio::test]
async fn a_server_that_never_says_a_word() {
    let setup = Setup::faulty(faults(|it| it.silent = true)).await;
    says!(setup.with("management_center.connect_timeout", "500ms"));
}

#[tokio::test]
async fn a_server_that_doesnt_speak_tls() {
    says!(Setup::faulty(faults(|it| it.plain_text = true)).await);
}

#[tokio::test]
async fn a_web_server() {
    let setup = Setup::right().await;
    let port = setup.qualys.address().port().to_string();
    says!(setup.with("management_center.port", port));
}

#[tokio::test]
async fn a_foreign_server_certificate() {
    says!(Setup::faulty(faults(|it| it.certificate = ServerCertificate::Foreign)).await);
}

#[tokio::test]
async fn an_expired_server_certificate() {
    says!(Setup::faulty(faults(|it| it.certificate = ServerCertificate::Expired)).await);
}

#[tokio::test]
async fn a_server_certificate_of_tomorrow() {
    says!(Setup::faulty(faults(|it| it.certificate = ServerCertificate::NotYetValid)).await);
}

#[tokio::test]
async fn a_fingerprint_that_doesnt_fit() {
    let pin = format!("fingerprint:{}", "0".repeat(64));
    says!(Setup::right().await.with("management_center.trust", pin));
}

#[tokio::test]
async fn trust_in_everybody() {
    says!(Setup::right().await.with("management_center.trust", "insecure"));
}

#[tokio::test]
async fn a_client_that_was_deleted() {
    let setup = Setup::right().await;
    setup.center.delete_client();
    says!(setup);
}

#[tokio::test]
async fn a_client_certificate_that_is_refused() {
    let other = Setup::right().await;
    let setup = Setup::right().await.with("management_center.trust", "insecure");
    says!(setup.with("management_center.pkcs12", other.center.pkcs12().display().to_string()));
}

#[tokio::test]
async fn a_version_that_is_refused_with_words() {
    says!(Setup::faulty(faults(|it| it.refuse_version = Some(VersionRefusal::Error))).await);
}

#[tokio::test]
async fn a_management_center_that_hangs() {
    let setup = Setup::faulty(Faults::default().answer(0, AnswerFault::Never)).await;
    says!(setup.with("management_center.answer_timeout", "1s"));
}

#[tokio::test]
async fn frames_that_are_too_small() {
    says!(
        Setup::center(Options {
            max_size: 100,
            ..Options::default()
        })
        .await
    );
}
