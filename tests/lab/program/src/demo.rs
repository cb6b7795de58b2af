//! The demo: a whole import, from the lab's Qualys into the lab's Management Center, through the real connector.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::{self, Write};
use std::net::IpAddr;
use std::time::Duration;

use connector_lab::management_center::{self, ManagementCenter, NetworkMap};
use connector_lab::qualys::{self, Qualys};
use connector_lab::report::{self, Kind, Report, Status};
use tokio::process::Command;

const TEMPLATE: &str = "424242";

/// What the demo imports.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How many hosts the report has
    #[arg(long, value_name = "N", default_value_t = 1000)]
    hosts: u32,
    /// Import hosts and their detections, without a report template
    #[arg(long)]
    detections: bool,
}

/// Starts both far ends, runs the connector between them, and shows what the Management Center then holds.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Box<dyn Error + Send + Sync>> {
    let options = report::Options {
        hosts: arguments.hosts,
        ..report::Options::default()
    };
    let source = Qualys::start(qualys::Options {
        user: Some("dirk_g".to_owned()),
        password: Some("d0ntp@n1c".to_owned()),
        times: qualys::Times {
            build_time: Duration::from_secs(2),
            queued: Duration::from_secs(1),
            unlisted: Duration::ZERO,
            fetch_lag: Duration::ZERO,
            ..qualys::Times::default()
        },
        report: options.clone(),
        ..qualys::Options::default()
    })
    .await?;
    let center = ManagementCenter::start(management_center::Options {
        host_limit: 600_000,
        ..management_center::Options::default()
    })
    .await?;
    let (what, asked) = match arguments.detections {
        true => ("the detections of", ["--set", "qualys.api=detections"]),
        false => ("a report of", ["--multiinfo", TEMPLATE]),
    };
    say(&format!(
        "The lab's Qualys listens on {}, its Management Center on {}.\nThe connector imports {what} {} hosts:\n",
        source.url(),
        center.address(),
        arguments.hosts,
    ))?;

    let status = Command::new(std::env::current_exe()?)
        .args(["connector", "--"])
        .args(["--server", "127.0.0.1", "--port", &center.address().port().to_string()])
        .arg("--pkcs12")
        .arg(center.pkcs12())
        .args(asked)
        .args([
            "--set",
            "qualys.poll_interval=500ms",
            "--set",
            "commands.add_host=y",
            "--set",
            "log.format=text",
        ])
        .arg("--set")
        .arg(format!("qualys.url={}", source.url()))
        .arg("--set")
        .arg(format!("qualys.ca_file={}", source.ca_pem_path().display()))
        .env("QC_QUALYS__USER_ID", "dirk_g")
        .env("QC_QUALYS__PASSWORD", "d0ntp@n1c")
        .status()
        .await?;
    center.idle().await;
    let map = center.network_map();
    say(&format!("\n{}", told(&map)))?;
    source.stop().await;
    center.stop().await;
    if !status.success() {
        return Err(format!("the connector ended with {status}").into());
    }
    if held(&map) != meant(&options)? {
        return Err("the network map isn't what Qualys says".into());
    }
    say("It is what Qualys says, host by host and finding by finding.")?;
    Ok(())
}

type Findings = BTreeMap<IpAddr, BTreeSet<(String, Option<u16>)>>;

/// What the Management Center holds.
fn held(map: &NetworkMap) -> Findings {
    let results = |host: &management_center::Host| {
        let results = host.scanners.values().flat_map(|scanner| &scanner.results);
        results
            .map(|result| (result.id.clone(), result.port))
            .collect::<BTreeSet<_>>()
    };
    let held = map.hosts.iter().map(|(address, host)| (*address, results(host)));
    held.filter(|(_, results)| !results.is_empty()).collect()
}

/// What the generator meant, by the connector's default selection.
fn meant(options: &report::Options) -> Result<Findings, report::Error> {
    let mut meant = Findings::new();
    for host in Report::new(options.clone())?.hosts() {
        let selected = host
            .findings
            .iter()
            .filter(|finding| finding.kind != Kind::Information && finding.status != Some(Status::Fixed));
        let findings: BTreeSet<_> = selected
            .map(|finding| (finding.qid.to_string(), finding.port))
            .collect();
        if !findings.is_empty() {
            meant.entry(host.address.into()).or_default().extend(findings);
        }
    }
    Ok(meant)
}

fn told(map: &NetworkMap) -> String {
    let results = |host: &management_center::Host| host.scanners.values().map(|scanner| scanner.count).sum::<usize>();
    let mut text = format!(
        "The Management Center now holds {} hosts with {} scan results.",
        map.hosts.len(),
        map.hosts.values().map(results).sum::<usize>()
    );
    if let Some((address, host)) = map.hosts.iter().next() {
        text += &format!(
            " Its first host:\n  {address}, added by {}\n",
            host.added_by.as_deref().unwrap_or("-")
        );
        for result in host.scanners.values().flat_map(|scanner| &scanner.results).take(4) {
            let place = result.port.map(|port| format!("port {port}")).unwrap_or_default();
            text += &format!(
                "    {:>6} {place:<10} {:.60} {}\n",
                result.id,
                result.name,
                result.cves.join(" ")
            );
        }
    }
    text
}

fn say(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}
