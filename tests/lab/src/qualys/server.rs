//! Connections: TCP, TLS, HTTP/1.1, and what goes wrong there.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use hyper::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::action::Action;
use super::body::{Line, Payload};
use super::call::{Call, CutOff};
use super::certificate::Authority;
use super::fault::Instead;
use super::service::Service;

/// How long to wait before connections are taken again when one couldn't be.
const PATIENCE: Duration = Duration::from_millis(10);

/// Who connected so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Over TCP.
    pub accepted: u64,
    /// Those of them with whom TLS came to nothing: plain HTTP, a certificate that wasn't trusted.
    pub failed: u64,
}

/// Takes connections until it's aborted, which also ends them.
pub(super) async fn serve(mut listener: TcpListener, authority: Authority, service: Arc<Service>) {
    let authority = Arc::new(authority);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((tcp, _)) = accepted else {
                    // It was gone already, or there are too many: some may have ended a little later.
                    tokio::time::sleep(PATIENCE).await;
                    continue;
                };
                service.accepted.fetch_add(1, Ordering::Relaxed);
                connections.spawn(connection(tcp, Arc::clone(&authority), Arc::clone(&service)));
            }
            length = service.door.wanted() => {
                let address = listener.local_addr();
                drop(listener);
                service.door.is_shut();
                tokio::time::sleep(length).await;
                listener = match address {
                    Ok(address) => reopened(address).await,
                    Err(_) => return,
                };
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// The same address again, as soon as nobody else has it.
async fn reopened(address: SocketAddr) -> TcpListener {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(_) => tokio::time::sleep(PATIENCE).await,
        }
    }
}

async fn connection(tcp: TcpStream, authority: Arc<Authority>, service: Arc<Service>) {
    // Answers are small or come in big pieces: neither wants to wait for an acknowledgement.
    let _ = tcp.set_nodelay(true);
    let struck = service.faults.strike(Action::Connection, |_| false);
    tokio::time::sleep(struck.delay()).await;
    let line = Arc::new(Line::default());
    let socket = Socket {
        tcp,
        line: Arc::clone(&line),
    };
    match struck.instead() {
        None => {}
        Some((Instead::Hang, _)) => std::future::pending().await,
        Some((Instead::Reset, _)) => return line.reset(),
        Some(_) => return,
    }
    let acceptor = TlsAcceptor::from(authority.server(struck.certificate()));
    let tls = match acceptor.accept(socket).await {
        Ok(tls) => tls,
        Err(_) => {
            service.failed.fetch_add(1, Ordering::Relaxed);
            return;
        }
    };
    let capitals = service.options.capital_headers;
    let answer = service_fn(move |request| handle(Arc::clone(&service), Arc::clone(&line), request));
    // How a connection ends is the client's business.
    let _ = http1::Builder::new()
        // An idle connection stays: a client that polls as often as it would be closed would lose requests by chance.
        .header_read_timeout(None)
        .title_case_headers(capitals)
        .serve_connection(TokioIo::new(tls), answer)
        .await;
}

async fn handle(
    service: Arc<Service>,
    line: Arc<Line>,
    request: hyper::Request<Incoming>,
) -> Result<Response<Payload>, CutOff> {
    let call = Call::read(request).await?;
    let struck = service.faults.strike(call.action, |id| call.asks_for(id));
    let credentials = service.accounts.judge(&call, service.clock.now());
    let entry = service.journal.open(&call, credentials, struck.names.clone());
    // A call runs while Qualys thinks about it, too.
    let entered = struck.is_carried_out().then(|| service.enter(&call));
    tokio::time::sleep(struck.delay()).await;
    let mut done = None;
    if let Some(entered) = entered {
        done = Some(service.answer(&call, &struck, entered).await);
    }
    if struck.twice() {
        // The first one ends before the second begins.
        drop(done);
        done = Some(service.answer(&call, &struck, service.enter(&call)).await);
    }
    let mut answer = match struck.instead() {
        None => done.ok_or(CutOff)?,
        Some((what, _)) => {
            drop(done);
            match what {
                Instead::Hang => std::future::pending().await,
                Instead::Reset => line.reset(),
                _ => {}
            }
            service.instead(what, &call).ok_or(CutOff)?
        }
    };
    answer.headers.extend(struck.clock().and_then(date));
    if let Some(bytes) = struck.wire() {
        line.end_after(bytes);
    }
    if let Some(length) = struck.refuse() {
        service.door.shut(length).await;
    }
    entry.answered(answer.status, answer.code);
    Ok(answer.into_response(struck.transfers(), line))
}

/// A Date header by another clock; the right one is the server's own business.
fn date(seconds_ahead: i64) -> Option<(&'static str, String)> {
    let ahead = Duration::from_secs(seconds_ahead.unsigned_abs());
    let now = SystemTime::now();
    let there = match seconds_ahead {
        0.. => now.checked_add(ahead),
        _ => now.checked_sub(ahead),
    };
    Some(("date", httpdate::fmt_http_date(there?)))
}

/// A connection that can be reset instead of closed.
struct Socket {
    tcp: TcpStream,
    line: Arc<Line>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.line.is_reset() {
            // Without lingering, what is left unsent is thrown away and the peer is told so by a reset.
            let _ = self.tcp.set_zero_linger();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let bytes = match bytes.split_at_checked(self.line.allowed(bytes.len())) {
            Some(([], [_, ..])) => return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
            Some((allowed, _)) => allowed,
            None => bytes,
        };
        let written = ready!(Pin::new(&mut self.tcp).poll_write(cx, bytes))?;
        self.line.sent(written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
