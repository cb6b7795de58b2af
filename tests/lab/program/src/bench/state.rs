//! What is remembered between runs: what it costs beside the import, and by itself.

use std::process::Command;

use super::detections::{end, import};
use super::{Bench, Failure, child, far_ends, megabytes, options, say};

/// The same import without memory, with one that is empty, and with one that knows every host.
pub(super) async fn measure(bench: &Bench, hosts: u32) -> Result<(), Failure> {
    let (qualys, center) = (far_ends::estate(options(hosts)).await?, far_ends::center().await?);
    let dir = bench.folder.path().join(format!("{hosts}-state"));
    let remembering = format!("state.dir={}", dir.display());
    let mut costs = Vec::new();
    for settings in [&[][..], &[remembering.as_str()], &[remembering.as_str()]] {
        costs.push(child::run(&mut import(bench, &qualys, &center, settings))?);
    }
    end(qualys, center).await;
    let bytes = std::fs::metadata(dir.join("state.redb"))?.len();
    let mut shown = Command::new(&bench.connector);
    shown.env_clear().args(["state", "--set", &remembering]);
    let shown = child::run(&mut shown)?;
    let each = |of: fn(&child::Cost) -> f64| {
        let each: Vec<String> = costs.iter().map(|cost| format!("{:.1}", of(cost))).collect();
        each.join(" / ")
    };
    say(format_args!(
        "| detections: without memory / with an empty one / with one that knows all | {hosts} | peak {} MB, {} s wall, {} s CPU; {:.1} MB, opened and checked in {:.2} s with {:.1} MB |",
        each(|cost| megabytes(cost.peak)),
        each(|cost| cost.wall),
        each(|cost| cost.cpu),
        megabytes(bytes),
        shown.wall,
        megabytes(shown.peak),
    ))?;
    Ok(())
}
