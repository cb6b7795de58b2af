//! A collector: takes OTLP over HTTP/1.1 and over gRPC, with or without TLS, and keeps what it got.
//!
//! HTTP is read by hand and gRPC frame by frame from HTTP/2; the exporter's client code isn't in it.

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use flate2::read::GzDecoder;
use prost::Message as _;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::span::{Span, spans};

/// A collector, until it is dropped.
pub(crate) struct Collector {
    address: SocketAddr,
    grpc: bool,
    certificate: Option<(tempfile::TempDir, PathBuf)>,
    received: Arc<Mutex<Received>>,
    server: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Received {
    spans: Vec<Span>,
    headers: String,
    raw: Vec<u8>,
    requests: usize,
    /// Requests that are answered with 503 first.
    refuse: usize,
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Collector {
    pub(crate) async fn http() -> Self {
        Self::start(false, false).await
    }

    pub(crate) async fn grpc() -> Self {
        Self::start(true, false).await
    }

    pub(crate) async fn https() -> Self {
        Self::start(false, true).await
    }

    pub(crate) async fn grpcs() -> Self {
        Self::start(true, true).await
    }

    async fn start(grpc: bool, tls: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Received::default()));
        let (acceptor, certificate) = match tls {
            true => {
                let (acceptor, folder, path) = authority(grpc);
                (Some(acceptor), Some((folder, path)))
            }
            false => (None, None),
        };
        let kept = received.clone();
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(accept(stream, acceptor.clone(), grpc, kept.clone()));
            }
        });
        Collector {
            address,
            grpc,
            certificate,
            received,
            server,
        }
    }

    /// Tells a program of the collector, by the standard variables.
    pub(crate) fn receives(&self, command: &mut Command) {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        let port = self.address.port();
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("{scheme}://localhost:{port}"));
        if self.grpc {
            command.env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
        }
        if let Some((_, path)) = &self.certificate {
            command.env("OTEL_EXPORTER_OTLP_CERTIFICATE", path);
        }
    }

    /// From now on, so many requests are refused first.
    pub(crate) fn refuse(&self, requests: usize) {
        self.received.lock().unwrap().refuse = requests;
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        self.received.lock().unwrap().spans.clone()
    }

    pub(crate) fn headers(&self) -> String {
        self.received.lock().unwrap().headers.clone()
    }

    /// All bodies, one after the other.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.received.lock().unwrap().raw.clone()
    }

    pub(crate) fn requests(&self) -> usize {
        self.received.lock().unwrap().requests
    }
}

/// A CA of its own, and a server certificate that it issued.
fn authority(grpc: bool) -> (TlsAcceptor, tempfile::TempDir, PathBuf) {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_certificate = ca.self_signed(&ca_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &Issuer::new(ca, ca_key))
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("collector-ca.pem");
    std::fs::write(&path, ca_certificate.pem()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    config.alpn_protocols = vec![if grpc { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
    (TlsAcceptor::from(Arc::new(config)), folder, path)
}

async fn accept(stream: TcpStream, tls: Option<TlsAcceptor>, grpc: bool, received: Arc<Mutex<Received>>) {
    match tls {
        None => serve(stream, grpc, received).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                serve(stream, grpc, received).await;
            }
        }
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    grpc: bool,
    received: Arc<Mutex<Received>>,
) {
    match grpc {
        true => over_http2(stream, received).await,
        false => over_http1(stream, received).await,
    }
}

async fn over_http1(mut stream: impl AsyncRead + AsyncWrite + Unpin, received: Arc<Mutex<Received>>) {
    let mut bytes = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            match stream.read_buf(&mut bytes).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        };
        let head = String::from_utf8(bytes.drain(..end).collect())
            .unwrap()
            .to_ascii_lowercase();
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        let length: usize = header("content-length").unwrap().parse().unwrap();
        while bytes.len() < length {
            stream.read_buf(&mut bytes).await.unwrap();
        }
        let body: Vec<u8> = bytes.drain(..length).collect();
        let refused = {
            let mut received = received.lock().unwrap();
            received.requests += 1;
            received.headers += &head;
            received
                .refuse
                .checked_sub(1)
                .map(|left| received.refuse = left)
                .is_some()
        };
        let right = head.starts_with("post /v1/traces ") && header("content-type") == Some("application/x-protobuf");
        let status = match (right, refused) {
            (true, false) => "200 OK",
            (true, true) => "503 Service Unavailable",
            (false, _) => "404 Not Found",
        };
        if status.starts_with("200") {
            keep(&received, &body, header("content-encoding") == Some("gzip"));
        }
        let answer = format!("HTTP/1.1 {status}\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

async fn over_http2(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, received: Arc<Mutex<Received>>) {
    let Ok(mut connection) = h2::server::handshake(stream).await else {
        return;
    };
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let received = received.clone();
        tokio::spawn(async move {
            let (head, mut body) = request.into_parts();
            let mut message = Vec::new();
            while let Some(Ok(chunk)) = body.data().await {
                body.flow_control().release_capacity(chunk.len()).unwrap();
                message.extend_from_slice(&chunk);
            }
            {
                let mut received = received.lock().unwrap();
                received.requests += 1;
                received.headers += &format!("{:?}", head.headers);
            }
            let service = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
            assert_eq!(head.uri.path(), service);
            // A flag for compression, four bytes of length, the message.
            keep(&received, &message[5..], message[0] == 1);
            let answer = http::Response::builder().header("content-type", "application/grpc");
            let mut answer = respond.send_response(answer.body(()).unwrap(), false).unwrap();
            answer.send_data(Bytes::from_static(&[0; 5]), false).unwrap();
            let mut trailers = http::HeaderMap::new();
            trailers.insert("grpc-status", "0".parse().unwrap());
            answer.send_trailers(trailers).unwrap();
        });
    }
}

fn keep(received: &Mutex<Received>, body: &[u8], gzip: bool) {
    let mut message = body.to_vec();
    if gzip {
        message.clear();
        GzDecoder::new(body).read_to_end(&mut message).unwrap();
    }
    let mut received = received.lock().unwrap();
    received.spans.extend(spans(&prost_request(&message)));
    received.raw.extend(message);
}

fn prost_request(message: &[u8]) -> opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest {
    opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest::decode(message).unwrap()
}
