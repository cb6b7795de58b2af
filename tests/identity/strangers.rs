//! Servers that never get as far as a certificate: they speak something else, too old a TLS, or refuse us at once.

use qualys_connector::exit::Exit;
use qualys_connector::host_input::trust::{Trust, client_config, connect};
use qualys_connector::problem::Problem as _;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::internal_ca::{InternalCa, VALID};

/// What is said of a server that answers our first message with these bytes and closes the connection.
async fn answered(bytes: &'static [u8]) -> (String, Exit) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        // Only what is read leaves room for a close instead of a reset.
        let read = stream.read(&mut [0; 4096]).await.unwrap();
        assert!(read > 0);
        stream.write_all(bytes).await.unwrap();
    });
    let config = client_config(&InternalCa::new("fmc", VALID).identity(), &Trust::Pkcs12).unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let error = connect(stream, config, "192.0.2.1").await.unwrap_err();
    served.await.unwrap();
    (error.sentence(), error.kind().exit())
}

/// Version 3.2, a random number, no session, the cipher RSA with AES-128 and SHA-1, no compression.
const SERVER_HELLO_OF_TLS_1_1: &[u8] =
    b"\x16\x03\x02\0\x2a\x02\0\0\x26\x03\x0201234567890123456789012345678901\0\0\x2f\0";

/// A fatal alert, as the record layer of TLS 1.0 to 1.2 carries it.
macro_rules! alert {
    ($number:literal) => {
        &[21, 3, 1, 0, 2, 2, $number]
    };
}

#[tokio::test]
async fn servers_that_speak_something_else_or_not_at_all() {
    for bytes in [
        &b"220 mail.example.org ESMTP\r\n"[..],
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
    ] {
        let (sentence, exit) = answered(bytes).await;
        insta::allow_duplicates! { insta::assert_snapshot!(sentence, @"192.0.2.1 does not speak TLS; is management_center.port the port of Host Input (8307)?"); }
        assert_eq!(exit, Exit::Protocol);
    }
    let (sentence, exit) = answered(b"").await;
    insta::assert_snapshot!(sentence, @"192.0.2.1 closed the connection during the TLS handshake; is this client registered there, with the address that it connects from?");
    assert_eq!(exit, Exit::Unavailable);
}

#[tokio::test]
async fn servers_that_find_no_common_ground() {
    let (sentence, exit) = answered(SERVER_HELLO_OF_TLS_1_1).await;
    insta::assert_snapshot!(sentence, @"192.0.2.1 speaks only versions of TLS older than 1.2, which are not secure; update the Management Center");
    assert_eq!(exit, Exit::Protocol);
    let (sentence, exit) = answered(alert!(70)).await;
    insta::assert_snapshot!(sentence, @"192.0.2.1 speaks only versions of TLS older than 1.2, which are not secure; update the Management Center");
    assert_eq!(exit, Exit::Protocol);
    let (sentence, exit) = answered(alert!(40)).await;
    insta::assert_snapshot!(sentence, @"192.0.2.1 has no secure way of TLS in common with us (received fatal alert: HandshakeFailure); update the Management Center");
    assert_eq!(exit, Exit::Protocol);
}

#[tokio::test]
async fn alerts_about_our_certificate_come_with_advice() {
    insta::assert_snapshot!(answered(alert!(48)).await.0, @"192.0.2.1 refuses our client certificate (UnknownCA); another Management Center issued it; use the PKCS12 file of a client that was made on this one");
    insta::assert_snapshot!(answered(alert!(44)).await.0, @"192.0.2.1 refuses our client certificate (CertificateRevoked); the client may have been deleted there; make a new one and use its PKCS12 file");
    insta::assert_snapshot!(answered(alert!(49)).await.0, @"192.0.2.1 refuses our client certificate (AccessDenied); the client may have been deleted there; make a new one and use its PKCS12 file");
    insta::assert_snapshot!(answered(alert!(45)).await.0, @"192.0.2.1 refuses our client certificate (CertificateExpired); it expired, by the clock there; make a new client and use its PKCS12 file");
    let (sentence, exit) = answered(alert!(42)).await;
    insta::assert_snapshot!(sentence, @"192.0.2.1 refuses our client certificate (BadCertificate); make a new client there and use its PKCS12 file");
    assert_eq!(exit, Exit::Credentials);
}
