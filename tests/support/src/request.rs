//! What a server of a test reads.

use std::io::Read as _;
use std::net::TcpStream;
use std::time::Duration;

/// Reads a whole HTTP request, however late its pieces come; what there is of it where the client ends earlier.
pub fn request(connection: &mut TcpStream) -> Vec<u8> {
    connection.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let (mut request, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let length = connection.read(&mut piece).unwrap_or_default();
        request.extend_from_slice(&piece[..length]);
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        let announced = text.split_once("\r\n\r\n").map(|(head, _)| {
            let body = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            head.len() + 4 + body.map_or(0, |length| length.trim().parse().unwrap())
        });
        if length == 0 || announced.is_some_and(|announced| request.len() >= announced) {
            return request;
        }
    }
}
