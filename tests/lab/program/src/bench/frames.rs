//! Frames on their way: what each costs, and what a long link makes of them.

use std::time::Duration;

use connector_lab::link::Link;
use connector_lab::management_center::What;
use serde_json::Value;

use super::whole::stage;
use super::{Bench, Failure, child, far_ends, median, say};

const ROUND_TRIP: Duration = Duration::from_millis(20);

/// Time from an answer to the next frame, without the time that the server takes to process it.
pub(super) async fn beyond_the_server(bench: &Bench, hosts: u32) -> Result<(), Failure> {
    let (report, center) = (bench.report(hosts)?, far_ends::center().await?);
    let mut command = far_ends::to_center(bench, &center, center.address(), &[]);
    command.arg("--report").arg(report);
    child::run(&mut command)?;
    let (mut answered, mut gaps, mut bytes) = (None, Vec::new(), 0);
    for event in center.transcript() {
        match event.what {
            What::Answer { number: 1.., .. } => answered = Some(event.at),
            What::Frame {
                took, bytes: length, ..
            } => {
                gaps.extend(answered.take().map(|answered: f64| (event.at - took - answered) * 1e3));
                bytes += length;
            }
            _ => {}
        }
    }
    far_ends::end(center).await;
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    say(format_args!(
        "| a frame beyond the server's own time | {hosts} ({} frames of {} bytes) | {:.2} ms (mean {mean:.2} ms) |",
        gaps.len(),
        bytes / gaps.len().max(1),
        median(gaps),
    ))?;
    Ok(())
}

/// Lines a second with full and with no descriptions, by the number of frames under way; returns what four of them gain
/// with full ones.
pub(super) async fn over_a_link(bench: &Bench, hosts: u32) -> Result<f64, Failure> {
    let report = bench.report(hosts)?;
    let mut gains = Vec::new();
    for (texts, description) in [
        ("full", "commands.description_length=4000"),
        ("no", "commands.description_length=0"),
    ] {
        let mut rates = Vec::new();
        for window in [1, 2, 4, 16] {
            let center = far_ends::center().await?;
            let link = Link::to(center.address(), ROUND_TRIP).await?;
            let window = format!("management_center.window={window}");
            let mut command = far_ends::to_center(bench, &center, link.address(), &[&window, description]);
            command.arg("--report").arg(&report);
            let summary = child::run(&mut command)?.summary()?;
            far_ends::end(center).await;
            let lines = summary
                .pointer("/commands/acknowledged")
                .and_then(Value::as_f64)
                .unwrap_or(f64::NAN);
            rates.push(lines / stage(&summary, "send"));
        }
        let [one, two, four, sixteen] = rates[..] else {
            return Err("four windows were tried".into());
        };
        let gain = four / one;
        gains.push(gain);
        say(format_args!(
            "| round trip of 20 ms, {texts} descriptions | {hosts} | {one:.0} lines/s; window 2: {two:.0}, 4: {four:.0} ({gain:.1} ×), 16: {sixteen:.0} |"
        ))?;
    }
    Ok(gains.first().copied().unwrap_or(f64::NAN))
}
