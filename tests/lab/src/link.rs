//! A long link: a TCP proxy behind which everything arrives later, for machines whose kernel can't delay packets.
//!
//! Each direction takes half of the round trip, and any number of bytes fits on the way. It ends both TCP
//! connections itself, so slow start, loss and the handshake's round trips aren't simulated: a real link is slower.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

/// Pieces that are on the way at once, at most, in each direction; a piece has 64 KiB or less.
const PIECES: usize = 1024;

/// A running link. Dropped, it is cut.
#[derive(Debug)]
pub struct Link {
    address: SocketAddr,
    running: JoinHandle<()>,
}

impl Link {
    /// Lays a link to `far_end`.
    ///
    /// # Errors
    /// When nobody can listen on the loopback interface.
    pub async fn to(far_end: SocketAddr, round_trip: Duration) -> io::Result<Self> {
        Self::between(([127, 0, 0, 1], 0).into(), far_end, round_trip).await
    }

    /// Lays a link from `near_end`, where it listens, to `far_end`.
    ///
    /// # Errors
    /// When nobody can listen there.
    pub async fn between(near_end: SocketAddr, far_end: SocketAddr, round_trip: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind(near_end).await?;
        let address = listener.local_addr()?;
        let running = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                if let Ok(far) = TcpStream::connect(far_end).await {
                    let _ = (near.set_nodelay(true), far.set_nodelay(true));
                    let (near, far) = (near.into_split(), far.into_split());
                    connections.spawn(carry(near.0, far.1, round_trip / 2));
                    connections.spawn(carry(far.0, near.1, round_trip / 2));
                }
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Link { address, running })
    }

    /// The near end.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Tokio sleeps whole milliseconds, which would make a link longer than it is said to be.
async fn wait_until(due: Instant) {
    tokio::time::sleep_until(due - Duration::from_millis(1)).await;
    while Instant::now() < due {
        tokio::task::yield_now().await;
    }
}

/// One direction, until its beginning or its end closes.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, delay: Duration) {
    let (sender, mut receiver) = mpsc::channel(PIECES);
    let read = async move {
        loop {
            let mut piece = BytesMut::with_capacity(1 << 16);
            match from.read_buf(&mut piece).await {
                Ok(1..) if sender.send((Instant::now() + delay, piece)).await.is_ok() => {}
                _ => return,
            }
        }
    };
    let write = async move {
        while let Some((due, piece)) = receiver.recv().await {
            wait_until(due).await;
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
        // Who is gone already needn't be told.
        let _ = to.shutdown().await;
    };
    tokio::join!(read, write);
}
