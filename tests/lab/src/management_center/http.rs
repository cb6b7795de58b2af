//! The network map and the transcript over HTTP, while the lab runs: `GET /network-map`, `GET /transcript`.
//!
//! One request a connection, and nothing that a request could change.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::center::Center;
use super::transcript;

/// Longest request head, in bytes.
const HEAD: usize = 8 << 10;
/// Longest that a client may take to ask.
const PATIENCE: Duration = Duration::from_secs(10);

/// Answers until the task is aborted.
pub(super) async fn serve(listener: TcpListener, center: Arc<Center>) {
    loop {
        match listener.accept().await {
            Ok((socket, _)) => {
                let center = Arc::clone(&center);
                tokio::spawn(async move {
                    if let Err(error) = respond(socket, &center).await {
                        tracing::debug!(%error, "an HTTP request wasn't answered");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "no HTTP connection could be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn respond(mut socket: TcpStream, center: &Center) -> io::Result<()> {
    let head = tokio::time::timeout(PATIENCE, read_head(&mut socket)).await??;
    let target = head.strip_prefix("GET ").and_then(|rest| rest.split(' ').next());
    let (status, kind, body) = match target {
        Some("/network-map") => (
            "200 OK",
            "application/json",
            serde_json::to_vec(&center.daemon().network_map_to_write())?,
        ),
        Some("/transcript") => ("200 OK", "application/x-ndjson", lines(center)?),
        Some(_) => (
            "404 Not Found",
            "text/plain",
            b"GET /network-map or /transcript\n".to_vec(),
        ),
        None => ("405 Method Not Allowed", "text/plain", b"GET only\n".to_vec()),
    };
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    socket.write_all(head.as_bytes()).await?;
    socket.write_all(&body).await?;
    socket.shutdown().await
}

fn lines(center: &Center) -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for event in center.transcript.events() {
        lines.extend(transcript::line(&event)?);
    }
    Ok(lines)
}

async fn read_head(socket: impl AsyncRead + Unpin) -> io::Result<String> {
    let mut head = Vec::new();
    let mut socket = socket.take(HEAD as u64);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if socket.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}
