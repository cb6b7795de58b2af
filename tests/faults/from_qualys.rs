//! Imports from a Qualys with which something goes wrong.

use std::collections::BTreeMap;
use std::net::{IpAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use connector_lab::management_center::{self, ManagementCenter};
use connector_lab::qualys::{Fault, Limits, Options, Qualys, Times};
use connector_lab::report::{self, Report};
use support::scripted::{Reply, Scripted};
use support::{Ended, PASSWORD, Results, Running, USER, center, held, meant, sending, small};
use tempfile::TempDir;

/// One Qualys, one Management Center, and imports between them.
pub(crate) struct Import {
    pub(crate) far_end: FarEnd,
    pub(crate) center: ManagementCenter,
    meant: BTreeMap<IpAddr, Results>,
    folder: TempDir,
    /// For files that are no import's.
    aside: TempDir,
    /// How Qualys is called, where that isn't its address.
    name: Option<&'static str>,
    settings: Vec<String>,
}

/// Who plays Qualys.
pub(crate) enum FarEnd {
    /// The lab's: HTTPS, storage, times.
    Lab(Qualys),
    /// Byte by byte as the test wants it.
    Scripted(Scripted),
}

/// How an import ends, and what it leaves.
pub(crate) struct Promise<'a> {
    pub(crate) exit: i32,
    /// Part of a sentence on standard error.
    pub(crate) says: &'a str,
    /// What Qualys was asked, in this order: `list*7` is seven times, `list+` is once or more.
    pub(crate) asked: &'a str,
    /// The network map holds all that the report means. Otherwise, nobody even connected.
    pub(crate) imported: bool,
    /// The states of the reports that are left at Qualys.
    pub(crate) left: &'a [&'a str],
}

impl<'a> Promise<'a> {
    /// All is imported, and no report is left.
    pub(crate) const fn imports(says: &'a str, asked: &'a str) -> Self {
        Promise {
            exit: 0,
            says,
            asked,
            imported: true,
            left: &[],
        }
    }

    /// Nothing is imported, and no report is left.
    pub(crate) const fn fails(exit: i32, says: &'a str, asked: &'a str) -> Self {
        Promise {
            exit,
            says,
            asked,
            imported: false,
            left: &[],
        }
    }
}

impl Import {
    /// From the lab's Qualys with these faults.
    pub(crate) async fn faulty(faults: &[&str]) -> Self {
        Self::of(usual(faults)).await
    }

    /// From the lab's Qualys.
    pub(crate) async fn of(options: Options) -> Self {
        let report = options.report.clone();
        Self::from(FarEnd::Lab(Qualys::start(options).await.unwrap()), report).await
    }

    /// From a Qualys that gives these replies to these actions, and good ones after them.
    pub(crate) async fn scripted(replies: Vec<(&str, Reply)>) -> Self {
        let qualys = Scripted::start();
        for (action, reply) in replies {
            qualys.then(action, reply);
        }
        qualys.times(20, "fetch", &Reply::ok(text()));
        Self::from(FarEnd::Scripted(qualys), small(12)).await
    }

    async fn from(far_end: FarEnd, report: report::Options) -> Self {
        let meant = meant(&Report::new(report).unwrap().expected());
        assert!(!meant.is_empty(), "nothing is to be imported");
        Import {
            far_end,
            center: center(management_center::Options::default()).await,
            meant,
            folder: tempfile::tempdir().unwrap(),
            aside: tempfile::tempdir().unwrap(),
            name: None,
            settings: Vec::new(),
        }
    }

    /// With these settings, for this and all further imports.
    pub(crate) fn set(mut self, settings: &[&str]) -> Self {
        self.settings.extend(settings.iter().map(|&setting| setting.to_owned()));
        self
    }

    /// By this name, which has to be in its certificate.
    pub(crate) fn called(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// A folder for files that are no import's.
    pub(crate) fn aside(&self) -> &Path {
        self.aside.path()
    }

    /// The lab's Qualys.
    pub(crate) fn lab(&self) -> &Qualys {
        match &self.far_end {
            FarEnd::Lab(qualys) => qualys,
            FarEnd::Scripted(_) => panic!("Qualys is played by a script"),
        }
    }

    /// An import of these templates, about to start.
    pub(crate) fn command(&self, templates: &str) -> Command {
        let mut command = sending(self.folder.path(), &self.center);
        let (mut url, ca) = self.far_end.place();
        if let Some(name) = self.name {
            url = url.replace("127.0.0.1", name);
        }
        command
            .args(["-multiinfo", templates, "--summary", "json"])
            .args(["--set", "qualys.poll_interval=30ms"])
            .args(["--set", &format!("qualys.url={url}")])
            .env("QC_QUALYS__USER_ID", USER)
            .env("QC_QUALYS__PASSWORD", PASSWORD)
            .env("TMPDIR", self.folder.path());
        if let Some(ca) = ca {
            command.args(["--set", &format!("qualys.ca_file={}", ca.display())]);
        }
        for setting in &self.settings {
            command.args(["--set", setting]);
        }
        command
    }

    /// Starts an import.
    pub(crate) fn start(&self) -> Running {
        Running::of(self.command("424242"))
    }

    /// Starts an import with further settings, for this time only.
    pub(crate) fn start_with(&self, settings: &[&str]) -> Running {
        let mut command = self.command("424242");
        for setting in settings {
            command.args(["--set", setting]);
        }
        Running::of(command)
    }

    /// Imports, and asserts how that ends.
    pub(crate) async fn ends(&self, promise: Promise<'_>) -> Ended {
        let ended = self.start().ended().await;
        self.assert(&ended, &promise).await;
        ended
    }

    /// Imports so many templates, one after the other, as fast as it can.
    pub(crate) async fn of_many(&self, templates: usize) -> Ended {
        let templates: Vec<_> = (1..=templates).map(|template| template.to_string()).collect();
        let mut command = self.command(&templates.join(","));
        command.args(["--set", "qualys.poll_interval=1ms"]);
        command.args([
            "--set",
            "commands.templates=disjoint",
            "--set",
            "qualys.reports_at_once=1",
        ]);
        let ended = Running::of(command).ended().await;
        ended.assert_code(0);
        self.assert_map(true).await;
        ended
    }

    /// Asserts what an import that has ended left.
    pub(crate) async fn assert(&self, ended: &Ended, promise: &Promise<'_>) {
        ended.assert_code(promise.exit).assert_says(promise.says);
        self.left(promise.asked, promise.imported, promise.left, &ended.stderr)
            .await;
    }

    /// Asserts what was asked, what was imported, and what is left at Qualys; no file ever is.
    pub(crate) async fn left(&self, asked: &str, imported: bool, left: &[&str], told: &str) {
        let actions = self.far_end.actions();
        assert!(
            fits(&actions, asked),
            "expected: {asked}\nasked: {}\nstderr: {told}",
            actions.join(" ")
        );
        self.assert_map(imported).await;
        if let FarEnd::Lab(qualys) = &self.far_end {
            let states: Vec<_> = qualys.reports().into_iter().map(|report| report.state).collect();
            assert_eq!(states, left, "left at Qualys\nstderr: {told}");
        }
        let files: Vec<_> = self.folder.path().read_dir().unwrap().collect();
        assert!(files.is_empty(), "left in the folder: {files:?}");
    }

    /// Asserts that the network map holds all, or that nobody came.
    pub(crate) async fn assert_map(&self, imported: bool) {
        self.center.idle().await;
        let map = self.center.network_map();
        match imported {
            true => assert_eq!(held(&map), self.meant),
            false => assert_eq!((map.hosts.len(), map.counters.connections), (0, 0)),
        }
    }

    /// Asserts that the next import, without faults, completes; that Qualys was asked to launch so often in all; and
    /// that nothing is left there.
    pub(crate) async fn next_completes(&self, launches: usize) {
        let qualys = self.lab();
        qualys.set_faults(Vec::new());
        let begun = Instant::now();
        while TcpStream::connect(qualys.address()).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(10), "Qualys stays away");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let ended = self.start().ended().await;
        ended.assert_code(0);
        self.assert_map(true).await;
        assert_eq!(self.count("launch"), launches, "{}", ended.stderr);
        let states: Vec<_> = qualys.reports().into_iter().map(|report| report.state).collect();
        assert!(states.iter().all(|state| state == "Canceled"), "{states:?}");
    }

    /// How often Qualys was asked for this.
    pub(crate) fn count(&self, action: &str) -> usize {
        self.far_end.actions().iter().filter(|asked| *asked == action).count()
    }

    /// Waits until Qualys has been asked for this so often, and a little longer.
    pub(crate) async fn asked(&self, action: &str, times: usize) {
        let begun = Instant::now();
        while self.count(action) < times {
            assert!(begun.elapsed() < Duration::from_secs(20), "{action} wasn't asked for");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

impl FarEnd {
    /// Its address, and the certificate of its CA.
    fn place(&self) -> (String, Option<PathBuf>) {
        match self {
            FarEnd::Lab(qualys) => (qualys.url(), Some(qualys.ca_pem_path())),
            FarEnd::Scripted(qualys) => (qualys.url(), None),
        }
    }

    fn actions(&self) -> Vec<String> {
        match self {
            FarEnd::Lab(qualys) => qualys.requests().into_iter().map(|request| request.action).collect(),
            FarEnd::Scripted(qualys) => qualys.actions(),
        }
    }
}

/// A Qualys whose reports are small and ready at once, with these faults.
pub(crate) fn usual(faults: &[&str]) -> Options {
    Options {
        user: Some(USER.to_owned()),
        password: Some(PASSWORD.to_owned()),
        times: Times::instant(),
        report: small(12),
        limits: Limits {
            rate_limit: 100_000,
            concurrency: 10,
            ..Limits::default()
        },
        faults: parsed(faults),
        ..Options::default()
    }
}

/// A Qualys whose reports have a finding or two, for conversations that are to be short and many.
pub(crate) fn tiny(faults: Vec<Fault>) -> Options {
    Options {
        report: report::Options {
            hosts: 1,
            findings: 2,
            qids: 1,
            fixed: 0,
            clean: 0,
            unexplained: 100,
            longest_result: 1,
            flat: true,
            ..report::Options::default()
        },
        faults,
        ..usual(&[])
    }
}

fn parsed(faults: &[&str]) -> Vec<Fault> {
    faults.iter().map(|fault| fault.parse().unwrap()).collect()
}

/// The report that a scripted Qualys delivers.
pub(crate) fn text() -> Vec<u8> {
    let mut text = Vec::new();
    Report::new(small(12)).unwrap().write_to(&mut text).unwrap();
    text
}

/// Whether a pattern describes these actions.
fn fits(actions: &[String], pattern: &str) -> bool {
    let mut rest = actions;
    for word in pattern.split_whitespace() {
        let (action, least, most) = match (word.split_once('*'), word.strip_suffix('+')) {
            (Some((action, times)), _) => (action, times.parse().unwrap(), times.parse().unwrap()),
            (None, Some(action)) => (action, 1, usize::MAX),
            (None, None) => (word, 1, 1),
        };
        let there = rest.iter().take_while(|asked| *asked == action).count().min(most);
        if there < least {
            return false;
        }
        rest = &rest[there..];
    }
    rest.is_empty()
}
