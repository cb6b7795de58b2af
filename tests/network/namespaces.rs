//! Network namespaces, each with one cable to a switch, and what can go wrong on it.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// A host of the test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Node {
    Connector,
    Resolver,
    Proxy,
    Qualys,
    Center,
    /// Where a long way is made longer.
    Relay,
}

const NODES: [Node; 6] = [
    Node::Connector,
    Node::Resolver,
    Node::Proxy,
    Node::Qualys,
    Node::Center,
    Node::Relay,
];
const SWITCH: &str = "switch";

impl Node {
    pub(crate) fn address(self) -> Ipv4Addr {
        Ipv4Addr::new(10, 77, 0, self as u8 + 1)
    }

    /// Also of its cable's end at the switch.
    fn name(self) -> &'static str {
        match self {
            Node::Connector => "connector",
            Node::Resolver => "resolver",
            Node::Proxy => "proxy",
            Node::Qualys => "qualys",
            Node::Center => "center",
            Node::Relay => "relay",
        }
    }
}

/// All of them. Removed on drop, with everything in them.
#[derive(Debug)]
pub(crate) struct Namespaces {
    prefix: String,
}

impl Namespaces {
    /// `None` where they can't be made; CI must be able to.
    pub(crate) fn lay() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let namespaces = Namespaces {
            prefix: format!("qc{}-{number}-", std::process::id()),
        };
        match namespaces.connect() {
            Ok(()) => Some(namespaces),
            Err(error) => {
                connector_lab::testing::skipped_for("root, iproute2 and iptables", &error);
                None
            }
        }
    }

    fn connect(&self) -> Result<(), String> {
        let switch = self.name(SWITCH);
        let mut all = format!("netns add {switch}\n");
        for node in NODES {
            let (name, port) = (self.of(node), node.name());
            all += &format!("netns add {name}\nlink add eth0 netns {name} type veth peer name {port} netns {switch}\n");
        }
        run(Command::new("ip").args(["-batch", "-"]), &all)?;
        let mut ports = "link add br0 type bridge\nlink set br0 up\n".to_owned();
        for node in NODES {
            let port = node.name();
            ports += &format!("link set {port} master br0\nlink set {port} up\n");
            let own = format!(
                "addr add {}/24 dev eth0\nlink set lo up\nlink set eth0 up\n",
                node.address()
            );
            run(Command::new("ip").args(["-n", &self.of(node), "-batch", "-"]), &own)?;
        }
        run(Command::new("ip").args(["-n", &switch, "-batch", "-"]), &ports)?;
        run(self.command(Node::Center, "iptables").args(["-w", "-L"]), "")?;
        let etc = self.etc();
        let resolver = format!(
            "nameserver {}\noptions timeout:1 attempts:1\n",
            Node::Resolver.address()
        );
        fs::create_dir_all(&etc)
            .and_then(|()| fs::write(etc.join("resolv.conf"), resolver))
            .map_err(|error| error.to_string())
    }

    /// What `ip netns exec` puts in the place of /etc.
    fn etc(&self) -> PathBuf {
        PathBuf::from("/etc/netns").join(self.of(Node::Connector))
    }

    fn name(&self, of: &str) -> String {
        format!("{}{of}", self.prefix)
    }

    fn of(&self, node: Node) -> String {
        self.name(node.name())
    }

    /// A program on a host.
    pub(crate) fn command(&self, node: Node, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.of(node), program]);
        command
    }

    /// A thread on a host: what it opens, it opens there.
    pub(crate) fn thread<T: Send + 'static>(
        &self,
        node: Node,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let namespace = File::open(PathBuf::from("/run/netns").join(self.of(node))).unwrap();
        thread::spawn(move || {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            work()
        })
    }

    /// Waits until the switch carries packets to every host: the kernel takes its time with new cables.
    pub(crate) fn wait_until_it_carries(&self) {
        const NOBODY: u16 = 9;
        let reached = |node: Node| {
            let tried = TcpStream::connect_timeout(&(node.address(), NOBODY).into(), Duration::from_millis(100));
            tried.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
        };
        let all = move || (0..50).any(|_| NODES.into_iter().all(reached));
        assert!(
            self.thread(Node::Connector, all).join().unwrap(),
            "the hosts don't reach each other"
        );
    }

    /// Adds a rule at a host's end of its cable, as iptables takes it.
    pub(crate) fn rule(&self, node: Node, rule: &str) {
        let mut iptables = self.command(node, "iptables");
        run(iptables.args(["-w", "-A"]).args(rule.split(' ')), "").unwrap();
    }

    /// Pulls a host's cable.
    pub(crate) fn cut(&self, node: Node) {
        self.rule(node, "INPUT -j DROP");
        self.rule(node, "OUTPUT -j DROP");
    }

    /// Plugs it in again, and takes back all other rules of that host.
    pub(crate) fn mend(&self, node: Node) {
        run(self.command(node, "iptables").args(["-w", "-F"]), "").unwrap();
    }

    /// So many bits a second, to a host and from it.
    pub(crate) fn slow(&self, node: Node, rate: &str) {
        for (namespace, device) in [(self.of(node), "eth0"), (self.name(SWITCH), node.name())] {
            let mut tc = Command::new("tc");
            tc.args(["-n", &namespace, "qdisc", "add", "dev", device, "root", "tbf"]);
            tc.args(["rate", rate, "burst", "8kb", "latency", "800ms"]);
            run(&mut tc, "").unwrap();
        }
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        for name in NODES.map(|node| self.of(node)).into_iter().chain([self.name(SWITCH)]) {
            // One that wasn't made can't be removed.
            let _ = Command::new("ip")
                .args(["netns", "delete", &name])
                .stderr(Stdio::null())
                .status();
        }
        let _ = fs::remove_dir_all(self.etc());
    }
}

fn run(command: &mut Command, input: &str) -> Result<(), String> {
    let command = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let mut stdin = child.stdin.take().unwrap();
    // Who doesn't want to hear more says why.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}
