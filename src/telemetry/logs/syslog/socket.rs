//! Sockets to a syslog: a Unix socket, UDP, TCP.

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Syslog;

/// Longest time for any step to a syslog.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// The first of these that exists.
    Unix(Vec<PathBuf>),
    Udp(String),
    Tcp(String),
}

/// An open socket.
#[derive(Debug)]
pub(super) enum Socket {
    Datagram(UnixDatagram),
    Stream(UnixStream),
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Way {
    pub(super) fn local() -> Self {
        Way::Unix(Syslog::LOCAL.map(PathBuf::from).to_vec())
    }

    pub(super) fn open(&self) -> io::Result<Socket> {
        match self {
            Way::Unix(paths) => first(paths, |path| unix(path)),
            Way::Udp(address) => first(&resolve(address)?, |server| {
                let any: SocketAddr = if server.is_ipv4() {
                    ([0, 0, 0, 0], 0).into()
                } else {
                    ([0; 8], 0).into()
                };
                let socket = UdpSocket::bind(any)?;
                socket.connect(server)?;
                socket.set_write_timeout(Some(TIMEOUT))?;
                Ok(Socket::Udp(socket))
            }),
            Way::Tcp(address) => first(&resolve(address)?, |server| {
                let stream = TcpStream::connect_timeout(server, TIMEOUT)?;
                stream.set_write_timeout(Some(TIMEOUT))?;
                Ok(Socket::Tcp(stream))
            }),
        }
    }

    /// What it is called in messages.
    pub(super) fn name(&self) -> String {
        match self {
            Way::Unix(paths) => paths
                .iter()
                .map(|path| path.display().to_string())
                .collect::<Vec<_>>()
                .join(" or "),
            Way::Udp(address) => format!("udp://{address}"),
            Way::Tcp(address) => format!("tcp://{address}"),
        }
    }
}

impl Socket {
    /// Sends one message, framed as the socket's type needs it.
    pub(super) fn send(&mut self, message: &[u8]) -> io::Result<()> {
        match self {
            Socket::Datagram(socket) => socket.send(message).map(drop),
            // As the C library does where the local socket is a stream.
            Socket::Stream(stream) => stream.write_all(&[message, &[0]].concat()),
            Socket::Udp(socket) => match socket.send(message) {
                // The error is about an earlier message; this one wasn't sent.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    socket.send(message)?;
                    Err(error)
                }
                sent => sent.map(drop),
            },
            Socket::Tcp(stream) => {
                if is_closed(stream) {
                    return Err(io::ErrorKind::ConnectionReset.into());
                }
                // RFC 6587: octet counting.
                let length = format!("{} ", message.len());
                stream.write_all(&[length.as_bytes(), message].concat())
            }
        }
    }
}

/// A server never sends anything; what can be read is the end of the connection.
fn is_closed(stream: &TcpStream) -> bool {
    let peeked = stream.set_nonblocking(true).and_then(|()| stream.peek(&mut [0]));
    let blocking = stream.set_nonblocking(false);
    match peeked {
        Ok(0) => true,
        Ok(_) => blocking.is_err(),
        Err(error) => error.kind() != io::ErrorKind::WouldBlock || blocking.is_err(),
    }
}

fn resolve(address: &str) -> io::Result<Vec<SocketAddr>> {
    Ok(address.to_socket_addrs()?.collect())
}

fn unix(path: &Path) -> io::Result<Socket> {
    let socket = UnixDatagram::unbound()?;
    match socket.connect(path) {
        Ok(()) => {
            socket.set_write_timeout(Some(TIMEOUT))?;
            Ok(Socket::Datagram(socket))
        }
        // It is a stream, or doesn't exist.
        Err(error) => {
            let stream = UnixStream::connect(path).map_err(|_| error)?;
            stream.set_write_timeout(Some(TIMEOUT))?;
            Ok(Socket::Stream(stream))
        }
    }
}

/// The first that opens, or why the first one doesn't.
fn first<T>(all: &[T], open: impl Fn(&T) -> io::Result<Socket>) -> io::Result<Socket> {
    let mut problem = None;
    for one in all {
        match open(one) {
            Ok(socket) => return Ok(socket),
            Err(error) => problem = problem.or(Some(error)),
        }
    }
    Err(problem.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
}
