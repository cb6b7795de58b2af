//! A Pushgateway: Debian's, and servers in its place that misbehave.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What the Pushgateway with a login wants; `PASSWORD`'s bcrypt hash stands in its configuration.
pub(crate) const PASSWORD: &str = "canary-push";
const HASH: &str = "$2b$04$cZZgxa8o5uKgnKJJ7qiJOuqV6UQnTGF7CdQPaHRkmrP80r8/7XbyK";

/// Debian's Pushgateway.
pub(crate) struct Gateway {
    process: Child,
    address: SocketAddr,
}

/// The series of one metric: their labels, and their values.
pub(crate) type Series = BTreeMap<String, f64>;

impl Gateway {
    /// `None` where it isn't installed; CI installs it.
    pub(crate) fn start() -> Option<Self> {
        Self::at(free(), &[])
    }

    /// With TLS and a login, both as its own configuration file says them; and the CA of its certificate.
    pub(crate) fn guarded(folder: &Path) -> Option<(Self, PathBuf)> {
        let address = free();
        let issued = rcgen::generate_simple_self_signed([address.ip().to_string()]).unwrap();
        fs::write(folder.join("gateway.pem"), issued.cert.pem()).unwrap();
        fs::write(folder.join("gateway.key"), issued.signing_key.serialize_pem()).unwrap();
        let config = folder.join("web.yml");
        let text = format!(
            "tls_server_config:\n  cert_file: gateway.pem\n  key_file: gateway.key\nbasic_auth_users:\n  pusher: {HASH}\n"
        );
        fs::write(&config, text).unwrap();
        let gateway = Self::at(address, &[&format!("--web.config.file={}", config.display())])?;
        Some((gateway, folder.join("gateway.pem")))
    }

    fn at(address: SocketAddr, arguments: &[&str]) -> Option<Self> {
        let started = Command::new("prometheus-pushgateway")
            .arg(format!("--web.listen-address={address}"))
            // Debian's remembers from one start to the next.
            .arg("--persistence.file=")
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let process = match started {
            Ok(process) => process,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                connector_lab::testing::skipped("prometheus-pushgateway");
                return None;
            }
            Err(error) => unreachable!("prometheus-pushgateway: {error}"),
        };
        let gateway = Gateway { process, address };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "the Pushgateway doesn't start"
            );
            thread::sleep(Duration::from_millis(20));
        }
        Some(gateway)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn https(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Pushes something else than we do.
    pub(crate) fn post(&self, path: &str, body: &str) -> String {
        exchange(
            self.address,
            &format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ),
        )
        .unwrap()
    }

    /// All that Prometheus would scrape.
    pub(crate) fn scrape(&self) -> String {
        exchange(self.address, "GET /metrics HTTP/1.0\r\nHost: x\r\n\r\n").unwrap()
    }

    /// The series of one of our metrics.
    pub(crate) fn series(&self, name: &str) -> Series {
        series(&self.scrape(), name)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The series of one of our metrics in a text, without the empty instance that a Pushgateway adds, labels in order.
pub(crate) fn series(text: &str, name: &str) -> Series {
    let name = format!("qualys_connector_{name}");
    let lines = text.lines().filter_map(|line| line.strip_prefix(&name));
    let lines = lines.filter(|line| line.starts_with(['{', ' ']));
    let series = lines.map(|line| {
        let (labels, value) = line.rsplit_once(' ').unwrap();
        let labels = labels.trim_start_matches('{').trim_end_matches("\"}");
        let mut labels: Vec<_> = labels.split("\",").filter(|label| *label != "instance=\"").collect();
        labels.sort_unstable();
        (format!("{{{}\"}}", labels.join("\",")), value.parse().unwrap())
    });
    series.collect()
}

/// A server that does this with each connection.
pub(crate) fn misbehaving(what: impl Fn(TcpStream) + Send + Sync + Clone + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let what = what.clone();
            thread::spawn(move || what(connection.unwrap()));
        }
    });
    format!("http://{address}")
}

/// An address where nobody listens, and where nobody else will: a port that was free may be another test's a moment later,
/// so each has a loopback address of its own too.
pub(crate) fn free() -> SocketAddr {
    static GIVEN: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let ip = Ipv4Addr::new(127, GIVEN.fetch_add(1, Ordering::Relaxed), high, low.clamp(1, 254));
    TcpListener::bind((ip, 0)).unwrap().local_addr().unwrap()
}

/// One HTTP request, and all that comes back.
pub(crate) fn exchange(address: SocketAddr, request: &str) -> io::Result<String> {
    let mut connection = TcpStream::connect(address)?;
    connection.write_all(request.as_bytes())?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer)
}
