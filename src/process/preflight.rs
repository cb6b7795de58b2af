//! The command `check`: one preflight, told as a table or as JSON.

use std::env;
use std::io::{IsTerminal as _, stdout};
use std::time::Duration;

use url::Url;

use super::{begin, failed, print};
use crate::check::{self, Colour, FarEnds, Table, Walk};
use crate::cli::Output;
use crate::config::Given;
use crate::exit::Exit;
use crate::import::Stop;
use crate::telemetry::logs::Level;

/// Walks through everything and says what was found. The exit code is the one that an import would end with.
pub(super) fn check(given: Given, output: Output) -> Exit {
    let parts = given.parts();
    // The table says it all; a log beside it is for those who look for more.
    if let Some(log) = parts.log.as_ref().filter(|log| log.level == Level::Debug)
        && let Some(exit) = begin(log, &[])
    {
        return exit;
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error, Exit::Bug),
    };
    let far_ends = far_ends();
    let walked = runtime.block_on(async {
        let stop = Stop::on_signals()?;
        Ok(tokio::select! {
            walk = check::run(&parts, &far_ends) => Ok(walk),
            () = stop.token().cancelled() => Err(stop.exit().unwrap_or(Exit::Terminated)),
        })
    });
    runtime.shutdown_background();
    match walked {
        Ok(Ok(walk)) => walk.exit().max(tell(&walk, output)),
        Ok(Err(stopped)) => stopped,
        Err(error) => failed::<std::io::Error>(&error, Exit::Bug),
    }
}

fn tell(walk: &Walk, output: Output) -> Exit {
    match output {
        Output::Json => print(&format!("{:#}\n", walk.json())),
        Output::Text => {
            let colour = match stdout().is_terminal() && is_unset("NO_COLOR") {
                true => Colour::Always,
                false => Colour::Never,
            };
            print(&Table { walk, colour }.to_string())
        }
    }
}

/// What other programs' variables say. An empty one says nothing.
fn far_ends() -> FarEnds {
    const PROXIES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    const COLLECTORS: [&str; 3] = [
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    ];
    let mut collectors: Vec<Url> = COLLECTORS
        .iter()
        .filter_map(|name| Url::parse(&env::var(name).ok()?).ok())
        .collect();
    collectors.dedup_by_key(|url| (url.host_str().map(str::to_owned), url.port()));
    FarEnds {
        proxy: PROXIES.into_iter().find(|name| !is_unset(name)),
        // Set here from telemetry.pushgateway.url as soon as there is that setting.
        pushgateway: None,
        collectors,
        patience: Duration::from_secs(5),
    }
}

fn is_unset(name: &str) -> bool {
    env::var_os(name).is_none_or(|value| value.is_empty())
}
