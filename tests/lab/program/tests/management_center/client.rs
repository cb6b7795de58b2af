//! A small Host Input client for these tests. It checks the server's chain against the CA of its PKCS12, not its name.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use connector_lab::management_center::{ManagementCenter, NetworkMap, Options, ScanResult};
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(crate) const MAX_SIZE: u32 = 1;
pub(crate) const VERSION: u32 = 2;
pub(crate) const DATA: u32 = 3;
pub(crate) const ERROR: u32 = 4;

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client's certificate, key and CA, as read from a PKCS12.
pub(crate) struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: Vec<u8>,
}

pub(crate) struct Client {
    pub(crate) stream: TlsStream<TcpStream>,
}

/// A Management Center for one test.
pub(crate) async fn start(options: Options) -> ManagementCenter {
    ManagementCenter::start(options).await.unwrap()
}

/// The default one.
pub(crate) async fn start_default() -> ManagementCenter {
    start(Options::default()).await
}

/// Sends each text as a frame on one connection, closes, and returns the answers and the network map.
pub(crate) async fn import(center: &ManagementCenter, frames: &[&str]) -> (Vec<String>, NetworkMap) {
    let mut client = Client::open(center).await;
    let mut answers = Vec::new();
    for frame in frames {
        answers.push(client.run(frame).await);
    }
    client.close(center).await;
    (answers, center.network_map())
}

/// Results of a host and scanner.
pub(crate) fn results<'a>(map: &'a NetworkMap, host: &str, scanner: &str) -> &'a [Arc<ScanResult>] {
    let host = &map.hosts[&host.parse().unwrap()];
    host.scanners.get(scanner).map_or(&[], |listed| &listed.results)
}

/// Ids of the results of a host, scanner `Qualys`.
pub(crate) fn ids(map: &NetworkMap, host: &str) -> Vec<String> {
    results(map, host, "Qualys")
        .iter()
        .map(|result| result.id.clone())
        .collect()
}

/// An AddScanResult of scanner `Qualys`.
pub(crate) fn result(host: &str, id: u32) -> String {
    format!("AddScanResult,{host},\"Qualys\",{id},,,\"n{id}\",\"\",\"cve_ids: \",\"bugtraq_ids: \"\n")
}

impl Client {
    /// Connects and exchanges VERSION and MAX_SIZE.
    pub(crate) async fn open(center: &ManagementCenter) -> Self {
        let mut client = Self::connect(center).await.unwrap();
        client.shake_hands().await;
        client
    }

    /// VERSION and MAX_SIZE.
    pub(crate) async fn shake_hands(&mut self) {
        let (kind, _) = self.ask(VERSION, &1u32.to_be_bytes()).await;
        assert_eq!(kind, MAX_SIZE);
    }

    /// TLS only.
    pub(crate) async fn connect(center: &ManagementCenter) -> io::Result<Self> {
        let identity = identity(&center.pkcs12(), "");
        let ca = identity.chain[1].clone();
        Self::connect_as(center.address(), ca, Some(identity)).await
    }

    pub(crate) async fn connect_as(
        address: SocketAddr,
        ca: CertificateDer<'static>,
        identity: Option<Identity>,
    ) -> io::Result<Self> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        let name = ServerName::try_from("management-center.example").unwrap();
        let connecting = TlsConnector::from(Arc::new(config(ca, identity))).connect(name, socket);
        let stream = tokio::time::timeout(PATIENCE, connecting).await??;
        Ok(Self { stream })
    }

    /// Sends commands and returns the text of the answer.
    pub(crate) async fn run(&mut self, commands: &str) -> String {
        self.run_bytes(commands.as_bytes()).await
    }

    pub(crate) async fn run_bytes(&mut self, commands: &[u8]) -> String {
        let (kind, payload) = self.ask(DATA, commands).await;
        assert_eq!(kind, DATA);
        String::from_utf8(payload).unwrap()
    }

    /// Sends a frame and returns the one that answers it.
    pub(crate) async fn ask(&mut self, kind: u32, payload: &[u8]) -> (u32, Vec<u8>) {
        self.send(kind, payload).await.unwrap();
        self.receive().await.unwrap()
    }

    pub(crate) async fn send(&mut self, kind: u32, payload: &[u8]) -> io::Result<()> {
        let length = u32::try_from(payload.len()).unwrap();
        let header = [kind, length].map(u32::to_be_bytes).concat();
        self.stream.write_all(&[&header, payload].concat()).await?;
        self.stream.flush().await
    }

    /// The next frame; an error of kind UnexpectedEof if the server closed.
    pub(crate) async fn receive(&mut self) -> io::Result<(u32, Vec<u8>)> {
        let receiving = async {
            let kind = self.stream.read_u32().await?;
            let length = self.stream.read_u32().await?;
            let mut payload = vec![0; length.min(1 << 20) as usize];
            self.stream.read_exact(&mut payload).await?;
            Ok((kind, payload))
        };
        tokio::time::timeout(PATIENCE, receiving).await?
    }

    /// Everything until the server closes, and how it does.
    pub(crate) async fn rest(&mut self) -> (Vec<u8>, io::Result<()>) {
        let mut bytes = Vec::new();
        let reading = self.stream.read_to_end(&mut bytes);
        let end = tokio::time::timeout(PATIENCE, reading)
            .await
            .expect("the server closes");
        (bytes, end.map(drop))
    }

    /// Closes in good order, and waits until the Management Center has taken note.
    pub(crate) async fn close(mut self, center: &ManagementCenter) {
        self.stream.shutdown().await.unwrap();
        drop(self);
        center.idle().await;
    }
}

pub(crate) fn identity(path: &Path, password: &str) -> Identity {
    let bytes = std::fs::read(path).unwrap();
    let store = KeyStore::from_pkcs12(&bytes, password, Pkcs12ImportPolicy::Strict).unwrap();
    let (_, chain) = store.private_key_chain().unwrap();
    Identity {
        chain: chain
            .certs()
            .iter()
            .map(|certificate| CertificateDer::from(certificate.as_der().to_vec()))
            .collect(),
        key: chain.key().as_der().to_vec(),
    }
}

fn config(ca: CertificateDer<'static>, identity: Option<Identity>) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(ca).unwrap();
    let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .unwrap();
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyName(chain)));
    match identity {
        Some(Identity { chain, key }) => config
            .with_client_auth_cert(chain, PrivatePkcs8KeyDer::from(key).into())
            .unwrap(),
        None => config.with_no_client_auth(),
    }
}

/// Verifies the chain, and takes any name.
#[derive(Debug)]
struct AnyName(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.0.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
