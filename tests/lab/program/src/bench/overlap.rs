//! How far the stages overlap. Parsing runs while the report arrives; nothing is sent before it is parsed to its end.

use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use connector_lab::management_center::{ManagementCenter, What};
use connector_lab::report::Report;

use super::child::{self, Cost};
use super::whole::stage;
use super::{Bench, Failure, far_ends, options, parse, say};

/// The wall of all stages against the slowest one alone.
pub(super) async fn measure(bench: &Bench, hosts: u32) -> Result<(), Failure> {
    let (qualys, center) = (far_ends::qualys(hosts).await?, far_ends::center().await?);
    let report = bench.report(hosts)?;

    let id = qualys.leave("bench", 424_242, Duration::ZERO)?;
    let url = format!(
        "{}/api/2.0/fo/report/?action=fetch&id={id}",
        qualys.url().trim_end_matches('/')
    );
    let download = child::run(far_ends::curl(&qualys).args(["--output", "/dev/null"]).arg(url))?.wall;

    let parsed = child::run(&mut parse::to_file(bench, &report))?.summary()?;
    let (parsing, writing) = (stage(&parsed, "parse"), stage(&parsed, "write"));

    let mut command = far_ends::to_center(bench, &center, center.address(), &[]);
    command.arg("--report").arg(&report);
    let sending = stage(&child::run(&mut command)?.summary()?, "send");

    let mut command = far_ends::to_center(bench, &center, center.address(), &[]);
    far_ends::from_qualys(&mut command, &qualys);
    let whole = child::run(&mut command)?;
    qualys.stop().await;
    far_ends::end(center).await;
    let both = stage(&whole.summary()?, "download");
    let slowest = download.max(parsing).max(sending);
    say(format_args!(
        "| overlap | {hosts} | {:.2} × the slowest stage ({:.1} s; alone: download {download:.1} s, parse {parsing:.1} s, write {writing:.1} s, send {sending:.1} s); download with parse {:.2} × the slower of them ({both:.1} s) |",
        whole.wall / slowest,
        whole.wall,
        both / download.max(parsing)
    ))?;
    Ok(())
}

/// From the last byte of a report on standard input to the frames that follow.
pub(super) async fn first_frame(bench: &Bench, hosts: u32) -> Result<(), Failure> {
    let report = Report::new(options(hosts))?;
    let (mut header, mut first) = (Vec::new(), Vec::new());
    for _ in 0..bench.runs {
        let center = far_ends::center().await?;
        let mut command = far_ends::to_center(bench, &center, center.address(), &[]);
        command.args(["--report", "-"]).stdin(Stdio::piped());
        let _: Cost = child::started(&mut command, |child| {
            let mut stdin = child.stdin.take().ok_or("no standard input")?;
            for piece in report.pieces() {
                stdin.write_all(&piece)?;
            }
            drop(stdin);
            let ended = Instant::now();
            for (number, times) in [(1, &mut header), (2, &mut first)] {
                wait_for(&center, number);
                times.push(ended.elapsed().as_secs_f64() * 1e3);
            }
            Ok(())
        })?;
        far_ends::end(center).await;
    }
    say(format_args!(
        "| last byte of the report to the first frame, the first hosts | {hosts} | {:.0} ms, {:.0} ms |",
        super::median(header),
        super::median(first)
    ))?;
    Ok(())
}

fn wait_for(center: &ManagementCenter, frame: u64) {
    let there = || {
        let events = center.transcript();
        events
            .iter()
            .any(|event| matches!(event.what, What::Frame { number, .. } if number >= frame))
    };
    while !there() {
        std::thread::sleep(Duration::from_micros(200));
    }
}
