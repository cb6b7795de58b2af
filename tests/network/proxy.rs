//! A proxy that lets everybody CONNECT to anything.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use crate::namespaces::{Namespaces, Node};

pub(crate) const PORT: u16 = 3128;

/// Runs until its namespace is removed and nothing can reach it any more. It asks no resolver: whatever is wanted, it
/// goes to `far_end`.
pub(crate) fn start(namespaces: &Namespaces, far_end: SocketAddr) {
    let (ready, listens) = std::sync::mpsc::channel();
    namespaces.thread(Node::Proxy, move || {
        let listener = TcpListener::bind((Node::Proxy.address(), PORT)).unwrap();
        ready.send(()).unwrap();
        for near in listener.incoming().flatten() {
            // A thread is in the namespace of the one that started it.
            thread::spawn(move || tunnel(near, far_end));
        }
    });
    listens.recv().unwrap();
}

fn tunnel(near: TcpStream, far_end: SocketAddr) -> io::Result<()> {
    let mut head = BufReader::with_capacity(1, near.try_clone()?);
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        if head.read_line(&mut line)? == 0 {
            return Ok(());
        }
    }
    let far = TcpStream::connect(far_end)?;
    (&near).write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let (back, forth) = ((far.try_clone()?, near.try_clone()?), (near, far));
    thread::spawn(move || carry(back));
    carry(forth);
    Ok(())
}

/// One direction, until either end is gone.
fn carry((mut from, mut to): (TcpStream, TcpStream)) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
