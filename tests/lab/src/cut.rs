//! A line that is cut: a TCP proxy whose first connection ends after a number of bytes, wherever that is in TLS or above it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Both sides see the end of the stream.
    Close,
    /// The near side sees a reset.
    Reset,
}

/// A running line. Dropped, all of it is cut.
#[derive(Debug)]
pub struct Cut {
    address: SocketAddr,
    carried: Arc<AtomicU64>,
    running: JoinHandle<()>,
}

impl Cut {
    /// Lays a line to `far_end` whose first connection ends after so many bytes, both directions together.
    ///
    /// # Errors
    /// When nobody can listen on the loopback interface.
    pub async fn after(bytes: u64, end: End, far_end: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let carried = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&carried);
        let running = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            let mut left = bytes;
            while let Ok((near, _)) = listener.accept().await {
                if let Ok(far) = TcpStream::connect(far_end).await {
                    connections.spawn(carry(near, far, left, end, Arc::clone(&counter)));
                }
                left = u64::MAX;
            }
        });
        Ok(Cut {
            address,
            carried,
            running,
        })
    }

    /// The near end.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Bytes that were carried so far, over all connections.
    pub fn carried(&self) -> u64 {
        self.carried.load(Ordering::Relaxed)
    }
}

impl Drop for Cut {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// One connection, until one side ends or no byte is left.
async fn carry(mut near: TcpStream, mut far: TcpStream, mut left: u64, end: End, carried: Arc<AtomicU64>) {
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let (mut out, mut back) = (vec![0; 1 << 14], vec![0; 1 << 14]);
    while left > 0 {
        let (read, piece, to) = tokio::select! {
            read = near.read(&mut out) => (read, &out, &mut far),
            read = far.read(&mut back) => (read, &back, &mut near),
        };
        let Ok(read @ 1..) = read else { return };
        let read = left.min(read as u64);
        let piece = piece.get(..read as usize).unwrap_or_default();
        if to.write_all(piece).await.is_err() {
            return;
        }
        left -= read;
        carried.fetch_add(read, Ordering::Relaxed);
    }
    if end == End::Reset {
        // Otherwise it just closes.
        let _ = near.set_zero_linger();
    }
}
