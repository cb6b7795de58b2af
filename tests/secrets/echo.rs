//! A far end that says again whatever it heard, and more.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A server that lives as long as the test.
pub(crate) struct Echo {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Echo {
    /// Answers each request by itself; `answer` makes the whole answer of the whole request.
    pub(crate) fn start(answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heard: Arc<Mutex<Vec<u8>>> = Arc::default();
        let hears = heard.clone();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let request = request(&mut connection);
                let answer = answer(&String::from_utf8_lossy(&request));
                hears.lock().unwrap().extend(request);
                let _ = connection.write_all(answer.as_bytes());
                let _ = connection.shutdown(Shutdown::Write);
            }
        });
        Echo { address, heard }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was heard since the last time.
    pub(crate) fn heard(&self) -> Vec<u8> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}

/// An answer with these headers, each on a line, and this body.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

fn request(connection: &mut TcpStream) -> Vec<u8> {
    connection.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let (mut request, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let length = connection.read(&mut piece).unwrap_or_default();
        request.extend_from_slice(&piece[..length]);
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        let Some((head, _)) = text.split_once("\r\n\r\n") else {
            if length == 0 {
                return request;
            }
            continue;
        };
        let announced = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let announced = announced.map_or(0, |length| length.trim().parse().unwrap());
        if length == 0 || request.len() >= head.len() + 4 + announced {
            return request;
        }
    }
}
