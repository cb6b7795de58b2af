//! Report to file of commands: parse, select, write, against a program that does nothing but find the tags.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{Bench, Failure, child, median, megabytes, peers, say, size};

/// How many times the CPU of tokenising it takes.
pub(super) fn against_tokenising(bench: &Bench, hosts: u32) -> Result<f64, Failure> {
    compare(bench, hosts, &bench.report(hosts)?, "parse, select, write")
}

/// The connector on a file, against a program that does nothing but find its tags.
pub(super) fn compare(bench: &Bench, hosts: u32, report: &Path, what: &str) -> Result<f64, Failure> {
    let (mut tokenising, whose) = match peers::limit(bench) {
        Some(limit) => {
            let mut command = Command::new(limit);
            command.arg("count-slice");
            (command, "peer, mapped file")
        }
        None => {
            let mut command = Command::new(std::env::current_exe()?);
            command.arg("tokenise");
            (command, "the lab's, file read first")
        }
    };
    tokenising.arg(report);
    let mut ours = to_file(bench, report);
    let (mut cpu, mut theirs, mut ratios, mut peak) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for _ in 0..bench.runs {
        let (a, b) = (child::run(&mut ours)?, child::run(&mut tokenising)?);
        ratios.push(a.cpu / b.cpu);
        cpu.push(a.cpu);
        theirs.push(b.cpu);
        peak = peak.max(a.peak);
    }
    let ratio = median(ratios);
    say(format_args!(
        "| {what} against quick-xml tokenising ({whose}) | {hosts} ({:.0} MB) | {ratio:.2} × ({:.2} s, {:.2} s CPU), peak {:.1} MB |",
        size(report)?,
        median(cpu),
        median(theirs),
        megabytes(peak)
    ))?;
    Ok(ratio)
}

/// The connector from a report to a file of commands.
pub(super) fn to_file(bench: &Bench, report: &Path) -> Command {
    let mut command = bench.connector(&[]);
    command.arg("--report").arg(report).arg("--csv").arg(commands(bench));
    command
}

/// Where that file is.
pub(super) fn commands(bench: &Bench) -> PathBuf {
    bench.folder.path().join("commands.csv")
}

/// `connector-lab tokenise FILE`: quick-xml over one borrowed slice, each event looked at and forgotten.
pub(crate) fn tokenise(path: &Path) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.read_to_end(&mut bytes)?;
    let mut reader = Reader::from_reader(bytes.as_slice());
    let mut events = 0_u64;
    while !matches!(reader.read_event()?, Event::Eof) {
        events += 1;
    }
    say(format_args!("{events} events"))?;
    Ok(())
}
