//! The lab and the connector, each on its host: an import from one end to the other.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use connector_lab::management_center::{self, ManagementCenter};
use connector_lab::qualys::{self, Qualys};
use connector_lab::report::{Expected, Report};
use support::{Ended, Results, held, meant, small};
use tokio::sync::oneshot;

use crate::namespaces::{Namespaces, Node};
use crate::proxy;
use crate::resolver::{self, Answers};

const QUALYS: u16 = 8443;
const CENTER: u16 = 8307;
/// Bytes of a frame: an import has some dozens of them.
const FRAME: &str = "management_center.max_frame=4096";

/// Without a report; the template's number isn't given then.
pub(crate) const DETECTIONS: &str = "qualys.api=detections";

/// All hosts, with everything that runs on them.
pub(crate) struct Estate {
    pub(crate) center: Running<ManagementCenter>,
    pub(crate) qualys: Running<Qualys>,
    expected: Expected,
    folder: tempfile::TempDir,
    /// Last: it takes the far ends' network away.
    pub(crate) network: Namespaces,
}

/// How an import ended, and how long it took.
pub(crate) struct Import {
    pub(crate) ended: Ended,
    pub(crate) took: Duration,
}

impl Estate {
    /// `None` where namespaces can't be made.
    pub(crate) fn build() -> Option<Self> {
        Self::with(Answers::Well, Duration::ZERO)
    }

    /// With a resolver of this kind, and a Management Center that takes so long for each frame.
    pub(crate) fn with(answers: Answers, slow: Duration) -> Option<Self> {
        let network = Namespaces::lay()?;
        let report = small(60);
        let expected = Report::new(report.clone()).unwrap().expected();
        let qualys = qualys::Options {
            listen: (Node::Qualys.address(), QUALYS).into(),
            names: vec!["qualys.lab".to_owned(), "relay.lab".to_owned()],
            user: Some("dirk_g".to_owned()),
            password: Some("d0ntp@n1c".to_owned()),
            times: qualys::Times::instant(),
            no_gzip: true,
            report,
            ..qualys::Options::default()
        };
        let qualys = Running::start(&network, Node::Qualys, async || Qualys::start(qualys).await.unwrap());
        let center = management_center::Options {
            listen: (Node::Center.address(), CENTER).into(),
            faults: management_center::Faults {
                slow_answers: slow,
                ..Default::default()
            },
            ..management_center::Options::default()
        };
        let center = Running::start(&network, Node::Center, async || {
            ManagementCenter::start(center).await.unwrap()
        });
        network.wait_until_it_carries();
        resolver::start(&network, answers);
        proxy::start(&network, (Node::Qualys.address(), QUALYS).into());
        Some(Estate {
            center,
            qualys,
            expected,
            folder: tempfile::tempdir().unwrap(),
            network,
        })
    }

    /// An import through the proxy, by names, with short waits; `settings` come last.
    pub(crate) fn import(&self, settings: &[&str]) -> Import {
        self.during(settings, || {})
    }

    /// An import, and what happens meanwhile.
    pub(crate) fn during(&self, settings: &[&str], meanwhile: impl FnOnce()) -> Import {
        let began = Instant::now();
        let child = self.command(settings).spawn().unwrap();
        meanwhile();
        let output = child.wait_with_output().unwrap();
        Import {
            ended: Ended::new(output),
            took: began.elapsed(),
        }
    }

    fn command(&self, settings: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_qualys-connector");
        let mut command = self.network.command(Node::Connector, "env");
        command.args([
            "-i",
            "QC_QUALYS__USER_ID=dirk_g",
            "QC_QUALYS__PASSWORD=d0ntp@n1c",
            program,
        ]);
        command.current_dir(self.folder.path());
        command.args(["--summary", "json", "--port", &CENTER.to_string()]);
        command.arg("--pkcs12").arg(self.center.end().pkcs12());
        if !settings.contains(&DETECTIONS) {
            command.args(["--multiinfo", "424242"]);
        }
        command.arg("--set");
        command.arg(format!("qualys.ca_file={}", self.qualys.end().ca_pem_path().display()));
        let usual = [
            &format!("qualys.url=https://qualys.lab:{QUALYS}"),
            &format!("qualys.proxy.url=http://{}:{}", Node::Proxy.address(), proxy::PORT),
            "qualys.poll_interval=100ms",
            "qualys.connect_timeout=1s",
            "qualys.idle_timeout=2s",
            "qualys.deadline=20s",
            "commands.add_host=y",
            "management_center.server=center.lab",
            "management_center.connect_timeout=1s",
            "management_center.answer_timeout=2s",
            "management_center.connect_deadline=8s",
            "management_center.deadline=20s",
            FRAME,
        ];
        for setting in usual.iter().chain(settings) {
            command.args(["--set", setting]);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Waits until the Management Center has seen so many frames.
    pub(crate) fn wait_for_frames(&self, frames: u64) {
        self.wait_for("frames", || self.center.end().network_map().counters.frames >= frames);
    }

    /// Waits until Qualys was asked for the report itself.
    pub(crate) fn wait_for_fetch(&self) {
        self.wait_for("a fetch", || self.fetches() > 0);
    }

    fn wait_for(&self, what: &str, there: impl Fn() -> bool) {
        let began = Instant::now();
        while !there() {
            assert!(began.elapsed() < Duration::from_secs(30), "{what} didn't come");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until Qualys was asked for so many batches of detections.
    pub(crate) fn wait_for_batches(&self, batches: usize) {
        self.wait_for("batches", || self.asked("detections") >= batches);
    }

    /// How often the report was asked for.
    pub(crate) fn fetches(&self) -> usize {
        self.asked("fetch")
    }

    /// How often Qualys was asked for this.
    pub(crate) fn asked(&self, action: &str) -> usize {
        let requests = self.qualys.end().requests();
        requests.iter().filter(|request| request.action == action).count()
    }

    /// Connections that the Management Center saw.
    pub(crate) fn connections(&self) -> u64 {
        self.center.end().network_map().counters.connections
    }

    /// The network map is exactly what the report means.
    pub(crate) fn assert_imported(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let at_rest = async { tokio::time::timeout(Duration::from_secs(10), self.center.end().idle()).await };
        runtime.block_on(at_rest).unwrap();
        assert!(
            self.held() == meant(&self.expected),
            "the network map isn't what the report means"
        );
    }

    /// Nothing has reached the network map.
    pub(crate) fn assert_untouched(&self) {
        assert!(self.held().is_empty());
    }

    /// Some hosts are there and some aren't, each of them whole.
    pub(crate) fn assert_whole_hosts(&self, ended: &Ended) {
        let (held, meant) = (self.held(), meant(&self.expected));
        assert!(
            !held.is_empty() && held.len() < meant.len(),
            "{} of {}",
            held.len(),
            meant.len()
        );
        for (address, results) in &held {
            assert_eq!(meant.get(address), Some(results), "{address}");
        }
        let acknowledged = ended.summary()["hosts"]["acknowledged"].as_u64().unwrap();
        assert!(acknowledged <= held.len() as u64);
    }

    /// Hosts with IPv6 only aside, whom a report doesn't show.
    fn held(&self) -> BTreeMap<IpAddr, Results> {
        let mut held = held(&self.center.end().network_map());
        held.retain(|address, _| address.is_ipv4());
        held
    }
}

/// A far end, on a thread of its host. Stopped on drop.
pub(crate) struct Running<E> {
    end: Option<E>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl<E: Send + 'static> Running<E> {
    pub(crate) fn start(network: &Namespaces, node: Node, start: impl AsyncFnOnce() -> E + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = network.thread(node, move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                sender.send(start().await).unwrap();
                let _ = stopped.await;
            });
        });
        Running {
            end: Some(receiver.recv().unwrap()),
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl<E> Running<E> {
    pub(crate) fn end(&self) -> &E {
        self.end.as_ref().unwrap()
    }
}

impl<E> Drop for Running<E> {
    fn drop(&mut self) {
        drop((self.end.take(), self.stop.take()));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Asserts that an import took no longer than its settings allow, and what a busy machine adds.
pub(crate) fn assert_within(import: &Import, seconds: u64) {
    const BUSY: Duration = Duration::from_secs(15);
    assert!(
        import.took < Duration::from_secs(seconds) + BUSY,
        "{:?}: {}",
        import.took,
        import.ended.stderr
    );
}
