//! A resolver of our own, for one import: in a mount namespace whose `resolv.conf` names it.

use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use connector_lab::qualys::Options;
use support::Running;

use crate::from_qualys::{Import, Promise, usual};

/// The name that it knows.
const NAME: &str = "qualys.example";

/// What becomes of a question.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answered {
    Right,
    ServFail,
    NoSuchName,
    /// Never.
    Silence,
}

/// A resolver; it ends with the test's process.
struct Resolver {
    address: Ipv4Addr,
    asked: Arc<AtomicUsize>,
}

impl Resolver {
    /// At an address that nobody else has, be it another test or another run. It answers by the number of the look-up,
    /// counted from 1.
    fn start(answer: impl Fn(usize) -> Answered + Send + 'static) -> Self {
        let mut addresses = (1..u8::MAX).map(|number| Ipv4Addr::new(127, 53, 0, number));
        let free = addresses.find_map(|address| Some((address, UdpSocket::bind((address, 53)).ok()?)));
        let (address, socket) = free.unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        std::thread::spawn(move || {
            let mut question = [0; 512];
            let mut ports = Vec::new();
            while let Ok((length, from)) = socket.recv_from(&mut question) {
                // glibc asks for both families from one port, and anew from the same after a failure.
                if !ports.contains(&from) {
                    ports.push(from);
                    count.fetch_add(1, Ordering::SeqCst);
                }
                if let Some(reply) = reply(&question[..length], answer(ports.len())) {
                    // Whoever asked may be gone.
                    let _ = socket.send_to(&reply, from);
                }
            }
        });
        Resolver { address, asked }
    }

    /// How many look-ups there were.
    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Imports by a name that this resolver alone knows. It answers the first `well` look-ups, then `fails` others as
/// `answered` says, and the rest.
pub(crate) async fn import(well: usize, answered: Answered, fails: usize, promise: Promise<'_>) -> Option<Import> {
    let options = Options {
        names: vec![NAME.to_owned()],
        ..usual(&[])
    };
    let import = Import::of(options).await.called(NAME);
    if !may_mount() {
        connector_lab::testing::skipped("root, for a mount namespace");
        return None;
    }
    let resolver = Resolver::start(
        move |look_up| match (well + 1..=well.saturating_add(fails)).contains(&look_up) {
            true => answered,
            false => Answered::Right,
        },
    );
    let command = resolved_by(resolver.address, import.aside(), &import.command("424242"));
    let ended = Running::of(command).ended().await;
    import.assert(&ended, &promise).await;
    assert!(resolver.asked() > well, "nobody asked");
    Some(import.called("127.0.0.1"))
}

/// Whether there are the rights for a mount namespace.
fn may_mount() -> bool {
    let tried = Command::new("unshare").args(["--mount", "true"]).output();
    tried.is_ok_and(|output| output.status.success())
}

/// The same command where [`NAME`] is known to this resolver only.
fn resolved_by(address: Ipv4Addr, folder: &Path, command: &Command) -> Command {
    let file = folder.join("resolv.conf");
    std::fs::write(&file, format!("nameserver {address}\noptions timeout:1 attempts:1\n")).unwrap();
    let mut wrapped = Command::new("unshare");
    wrapped
        .args([
            "--mount",
            "sh",
            "-c",
            "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"",
        ])
        .arg(file)
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    for (name, value) in command.get_envs() {
        wrapped.env(name, value.unwrap_or_default());
    }
    if let Some(folder) = command.get_current_dir() {
        wrapped.current_dir(folder);
    }
    wrapped
}

/// A DNS message: header, the question again, and an address for those who ask for IPv4's.
fn reply(question: &[u8], answered: Answered) -> Option<Vec<u8>> {
    let end = 12 + question.get(12..)?.iter().position(|&byte| byte == 0)? + 5;
    let question = question.get(..end)?;
    let wants_ipv4 = question[end - 4..end - 2] == [0, 1];
    let (code, answers) = match answered {
        Answered::Right => (0, u8::from(wants_ipv4)),
        Answered::ServFail => (2, 0),
        Answered::NoSuchName => (3, 0),
        Answered::Silence => return None,
    };
    let mut reply = question.to_vec();
    reply[2..12].copy_from_slice(&[0x81, 0x80 | code, 0, 1, 0, answers, 0, 0, 0, 0]);
    if answers == 1 {
        reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);
    }
    Some(reply)
}
