//! TLS over real sockets: every way to trust, with servers that deserve it and servers that don't.

use std::sync::Arc;

use qualys_connector::exit::Exit;
use qualys_connector::host_input::identity::{Fingerprint, Identity};
use qualys_connector::host_input::trust::{HandshakeError, Trust, client_config, connect, presented};
use qualys_connector::problem::Problem as _;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::internal_ca::{InternalCa, Issued, VALID};

/// What came of a handshake: the name of the accepted certificate, or the sentence and the exit code.
pub(crate) type Outcome = Result<String, (String, Exit)>;

/// A server with this certificate that asks clients for one of `clients`' certificates.
pub(crate) fn server(
    (certificate, key): (CertificateDer<'static>, PrivateKeyDer<'static>),
    clients: &CertificateDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
) -> TlsAcceptor {
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(clients.clone()).unwrap();
    let clients = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone())
        .build()
        .unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// One connection to a server: handshake, a byte there and a byte back.
pub(crate) async fn converse(identity: &Identity, trust: &Trust, acceptor: TlsAcceptor) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        let mut stream = match acceptor.accept(stream).into_fallible().await {
            Ok(stream) => stream,
            Err((error, mut stream)) => {
                // A close with bytes unread is a reset, which can overtake the alert.
                while stream.read(&mut [0; 1024]).await? > 0 {}
                return Err(error);
            }
        };
        let byte = stream.read_u8().await?;
        stream.write_u8(byte).await?;
        stream.shutdown().await
    });
    let stream = TcpStream::connect(address).await.unwrap();
    let config = client_config(identity, trust).unwrap();
    let outcome = async {
        let mut stream = connect(stream, config, "fmc.example.org").await?;
        let spoken = async {
            stream.write_u8(42).await?;
            stream.flush().await?;
            stream.read_u8().await
        };
        match spoken.await {
            Ok(byte) => assert_eq!(byte, 42),
            Err(error) => return Err(HandshakeError::of("fmc.example.org", &error).expect("an error of TLS")),
        }
        Ok(presented(&stream).unwrap().name().to_owned())
    };
    let outcome = outcome
        .await
        .map_err(|error: HandshakeError| (error.sentence(), error.kind().exit()));
    served.abort();
    outcome
}

/// A Management Center and a client of it.
struct Scene {
    ca: InternalCa,
    identity: Identity,
}

impl Scene {
    fn new() -> Self {
        let ca = InternalCa::new("fmc", VALID);
        let identity = ca.identity();
        Self { ca, identity }
    }

    async fn meets(&self, trust: &str, own: &Issued) -> Outcome {
        let acceptor = server(own.pair(), self.ca.own.der(), rustls::ALL_VERSIONS);
        let outcome = converse(&self.identity, &trust.parse().unwrap(), acceptor).await;
        outcome.map_err(|(sentence, exit)| (sentence.replace(&own.fingerprint(), "[fingerprint]"), exit))
    }

    async fn refuses(&self, trust: &str, own: &Issued) -> String {
        let (sentence, exit) = self.meets(trust, own).await.unwrap_err();
        assert_eq!(exit, Exit::Credentials);
        sentence
    }
}

fn accepted() -> Outcome {
    Ok("FMC".to_owned())
}

#[tokio::test]
async fn the_ca_of_the_pkcs12_file_vouches_for_a_server_of_any_name() {
    let scene = Scene::new();
    for names in [&[][..], &["fmc.example.org"], &["192.0.2.1"], &["someone.else"]] {
        assert_eq!(
            scene.meets("pkcs12", &scene.ca.server(names, VALID)).await,
            accepted(),
            "{names:?}"
        );
    }
}

#[tokio::test]
async fn both_versions_of_tls_do() {
    let scene = Scene::new();
    for version in rustls::ALL_VERSIONS {
        let acceptor = server(scene.ca.server(&[], VALID).pair(), scene.ca.own.der(), &[version]);
        assert_eq!(
            converse(&scene.identity, &Trust::Pkcs12, acceptor).await,
            accepted(),
            "{version:?}"
        );
    }
}

#[tokio::test]
async fn a_server_of_another_ca_is_unknown_even_if_the_ca_has_the_same_name_or_it_expired() {
    let scene = Scene::new();
    let (other, twin) = (InternalCa::new("other", VALID), InternalCa::new("fmc", VALID));
    insta::assert_snapshot!(scene.refuses("pkcs12", &other.server(&[], VALID)).await, @"fmc.example.org presents a certificate (FMC) that is unknown: no trusted CA issued it; if it is your Management Center's (compare it there), trust it with management_center.trust=fingerprint:[fingerprint]");
    insta::assert_snapshot!(scene.refuses("pkcs12", &twin.server(&[], VALID)).await, @"fmc.example.org presents a certificate (FMC) that is unknown: no trusted CA issued it; if it is your Management Center's (compare it there), trust it with management_center.trust=fingerprint:[fingerprint]");
    insta::assert_snapshot!(scene.refuses("pkcs12", &twin.server(&[], (2010, 2020))).await, @"fmc.example.org presents a certificate (FMC) that is unknown: no trusted CA issued it; if it is your Management Center's (compare it there), trust it with management_center.trust=fingerprint:[fingerprint]");
    insta::assert_snapshot!(scene.refuses("pkcs12", &twin.own).await, @"fmc.example.org presents a certificate (fmc) that is unknown: no trusted CA issued it; if it is your Management Center's (compare it there), trust it with management_center.trust=fingerprint:[fingerprint]");
}

#[tokio::test]
async fn certificates_out_of_their_time_and_their_ca_out_of_its() {
    let scene = Scene::new();
    insta::assert_snapshot!(scene.refuses("pkcs12", &scene.ca.server(&[], (2010, 2020))).await, @"fmc.example.org presents a certificate (FMC) that expired on 2020-01-01T00:00:00Z; if it is your Management Center's (compare it there), trust it with management_center.trust=fingerprint:[fingerprint]");
    insta::assert_snapshot!(scene.refuses("pkcs12", &scene.ca.server(&[], (2090, 2100))).await, @"fmc.example.org presents a certificate (FMC) that is valid only from 2090-01-01T00:00:00Z (check this machine's clock); if it is your Management Center's (compare it there), trust it with management_center.trust=fingerprint:[fingerprint]");
    let ca = InternalCa::new("fmc", (2010, 2020));
    let scene = Scene {
        identity: ca.identity(),
        ca,
    };
    insta::assert_snapshot!(scene.refuses("pkcs12", &scene.ca.server(&[], VALID)).await, @"fmc.example.org presents a certificate (FMC) whose CA expired on 2020-01-01T00:00:00Z; if it is your Management Center's (compare it there), trust it with management_center.trust=fingerprint:[fingerprint]");
}

#[tokio::test]
async fn a_pkcs12_file_without_a_ca_says_how_to_go_on() {
    let scene = Scene::new();
    let bytes = crate::internal_ca::pkcs12(&scene.ca.client(VALID), &[]);
    let identity = Identity::read(&bytes, None, crate::internal_ca::now()).unwrap();
    let scene = Scene { identity, ..scene };
    insta::assert_snapshot!(scene.refuses("pkcs12", &scene.ca.server(&[], VALID)).await, @"fmc.example.org presents a certificate (FMC) that is unknown: the PKCS12 file holds no CA certificate to check it with; if it is your Management Center's (compare it there), trust it with management_center.trust=fingerprint:[fingerprint]");
}

#[tokio::test]
async fn the_ca_itself_may_be_the_server() {
    let scene = Scene::new();
    assert_eq!(scene.meets("pkcs12", &scene.ca.own).await, Ok("fmc".to_owned()));
    let ca = InternalCa::new("fmc", (2010, 2020));
    let scene = Scene {
        identity: ca.identity(),
        ca,
    };
    insta::assert_snapshot!(scene.refuses("pkcs12", &scene.ca.own).await, @"fmc.example.org presents a certificate (fmc) that expired on 2020-01-01T00:00:00Z; if it is your Management Center's (compare it there), trust it with management_center.trust=fingerprint:[fingerprint]");
}

#[tokio::test]
async fn a_pinned_certificate_is_accepted_whoever_issued_it_and_however_old_it_is() {
    let scene = Scene::new();
    let other = InternalCa::new("other", VALID);
    for own in [
        other.server(&[], VALID),
        other.server(&[], (2010, 2020)),
        scene.ca.server(&[], VALID),
    ] {
        assert_eq!(
            scene.meets(&format!("fingerprint:{}", own.fingerprint()), &own).await,
            accepted()
        );
    }
}

#[tokio::test]
async fn the_next_certificate_can_be_pinned_beside_the_present_one() {
    let scene = Scene::new();
    let (present, next, neither) = (
        scene.ca.server(&[], VALID),
        scene.ca.server(&[], VALID),
        scene.ca.server(&[], VALID),
    );
    let pins = format!(
        "fingerprint:{},{}",
        present.fingerprint(),
        next.fingerprint().to_uppercase()
    );
    assert_eq!(scene.meets(&pins, &present).await, accepted());
    assert_eq!(scene.meets(&pins, &next).await, accepted());
    insta::assert_snapshot!(scene.refuses(&pins, &neither).await, @"fmc.example.org presents a certificate (FMC) that is unknown: its fingerprint is not a trusted one; if it is your Management Center's (compare it there), trust it with management_center.trust=fingerprint:[fingerprint]");
}

#[tokio::test]
async fn a_pin_does_not_help_who_lacks_the_key() {
    let scene = Scene::new();
    let right = scene.ca.server(&[], VALID);
    let impostor = Issued {
        key: scene.ca.server(&[], VALID).key,
        certificate: right.certificate.clone(),
    };
    for trust in ["pkcs12", "insecure", &format!("fingerprint:{}", right.fingerprint())] {
        for version in rustls::ALL_VERSIONS {
            let acceptor = impostors(&impostor, version);
            let (sentence, exit) = converse(&scene.identity, &trust.parse().unwrap(), acceptor)
                .await
                .unwrap_err();
            assert_eq!(
                sentence,
                "fmc.example.org does not hold the private key of the certificate that it presents"
            );
            assert_eq!(exit, Exit::Credentials);
        }
    }
}

/// A server whose key is not its certificate's, which rustls' builder would refuse to make.
fn impostors(own: &Issued, version: &'static SupportedProtocolVersion) -> TlsAcceptor {
    use rustls::sign::{CertifiedKey, SingleCertAndKey};
    let key = ring::sign::any_supported_type(&own.key()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(CertifiedKey::new(
            vec![own.der().clone()],
            key,
        ))));
    TlsAcceptor::from(Arc::new(config))
}

#[tokio::test]
async fn a_ca_file_is_trusted_instead_of_the_pkcs12_file() {
    let scene = Scene::new();
    let other = InternalCa::new("other", VALID);
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        format!("ca_file:{}", path.display())
    };
    let both = write("ca.pem", (scene.ca.own.pem() + &other.own.pem()).as_bytes());
    let der = write("ca.der", other.own.der());
    assert_eq!(scene.meets(&both, &other.server(&[], VALID)).await, accepted());
    assert_eq!(scene.meets(&der, &other.server(&[], VALID)).await, accepted());
    assert_eq!(scene.meets(&both, &scene.ca.server(&[], VALID)).await, accepted());
    insta::assert_snapshot!(scene.refuses(&der, &scene.ca.server(&[], VALID)).await, @"fmc.example.org presents a certificate (FMC) that is unknown: no trusted CA issued it; if it is your Management Center's (compare it there), trust it with management_center.trust=fingerprint:[fingerprint]");
    // A server certificate that is no CA can be given as well: it is its own.
    let own = other.server(&[], VALID);
    assert_eq!(
        scene.meets(&write("own.pem", own.pem().as_bytes()), &own).await,
        accepted()
    );
}

#[tokio::test]
async fn a_name_is_asked_for_if_one_is_given() {
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, scene.ca.own.pem()).unwrap();
    let trust = |name: &str| format!("ca_file:{},name:{name}", path.display());
    let both = scene.ca.server(&["fmc.example.org", "192.0.2.1"], VALID);
    assert_eq!(scene.meets(&trust("FMC.example.org"), &both).await, accepted());
    assert_eq!(scene.meets(&trust("192.0.2.1"), &both).await, accepted());
    assert_eq!(
        scene.meets(&trust("fmc"), &scene.ca.server(&[], VALID)).await,
        accepted()
    );
    insta::assert_snapshot!(scene.refuses(&trust("example.org"), &both).await, @"fmc.example.org presents a certificate (FMC) for fmc.example.org, 192.0.2.1, not for example.org; if it is your Management Center's (compare it there), trust it with management_center.trust=fingerprint:[fingerprint]");
    insta::assert_snapshot!(scene.refuses(&trust("192.0.2.2"), &scene.ca.server(&[], VALID)).await, @"fmc.example.org presents a certificate (FMC) for FMC, not for 192.0.2.2; if it is your Management Center's (compare it there), trust it with management_center.trust=fingerprint:[fingerprint]");
    insta::assert_snapshot!(scene.refuses(&trust("192.0.2.1"), &InternalCa::new("x", VALID).server(&["192.0.2.1"], VALID)).await, @"fmc.example.org presents a certificate (FMC) that is unknown: no trusted CA issued it; if it is your Management Center's (compare it there), trust it with management_center.trust=fingerprint:[fingerprint]");
}

#[tokio::test]
async fn a_ca_file_that_is_none() {
    let identity = InternalCa::new("fmc", VALID).identity();
    let folder = tempfile::tempdir().unwrap();
    let sentence = |name: &str, content: Option<&str>| {
        let path = folder.path().join(name);
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
        let error = client_config(&identity, &Trust::CaFile { path, name: None }).unwrap_err();
        assert_eq!(error.kind().exit(), Exit::Credentials);
        error.to_string().replace(&format!("{}/", folder.path().display()), "")
    };
    insta::assert_snapshot!(sentence("ca.pem", None), @"ca.pem can't be read: No such file or directory (os error 2)");
    insta::assert_snapshot!(sentence("ca.pem", Some("")), @"ca.pem holds no certificate");
    insta::assert_snapshot!(sentence("key.pem", Some("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")), @"key.pem holds no certificate");
    insta::assert_snapshot!(sentence("cut.pem", Some("-----BEGIN CERTIFICATE-----\nMIID5jCC\n-----END CERTIFICATE-----\n")), @"cut.pem holds no certificate");
    insta::assert_snapshot!(sentence("long.pem", Some(&"#".repeat((1 << 20) + 1))), @"long.pem is larger than 1 MiB, so it is not a file of CA certificates");
}

#[tokio::test]
async fn a_ca_that_no_chain_can_lead_to() {
    let identity = InternalCa::new("fmc", VALID).identity();
    let mut params = rcgen::CertificateParams::default();
    let constraints = rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 19], vec![0x30, 3, 1, 1, 0xff]);
    params.custom_extensions = vec![constraints.clone(), constraints];
    let certificate = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.der");
    std::fs::write(&path, certificate.der()).unwrap();
    let error = client_config(&identity, &Trust::CaFile { path, name: None }).unwrap_err();
    let fingerprint = Fingerprint::of(certificate.der()).to_string();
    insta::assert_snapshot!(error.to_string().replace(&fingerprint, "[fingerprint]"), @"the CA certificate [fingerprint] can't be used (ExtensionValueInvalid)");
}

#[tokio::test]
async fn insecure_accepts_anybody() {
    let scene = Scene::new();
    let other = InternalCa::new("other", (2010, 2020));
    assert_eq!(
        scene.meets("insecure", &other.server(&[], (2010, 2020))).await,
        accepted()
    );
    assert_eq!(scene.meets("insecure", &other.own).await, Ok("other".to_owned()));
}

#[tokio::test]
async fn a_server_that_does_not_know_our_certificate_says_so_in_both_versions() {
    let scene = Scene::new();
    let other = InternalCa::new("other", VALID);
    for version in rustls::ALL_VERSIONS {
        let acceptor = server(scene.ca.server(&[], VALID).pair(), other.own.der(), &[version]);
        let (sentence, exit) = converse(&scene.identity, &Trust::Pkcs12, acceptor).await.unwrap_err();
        assert_eq!(exit, Exit::Credentials);
        insta::allow_duplicates! { insta::assert_snapshot!(sentence, @"fmc.example.org refuses our client certificate (UnknownCA); another Management Center issued it; use the PKCS12 file of a client that was made on this one"); }
    }
}

/// Whoever holds the PKCS12 file of any client has such a certificate and its key.
#[tokio::test]
async fn a_client_doesnt_pass_as_the_management_center() {
    let scene = Scene::new();
    let client = scene.ca.registered_client();
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, scene.ca.own.pem()).unwrap();
    for trust in ["pkcs12".to_owned(), format!("ca_file:{}", ca.display())] {
        let sentence = scene.refuses(&trust, &client).await;
        insta::allow_duplicates! { insta::assert_snapshot!(sentence, @"fmc.example.org presents a certificate (192.0.2.11) that was issued to a Host Input client, not to a Management Center; find out who answers at that address, and who holds that client's PKCS12 file; nothing was sent"); }
    }
    // Whoever pins it has chosen it.
    let pinned = format!("fingerprint:{}", client.fingerprint());
    assert_eq!(scene.meets(&pinned, &client).await, Ok("192.0.2.11".to_owned()));
}

#[tokio::test]
async fn our_own_certificate_passes_for_nobody_elses() {
    let ca = InternalCa::new("fmc", VALID);
    let client = ca.client(VALID);
    let scene = Scene {
        identity: ca.identity_of(&client),
        ca,
    };
    for trust in ["pkcs12".to_owned(), format!("fingerprint:{}", client.fingerprint())] {
        let sentence = scene.refuses(&trust, &client).await;
        insta::allow_duplicates! { insta::assert_snapshot!(sentence, @"fmc.example.org presents a certificate (192.0.2.10) with the key of this client's own PKCS12 file; find out who answers at that address, and who holds that client's PKCS12 file; nothing was sent"); }
    }
}
