//! Syslog, over every kind of socket, alive and dead.

use std::io::Read as _;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use connector_lab::report;
use support::{Ended, connector, run, small};

const COMPLETE: &str = "QualysGuard Report Processing Complete";

/// Writes a CSV file and logs to this syslog.
async fn logging(syslog: &str, more: &[&str]) -> (Ended, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = support::report(folder.path(), small(5));
    let mut command: Command = connector(folder.path());
    command.args(["-csvfile", "Output.csv", "--report"]).arg(&path);
    command.args(["--set", &format!("log.syslog={syslog}")]).args(more);
    command.env("TZ", "UTC");
    let ended = run(command).await;
    ended.assert_code(0);
    (ended, folder)
}

#[tokio::test]
async fn udp_gets_rfc_5424() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    server.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let (ended, _) = logging(&format!("udp://{}", server.local_addr().unwrap()), &[]).await;
    assert_eq!(
        ended.stderr, "",
        "a log that is kept elsewhere isn't kept on standard error"
    );
    let mut bytes = [0; 9000];
    let message = loop {
        let length = server.recv(&mut bytes).unwrap();
        let message = String::from_utf8(bytes[..length].to_vec()).unwrap();
        if message.contains(COMPLETE) {
            break message;
        }
    };
    let parts: Vec<&str> = message.splitn(8, ' ').collect();
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    assert_eq!(parts[..1], ["<14>1"]);
    assert!(humantime::parse_rfc3339(parts[1]).is_ok(), "{message}");
    assert_eq!(parts[2..4], [host.as_str(), "qualys-connector"]);
    assert!(parts[4].parse::<u32>().is_ok(), "{message}");
    assert_eq!(parts[5..7], ["-", "-"]);
    assert!(parts[7].starts_with(COMPLETE), "{message}");
    assert!(message.contains(" template="), "{message}");
}

#[tokio::test]
async fn tcp_gets_rfc_5424_in_counted_octets_and_all_outputs_go_together() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let received = thread::spawn(move || {
        let mut bytes = String::new();
        server.accept().unwrap().0.read_to_string(&mut bytes).unwrap();
        bytes
    });
    let more = [
        "--logfile",
        "log",
        "--stderr",
        "--level",
        "3",
        "--set",
        "log.format=json",
    ];
    let (ended, folder) = logging(&format!("tcp://{address}"), &more).await;
    let received = received.join().unwrap();
    let mut rest = received.as_str();
    let mut messages = Vec::new();
    while let Some((length, after)) = rest.split_once(' ') {
        let length: usize = length.parse().unwrap();
        let (message, after) = after.split_at(length);
        messages.push(message.split_once(" - - ").unwrap().1);
        rest = after;
    }
    let lines: Vec<_> = ended.stderr.lines().collect();
    assert!(lines.len() > 20, "{lines:?}");
    assert_eq!(messages, lines, "the same JSON objects");
    assert_eq!(
        std::fs::read_to_string(folder.path().join("log")).unwrap(),
        ended.stderr
    );
}

#[tokio::test]
async fn a_local_socket_gets_the_classic_format() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let server = UnixDatagram::bind(&path).unwrap();
    server.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let received = thread::spawn(move || {
        let mut bytes = [0; 9000];
        loop {
            let length = server.recv(&mut bytes).unwrap();
            let message = String::from_utf8(bytes[..length].to_vec()).unwrap();
            if message.contains(COMPLETE) {
                return message;
            }
        }
    });
    let (ended, _) = logging(&format!("unix:{}", path.display()), &[]).await;
    assert_eq!(ended.stderr, "");
    let message = received.join().unwrap();
    let (priority, rest) = message.split_at(4);
    assert_eq!(priority, "<14>");
    let (time, rest) = rest.split_at("Nov  4 08:00:00 ".len());
    assert!(
        time.starts_with(|char: char| char.is_ascii_uppercase()) && time.ends_with(' '),
        "{message}"
    );
    assert!(rest.starts_with("qualys-connector["), "{message}");
    assert!(
        rest.contains(&format!("]: {COMPLETE} stage=select template=")),
        "{message}"
    );
}

#[tokio::test]
async fn a_socket_that_is_missing_is_said_and_the_log_goes_to_standard_error() {
    let (ended, _) = logging("unix:/nowhere/log", &[]).await;
    ended
        .assert_says("there is no syslog at /nowhere/log")
        .assert_says("the log goes to standard error")
        .assert_says(COMPLETE);
}

#[tokio::test]
async fn a_server_that_is_gone_costs_no_import_and_what_it_missed_is_counted_once() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    drop(server);
    for syslog in [format!("tcp://{address}"), "udp://no.such.host.invalid:514".to_owned()] {
        let (ended, folder) = logging(&syslog, &["--logfile", "log", "--set", "log.format=text"]).await;
        let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
        let lines = log.lines().count();
        let said = format!("warning: {lines} log lines didn't reach the syslog {syslog}: ");
        assert_eq!(ended.stderr.matches("warning:").count(), 1, "{}", ended.stderr);
        assert!(ended.stderr.starts_with(&said), "{said}\n{}", ended.stderr);
    }
}

#[tokio::test]
async fn a_server_that_takes_nothing_does_not_hold_an_import_up() {
    // Never accepted: the kernel takes what fits into its buffers.
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let syslog = format!("log.syslog=tcp://{}", server.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let options = report::Options {
        hosts: 3000,
        findings: 30,
        longest_result: 100,
        ..report::Options::default()
    };
    let (path, _) = support::report(folder.path(), options);
    let mut command: Command = connector(folder.path());
    command
        .args(["-csvfile", "Output.csv", "--level", "3", "--set", &syslog, "--report"])
        .arg(&path);
    let begun = Instant::now();
    let ended = run(command).await;
    ended.assert_code(0).assert_says("log lines didn't reach the syslog");
    // Without bounds it would take as long as the server sleeps.
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}
