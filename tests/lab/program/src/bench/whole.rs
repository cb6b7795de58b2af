//! The whole path: Qualys over HTTPS with gzip, Management Center over TLS, and what it then holds.

use std::net::IpAddr;

use connector_lab::management_center::NetworkMap;
use connector_lab::report::{Kind, Report, Status};
use serde_json::Value;

use super::child::{self, Cost};
use super::{Bench, Failure, far_ends, megabytes, options, say};

/// Runs one import, and fails unless the network map's counts are exact.
pub(super) async fn measure(bench: &Bench, hosts: u32) -> Result<Cost, Failure> {
    let (qualys, center) = (far_ends::qualys(hosts).await?, far_ends::center().await?);
    let mut command = far_ends::to_center(bench, &center, center.address(), &["qualys.deadline=2h"]);
    far_ends::from_qualys(&mut command, &qualys);
    let cost = child::run(&mut command)?;
    center.idle().await;
    let held = exact(&center.network_map(), hosts)?;
    qualys.stop().await;
    center.stop().await;
    let summary = cost.summary()?;
    let bytes = summary.get("bytes").and_then(Value::as_u64).unwrap_or_default();
    say(format_args!(
        "| Qualys to Management Center | {hosts} ({:.0} MB) | peak {:.1} MB, {:.1} s wall ({}), {:.2} s CPU, {held} results exact |",
        megabytes(bytes),
        megabytes(cost.peak),
        cost.wall,
        stages(&summary),
        cost.cpu
    ))?;
    Ok(cost)
}

/// Compares the number of results host by host; returns their sum.
pub(super) fn exact(map: &NetworkMap, hosts: u32) -> Result<usize, Failure> {
    let (mut held, mut meant) = (0, 0);
    for host in Report::new(options(hosts))?.hosts() {
        let selected = host
            .findings
            .iter()
            .filter(|finding| finding.kind != Kind::Information && finding.status != Some(Status::Fixed));
        let selected = selected.count();
        let there = map.hosts.get(&IpAddr::from(host.address));
        let there = there.map_or(0, |host| host.scanners.values().map(|scanner| scanner.count).sum());
        if there != selected {
            return Err(format!("{} has {there} results instead of {selected}", host.address).into());
        }
        held += there;
        meant += usize::from(selected > 0);
    }
    if map.hosts.len() != meant {
        return Err(format!("{} hosts instead of {meant}", map.hosts.len()).into());
    }
    Ok(held)
}

/// `download 1.2 s, send 3.4 s`
pub(super) fn stages(summary: &Value) -> String {
    let stages = summary.get("stages").and_then(Value::as_object);
    let stages = stages
        .into_iter()
        .flatten()
        .filter_map(|(name, took)| Some((name, took.as_f64()?)));
    let told = stages.filter(|(_, took)| *took >= 0.05);
    told.map(|(name, took)| format!("{name} {took:.1} s"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Seconds of a stage.
pub(super) fn stage(summary: &Value, stage: &str) -> f64 {
    let took = summary.get("stages").and_then(|stages| stages.get(stage));
    took.and_then(Value::as_f64).unwrap_or(f64::NAN)
}
