//! Without a report: hosts and their detections, batch after batch, between the same far ends.

use std::path::PathBuf;
use std::process::Command;

use connector_lab::management_center::ManagementCenter;
use connector_lab::qualys::{Action, Qualys};
use serde_json::Value;

use super::child::{self, Cost};
use super::whole::{self, stage};
use super::{Bench, Failure, far_ends, megabytes, options, parse, say};

/// As the connector asks for hosts, and the lab's QIDs.
const HOSTS_PER_CALL: u32 = 1_000;
const HOSTS_PER_PAGE: u32 = 25_000;
const QIDS_PER_CALL: u32 = 300;
/// What is asked of every host, as the connector asks it.
const ASKED: &str = "action=list&truncation_limit=0&show_results=0&include_ignored=1&include_disabled=1\
                     &status=New,Active,Re-Opened,Fixed";
/// How long Qualys thinks about a call, and a Management Center about a frame, where they take their time.
const A_CALL: &str = "delay=1s@detections:1-";
const A_FRAME: std::time::Duration = std::time::Duration::from_millis(5);

/// Calls beyond hosts, pages and QIDs, at most: the first two batches don't wait for others to fill a call for QIDs.
const UNFILLED: u32 = 2;
/// Calls of a delta of 1 % of 600,000 hosts, at most.
const OF_A_DELTA: usize = 60;

/// Runs one import, and fails unless the network map's counts are exact, and its calls as few as is promised.
pub(super) async fn whole(bench: &Bench, hosts: u32) -> Result<Cost, Failure> {
    let (qualys, center) = (far_ends::estate(options(hosts)).await?, far_ends::center().await?);
    let cost = child::run(&mut import(bench, &qualys, &center, &[]))?;
    center.idle().await;
    let held = whole::exact(&center.network_map(), hosts)?;
    let promised =
        hosts.div_ceil(HOSTS_PER_CALL) + hosts.div_ceil(HOSTS_PER_PAGE) + options(hosts).qids.div_ceil(QIDS_PER_CALL);
    let calls = Calls::of(&qualys);
    end(qualys, center).await;
    if calls.all() > (promised + UNFILLED) as usize {
        return Err(format!("{calls}, {promised} by the formula").into());
    }
    say(format_args!(
        "| detections: Qualys to Management Center | {hosts} ({:.0} MB) | peak {:.1} MB, {:.1} s wall ({}), {:.2} s CPU, {calls} ({promised} by the formula), {held} results exact |",
        bytes(&cost)?,
        megabytes(cost.peak),
        cost.wall,
        whole::stages(&cost.summary()?),
        cost.cpu,
    ))?;
    Ok(cost)
}

/// The wall against the slower one of downloading and sending alone: with far ends that answer as soon as they can, which
/// share this machine with the connector, and with far ends for which it waits.
pub(super) async fn overlap(bench: &Bench, hosts: u32) -> Result<f64, Failure> {
    let ratio = against_the_slower(bench, hosts, false).await?;
    match hosts {
        // A call takes a second: more of them would take all day.
        0..=100_000 => against_the_slower(bench, hosts, true).await,
        _ => Ok(ratio),
    }
}

async fn against_the_slower(bench: &Bench, hosts: u32, slow: bool) -> Result<f64, Failure> {
    let (qualys, center) = (far_ends::estate(options(hosts)).await?, far_ends::center().await?);
    if slow {
        qualys.set_faults(vec![A_CALL.parse()?]);
        center.set_faults(connector_lab::management_center::Faults {
            slow_answers: A_FRAME,
            ..Default::default()
        });
    }
    let mut to_file = import(bench, &qualys, &center, &[]);
    to_file.arg("--csv").arg(parse::commands(bench));
    let written = child::run(&mut to_file)?.summary()?;
    let missing = written.pointer("/hosts/missing").and_then(Value::as_u64);
    if missing != Some(0) {
        return Err(format!("{missing:?} hosts are missing from the file").into());
    }
    let download: f64 = ["list", "download", "look up"]
        .iter()
        .map(|name| stage(&written, name))
        .sum();

    let mut sending = Command::new(&bench.connector);
    sending.env_clear().arg("send").arg(parse::commands(bench));
    sending.args(["--server", "127.0.0.1", "--port", &center.address().port().to_string()]);
    sending.arg("--pkcs12").arg(center.pkcs12());
    let send = child::run(&mut sending)?.wall;

    let all = child::run(&mut import(bench, &qualys, &center, &[]))?.wall;
    end(qualys, center).await;
    let ratio = all / download.max(send);
    say(format_args!(
        "| detections: overlap, far ends that {} | {hosts} | {ratio:.2} × the slower one ({all:.1} s; alone: download {download:.1} s, send {send:.1} s) |",
        if slow { "take their time" } else { "answer at once" },
    ))?;
    Ok(ratio)
}

/// A saved answer to a file of commands, against a program that does nothing but find the tags.
pub(super) async fn against_tokenising(bench: &Bench, hosts: u32) -> Result<f64, Failure> {
    let answer = saved(bench, hosts).await?;
    parse::compare(bench, hosts, &answer, "detections: parse, select, write")
}

/// An import of what has changed since yesterday: one host of a hundred.
pub(super) async fn delta(bench: &Bench, hosts: u32) -> Result<(), Failure> {
    let later = connector_lab::report::Options {
        generation: 1,
        changing: 1,
        ..options(hosts)
    };
    let (qualys, center) = (far_ends::estate(later).await?, far_ends::center().await?);
    let cost = child::run(&mut import(bench, &qualys, &center, &["detections.changed_within=12h"]))?;
    center.idle().await;
    let changed = center.network_map().hosts.len();
    let calls = Calls::of(&qualys);
    end(qualys, center).await;
    if calls.all() > OF_A_DELTA {
        return Err(format!("a delta takes {calls}").into());
    }
    say(format_args!(
        "| detections: delta of 1 % | {hosts} ({changed} sent) | {calls}, {:.1} s wall ({}), peak {:.1} MB |",
        cost.wall,
        whole::stages(&cost.summary()?),
        megabytes(cost.peak),
    ))?;
    Ok(())
}

pub(super) fn import(bench: &Bench, qualys: &Qualys, center: &ManagementCenter, settings: &[&str]) -> Command {
    let mut command = far_ends::to_center(bench, center, center.address(), settings);
    command.args(["--set", "qualys.deadline=2h", "--set", "qualys.api=detections"]);
    far_ends::with_login(&mut command, qualys);
    command
}

pub(super) async fn end(qualys: Qualys, center: ManagementCenter) {
    qualys.stop().await;
    far_ends::end(center).await;
}

/// The detections of all hosts in one answer.
async fn saved(bench: &Bench, hosts: u32) -> Result<PathBuf, Failure> {
    let path = bench.folder.path().join(format!("{hosts}-detections.xml"));
    if path.exists() {
        return Ok(path);
    }
    let qualys = far_ends::estate(options(hosts)).await?;
    let url = format!(
        "{}/api/5.0/fo/asset/host/vm/detection/",
        qualys.url().trim_end_matches('/')
    );
    child::run(
        far_ends::curl(&qualys)
            .args(["--data", ASKED, "--output"])
            .arg(&path)
            .arg(url),
    )?;
    qualys.stop().await;
    Ok(path)
}

fn bytes(cost: &Cost) -> Result<f64, Failure> {
    let bytes = cost.summary()?.get("bytes").and_then(Value::as_u64);
    Ok(megabytes(bytes.unwrap_or_default()))
}

/// How often each interface was asked.
struct Calls {
    list: usize,
    detections: usize,
    knowledge_base: usize,
}

impl Calls {
    fn of(qualys: &Qualys) -> Self {
        let requests = qualys.requests();
        let of = |action: Action| {
            let name = action.to_string();
            requests.iter().filter(|request| request.action == name).count()
        };
        Self {
            list: of(Action::HostList),
            detections: of(Action::Detections),
            knowledge_base: of(Action::KnowledgeBase),
        }
    }

    fn all(&self) -> usize {
        self.list + self.detections + self.knowledge_base
    }
}

impl std::fmt::Display for Calls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            list,
            detections,
            knowledge_base,
        } = self;
        write!(
            f,
            "{} calls (list {list}, detections {detections}, look up {knowledge_base})",
            self.all()
        )
    }
}
