//! Programs of others that do a like piece of work: XML::Twig in Perl as the old connector's family is written, and
//! lxml in Python. They aren't part of this repository; where they're missing, nothing is compared.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::child::{self, Cost};
use super::{Bench, Failure, median, megabytes, parse, say};

/// Each peer once, on one report, as Perl takes minutes; ours several times before it and behind it.
pub(super) fn compare(bench: &Bench, hosts: u32) -> Result<(), Failure> {
    let report = bench.report(hosts)?;
    let out = bench.folder.path().join("peer.csv");
    let (perl, python) = (bench.peers.join("perl_peer.pl"), bench.peers.join("py_peer.py"));
    let peers = [
        ("Perl, XML::Twig", PathBuf::from("perl"), perl),
        ("Python, lxml iterparse", bench.python.clone(), python),
    ];
    for (name, interpreter, script) in peers {
        if !script.exists() {
            return Err(format!("{} is missing (--peers)", script.display()).into());
        }
        let mut command = Command::new(interpreter);
        command.arg(script).arg("--in").arg(&report).arg("--out").arg(&out);
        // A machine that others use is slower at one moment than at another, and ours takes a moment only.
        let mut ours = several(bench, &report)?;
        let theirs = child::run(&mut command)?;
        ours.extend(several(bench, &report)?);
        let peak = ours.iter().map(|cost| cost.peak).max().unwrap_or_default();
        let cpu = median(ours.iter().map(|cost| cost.cpu).collect());
        say(format_args!(
            "| {name} against ours | {hosts} | {:.0} × ({:.1} s, {:.2} s CPU), peak {:.0} MB, {:.1} MB |",
            theirs.cpu / cpu,
            theirs.cpu,
            cpu,
            megabytes(theirs.peak),
            megabytes(peak)
        ))?;
    }
    Ok(())
}

fn several(bench: &Bench, report: &Path) -> Result<Vec<Cost>, Failure> {
    (0..bench.runs)
        .map(|_| child::run(&mut parse::to_file(bench, report)))
        .collect()
}

/// The program that measures what libraries allow, built beside this one from a copy of its sources.
pub(super) fn limit(bench: &Bench) -> Option<PathBuf> {
    let source = bench.peers.join("limit");
    let target = std::env::current_exe().ok()?.with_file_name("peers");
    let program = target.join("release/limit");
    if program.exists() {
        return Some(program);
    }
    let copy = target.join("limit");
    fs::create_dir_all(copy.join("src")).ok()?;
    for file in ["Cargo.toml", "src/main.rs", "src/convert.rs", "src/wire.rs"] {
        fs::write(copy.join(file), fs::read(source.join(file)).ok()?).ok()?;
    }
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release", "--quiet"]).current_dir(&copy);
    cargo.env("CARGO_TARGET_DIR", &target);
    cargo.status().ok().filter(|status| status.success()).map(|_| program)
}
