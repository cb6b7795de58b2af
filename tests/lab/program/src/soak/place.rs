//! Where the imports run: both far ends, the far ends of telemetry, and the folders of the program.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use connector_lab::management_center::{self, Faults, ManagementCenter};
use connector_lab::qualys::{self, Qualys, ReportFile};
use connector_lab::report::Report;

use super::Failure;
use super::child::{self, Ended};
use super::draw::{Import, Telemetry, Template};
use super::oracle::{self, Findings, Marks};

/// Everything that passes by itself has passed by then.
const AT_REST: Duration = Duration::from_secs(5);
/// Short waits: what takes minutes in the field takes a second here.
const SETTINGS: [&str; 13] = [
    "commands.add_host=y",
    "log.level=warn",
    "log.format=text",
    "qualys.poll_interval=60ms",
    "qualys.connect_timeout=400ms",
    "qualys.idle_timeout=400ms",
    "qualys.deadline=2500ms",
    "management_center.connect_timeout=400ms",
    "management_center.answer_timeout=400ms",
    "management_center.deadline=2500ms",
    "telemetry.flush_timeout=200ms",
    "telemetry.pushgateway.timeout=200ms",
    "telemetry.metrics_file=metrics.prom",
];
/// Where it works, what it says; the same of another import at the same time.
const FOLDERS: [&str; 5] = ["work", "temporary", "said", "other-work", "other-said"];
/// What an import may leave in its folder.
const LEFT: [&str; 2] = ["metrics.prom", "run.html"];

/// The folders, and what lasts from one import to the next.
pub(super) struct Place {
    connector: PathBuf,
    folder: tempfile::TempDir,
    /// Takes connections into its queue, and nobody looks at them.
    dead: TcpListener,
}

/// Both far ends of one import.
pub(super) struct FarEnds<'a> {
    place: &'a Place,
    qualys: Qualys,
    center: ManagementCenter,
    /// Connections that belong to the import before.
    connections: u64,
    /// Its connections end with the client. One that doesn't read any more never learns of that.
    rests: bool,
}

impl Place {
    pub(super) fn new(connector: &Path) -> Result<Self, Failure> {
        let place = Self {
            connector: connector.to_owned(),
            folder: tempfile::tempdir()?,
            dead: TcpListener::bind("127.0.0.1:0")?,
        };
        for folder in FOLDERS {
            fs::create_dir(place.path(folder))?;
        }
        Ok(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts a Qualys with the reports of an import, and a Management Center that knows no host.
    pub(super) async fn far_ends(&self, import: &Import) -> Result<FarEnds<'_>, Failure> {
        // Nothing is remembered of another Management Center.
        if self.path("state").exists() {
            fs::remove_dir_all(self.path("state"))?;
        }
        let center = ManagementCenter::start(management_center::Options {
            // Its keys last.
            dir: Some(self.path("center")),
            count_header: import.counts.header,
            no_count_flush: import.counts.no_flush,
            no_count_update: import.counts.no_update,
            ..management_center::Options::default()
        });
        let mut files = Vec::new();
        let estate = import.detections.and(import.templates.first());
        let of_reports = import.templates.iter().filter(|_| estate.is_none());
        for template in of_reports.chain(&import.other) {
            let path = self.path(&format!("{}.xml", template.id));
            Report::new(template.report.clone())?.write_to(&mut fs::File::create(&path)?)?;
            files.push(ReportFile {
                template: Some(template.id),
                path,
            });
        }
        let qualys = Qualys::start(qualys::Options {
            dir: Some(self.path("qualys")),
            user: Some("dirk_g".to_owned()),
            password: Some("d0ntp@n1c".to_owned()),
            times: qualys::Times::instant(),
            report: estate.map_or_else(Default::default, |template| template.earlier.clone()),
            files,
            ..qualys::Options::default()
        });
        Ok(FarEnds {
            place: self,
            qualys: qualys.await?,
            center: center.await?,
            connections: 0,
            rests: true,
        })
    }

    /// Looks for what was left behind, and takes it away.
    pub(super) fn tidy(&self, runs: &[Ended]) -> Result<(), String> {
        let mut left = Vec::new();
        for folder in ["work", "temporary", "other-work"] {
            let entries = fs::read_dir(self.path(folder)).map_err(|error| error.to_string())?;
            for entry in entries.flatten() {
                // Whatever it is, the next import begins without it.
                let _ = fs::remove_file(entry.path());
                left.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        left.retain(|name| !LEFT.contains(&name.as_str()));
        // Nobody can remove a half-written file who was killed while writing it.
        left.retain(|name| {
            !(runs.iter().any(Ended::was_killed) && name.starts_with('.') && name.ends_with(".partial"))
        });
        match left.is_empty() {
            true => Ok(()),
            false => Err(format!("it left {} behind", left.join(", "))),
        }
    }

    fn command(&self, center: SocketAddr, settings: &[String], folder: &str) -> Command {
        let mut command = Command::new(&self.connector);
        command.current_dir(self.path(folder)).env_clear();
        command.env("TMPDIR", self.path("temporary"));
        command.args(["--summary", "json", "--server", "127.0.0.1"]);
        command.args(["--port", &center.port().to_string()]);
        command.arg("--pkcs12").arg(self.path("center/client.pkcs12"));
        for setting in SETTINGS.iter().copied().chain(settings.iter().map(String::as_str)) {
            command.args(["--set", setting]);
        }
        command
    }
}

impl FarEnds<'_> {
    /// An import before, from a file; of all hosts, where detections are asked for.
    pub(super) async fn earlier(&self, import: &Import, report: &Arc<Report>) -> Result<Ended, Failure> {
        if import.detections.is_some() {
            return self.run(self.asking_qualys(import, "work", &[]), "said", None).await;
        }
        let path = self.place.path("earlier.xml");
        report.write_to(&mut fs::File::create(&path)?)?;
        let mut command = self.command(import, "work");
        command.arg("--report").arg(path);
        self.run(command, "said", None).await
    }

    /// Lets go wrong what was drawn.
    pub(super) fn faults(&mut self, import: &Import) -> Result<(), Failure> {
        // Both count from what they have seen so far.
        self.connections = self.center.network_map().counters.connections;
        let mut faults = Faults::default();
        if let Some((fault, connections)) = &import.at_center {
            faults.add(fault)?;
            self.rests = !fault.starts_with("stop-reading");
            faults.connections = connections.map(|last| last + self.connections);
            faults.refuse_connections_after = faults.refuse_connections_after.map(|after| after + self.connections);
        }
        faults.slow_answers = import.slow;
        self.center.set_faults(faults);
        let faults = import.at_qualys.iter().map(|fault| fault.parse());
        self.qualys.set_faults(faults.collect::<Result<_, _>>()?);
        if let Some(template) = import.detections.and(import.templates.first()) {
            self.qualys.set_estate(template.report.clone())?;
        }
        Ok(())
    }

    pub(super) fn no_faults(&self) {
        self.center.set_faults(Faults::default());
        self.qualys.set_faults(Vec::new());
    }

    /// The import itself, run by run.
    pub(super) async fn import(&self, import: &Import) -> Result<Vec<Ended>, Failure> {
        let mut runs = Vec::new();
        for settings in import.runs() {
            runs.push(self.one(import, &settings).await?);
        }
        Ok(runs)
    }

    async fn one(&self, import: &Import, settings: &[String]) -> Result<Ended, Failure> {
        let mut command = self.asking_qualys(import, "work", &import.templates);
        set(&mut command, settings);
        let absent = closed_port()?;
        let telemetry = match import.telemetry {
            Telemetry::None => None,
            Telemetry::Absent => Some(absent),
            Telemetry::Dead => Some(self.place.dead.local_addr()?),
        };
        if let Some(address) = telemetry {
            command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}"));
            command.args(["--set", &format!("telemetry.pushgateway.url=http://{address}")]);
            command.args(["--set", &format!("log.syslog=tcp://{address}"), "--set", "log.stderr=y"]);
        }
        self.run(command, "said", import.signal).await
    }

    /// Another import of the same account, with a name of its own.
    pub(super) async fn other(&self, import: &Import) -> Result<Option<Ended>, Failure> {
        let Some(other) = &import.other else { return Ok(None) };
        let mut command = self.asking_qualys(import, "other-work", std::slice::from_ref(other));
        command.args(["--set", "telemetry.import=other"]);
        if import.spoils_the_report() {
            command.args(["--set", "qualys.adopt_within=0s"]);
        }
        self.run(command, "other-said", None).await.map(Some)
    }

    /// The same import again.
    pub(super) async fn again(&self, import: &Import) -> Result<Vec<Ended>, Failure> {
        let mut runs = Vec::new();
        for settings in import.runs() {
            let mut command = self.asking_qualys(import, "work", &import.templates);
            set(&mut command, &settings);
            if import.spoils_the_report() {
                command.args(["--set", "qualys.adopt_within=0s"]);
            }
            runs.push(self.run(command, "said", None).await?);
        }
        Ok(runs)
    }

    /// What the Management Center holds, once it has taken in everything.
    pub(super) async fn held(&self, marks: &Marks) -> Result<Findings, Failure> {
        if self.rests && tokio::time::timeout(AT_REST, self.center.idle()).await.is_err() {
            return Err("the lab's Management Center doesn't come to rest".into());
        }
        Ok(oracle::held(&self.center.network_map(), marks)?)
    }

    /// Connections that the Management Center saw since faults began.
    pub(super) fn connections(&self) -> u64 {
        self.center.network_map().counters.connections - self.connections
    }

    fn command(&self, import: &Import, folder: &str) -> Command {
        let mut command = self.place.command(self.center.address(), &import.settings, folder);
        if import.remembers() {
            let dir = self.place.path("state");
            command.args(["--set", &format!("state.dir={}", dir.display())]);
        }
        command
    }

    fn asking_qualys(&self, import: &Import, folder: &str, templates: &[Template]) -> Command {
        let ids: Vec<_> = templates.iter().map(|template| template.id.to_string()).collect();
        let mut command = self.command(import, folder);
        if import.detections.is_none() {
            command.args(["--multiinfo", &ids.join(",")]);
        }
        command.arg("--set");
        command.arg(format!("qualys.url={}", self.qualys.url())).arg("--set");
        command.arg(format!("qualys.ca_file={}", self.qualys.ca_pem_path().display()));
        command.env("QC_QUALYS__USER_ID", "dirk_g");
        command.env("QC_QUALYS__PASSWORD", "d0ntp@n1c");
        command
    }

    async fn run(
        &self,
        mut command: Command,
        said: &str,
        signal: Option<(nix::sys::signal::Signal, Duration)>,
    ) -> Result<Ended, Failure> {
        let said = self.place.path(said);
        let ended = tokio::task::spawn_blocking(move || child::run(&mut command, &said, signal));
        Ok(ended.await??)
    }
}

fn set(command: &mut Command, settings: &[String]) {
    for setting in settings {
        command.args(["--set", setting]);
    }
}

/// An address on which nobody listens.
fn closed_port() -> Result<SocketAddr, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Descriptors of this process, once what was stopped has closed its own.
pub(super) async fn descriptors() -> Result<usize, Failure> {
    tokio::time::sleep(Duration::from_millis(5)).await;
    Ok(fs::read_dir("/proc/self/fd")?.count())
}
