//! The benchmark: the real program as a process of its own, between the lab's far ends, and what that costs.
//!
//! Times of a shared machine say little, so whatever can be is a ratio of two processes that ran in turn, and the
//! median counts. CPU is user and system time of the whole process, memory its own peak. `docs/performance.md` holds
//! the figures and what they mean.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use connector_lab::report::{self, Report};

mod child;
mod detections;
mod far_ends;
mod frames;
mod overlap;
mod parse;
mod peers;
mod start;
mod state;
mod whole;

pub(crate) use parse::tokenise;

/// Whatever goes wrong ends the benchmark.
type Failure = Box<dyn Error + Send + Sync>;

/// What is measured, and on what.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What is measured [default: all but the peers]
    #[arg(value_enum)]
    what: Vec<What>,
    /// Hosts of the reports, 40 findings each
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "10000")]
    hosts: Vec<u32>,
    /// A report of as many hosts, in the place of generated ones where it is read from a file
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Turns of each comparison
    #[arg(long, value_name = "N", default_value_t = 5)]
    runs: usize,
    /// The program that is measured [default: qualys-connector beside this one]
    #[arg(long, value_name = "FILE")]
    connector: Option<PathBuf>,
    /// Folder of the peers' programs
    #[arg(long, value_name = "FOLDER", default_value = "../shared/bench")]
    peers: PathBuf,
    /// Python that has lxml
    #[arg(long, value_name = "FILE", default_value = "python3")]
    python: PathBuf,
    /// A few small measurements; fails on a gross loss, told by ratios within the run
    #[arg(long)]
    short: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Report to file of commands, against quick-xml that only tokenises
    Parse,
    /// The same, against programs in Perl and Python
    Peers,
    /// Qualys to Management Center: memory, time, and whether the network map is exact
    Whole,
    /// How far the stages overlap
    Overlap,
    /// From the last byte of the report to the first frame
    FirstFrame,
    /// What a frame takes beyond the server's own time
    Frames,
    /// Lines a second over a link with a round trip of 20 ms
    Link,
    /// From the start to a usage text, and to Qualys
    Start,
    /// Hosts and their detections, without a report: memory, time, calls, and whether the network map is exact
    Detections,
    /// How far downloading detections and sending overlap
    DetectionsOverlap,
    /// A saved answer to file of commands, against quick-xml that only tokenises
    DetectionsParse,
    /// What changed of a hundredth of the hosts
    DetectionsDelta,
    /// What is remembered between runs: memory, time, size
    State,
}

/// The programs, a folder that is removed at the end, and how often.
struct Bench {
    connector: PathBuf,
    folder: tempfile::TempDir,
    report: Option<PathBuf>,
    runs: usize,
    peers: PathBuf,
    python: PathBuf,
}

/// Measures, and prints each line as soon as it is known.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let connector = match arguments.connector {
        Some(path) => path,
        None => std::env::current_exe()?.with_file_name("qualys-connector"),
    };
    if !connector.exists() {
        return Err(format!("{} is missing: cargo build --release", connector.display()).into());
    }
    let bench = Bench {
        connector: connector.canonicalize()?,
        folder: tempfile::tempdir()?,
        report: arguments.report.map(|path| path.canonicalize()).transpose()?,
        runs: arguments.runs.max(1),
        peers: arguments.peers,
        python: arguments.python,
    };
    if arguments.short {
        return short(&bench).await;
    }
    let all = What::value_variants()
        .iter()
        .copied()
        .filter(|what| *what != What::Peers);
    let what = match arguments.what {
        what if what.is_empty() => all.collect(),
        what => what,
    };
    say(format_args!("| what | hosts | measured |\n|---|---|---|"))?;
    for what in what {
        for &hosts in &arguments.hosts {
            match what {
                What::Parse => parse::against_tokenising(&bench, hosts).map(|_| ())?,
                What::Peers => peers::compare(&bench, hosts)?,
                What::Whole => whole::measure(&bench, hosts).await.map(|_| ())?,
                What::Overlap => overlap::measure(&bench, hosts).await?,
                What::FirstFrame => overlap::first_frame(&bench, hosts).await?,
                What::Frames => frames::beyond_the_server(&bench, hosts).await?,
                What::Link => frames::over_a_link(&bench, hosts).await.map(|_| ())?,
                What::Start => start::measure(&bench)?,
                What::Detections => detections::whole(&bench, hosts).await.map(|_| ())?,
                What::DetectionsOverlap => detections::overlap(&bench, hosts).await.map(|_| ())?,
                What::DetectionsParse => detections::against_tokenising(&bench, hosts).await.map(|_| ())?,
                What::DetectionsDelta => detections::delta(&bench, hosts).await?,
                What::State => state::measure(&bench, hosts).await?,
            }
        }
    }
    Ok(())
}

/// What continuous integration can hold a change to: several times worse than what was measured is a loss.
async fn short(bench: &Bench) -> Result<(), Failure> {
    let ratio = parse::against_tokenising(bench, 1000)?;
    let ratio_of_detections = detections::against_tokenising(bench, 1000).await?;
    let (small, large) = (whole::measure(bench, 200).await?, whole::measure(bench, 2000).await?);
    let growth = large.peak as f64 / small.peak as f64;
    let gain = frames::over_a_link(bench, 100).await?;
    let (one, several) = (
        detections::whole(bench, 500).await?,
        detections::whole(bench, 5000).await?,
    );
    let without_a_report = several.peak as f64 / one.peak as f64;
    say(format_args!(
        "| memory, ten times the hosts | 200, 2000 | {growth:.2} × |"
    ))?;
    for (what, good) in [
        (
            "parsing costs more than 5 × tokenising",
            ratio.max(ratio_of_detections) <= 5.0,
        ),
        ("ten times the hosts take more than 2 × the memory", growth <= 2.0),
        ("a window of 4 gains less than 1.5 × on a long link", gain >= 1.5),
        (
            "ten times the hosts take more than 2 × the memory without a report",
            without_a_report <= 2.0,
        ),
    ] {
        if !good {
            return Err(what.into());
        }
    }
    Ok(())
}

impl Bench {
    /// The report that is given, or a generated one in the folder.
    fn report(&self, hosts: u32) -> Result<PathBuf, Failure> {
        if let Some(path) = &self.report {
            return Ok(path.clone());
        }
        let path = self.folder.path().join(format!("{hosts}.xml"));
        if !path.exists() {
            let report = Report::new(options(hosts))?;
            report.write_to(&mut io::BufWriter::new(std::fs::File::create(&path)?))?;
        }
        Ok(path)
    }

    /// The connector with no setting but these.
    fn connector(&self, settings: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(&self.connector);
        command.env_clear().current_dir(self.folder.path());
        command.args(["--summary", "json"]);
        for setting in settings.iter().chain(&["commands.add_host=y", "log.level=warn"]) {
            command.args(["--set", setting]);
        }
        command
    }
}

fn options(hosts: u32) -> report::Options {
    report::Options {
        hosts,
        ..report::Options::default()
    }
}

/// The middle one; of an even number the upper.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn size(path: &Path) -> Result<f64, Failure> {
    Ok(megabytes(path.metadata()?.len()))
}

fn say(line: std::fmt::Arguments<'_>) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}
