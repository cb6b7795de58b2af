//! The command `check`: the preflight, printed as a table or as JSON.

use std::io::{self, stdout};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use super::died::Died;
use super::output::{failed, failed_with, print};
use super::termination::Termination;
use crate::check::{self, Colour, Endpoints, Preflight, Table};
use crate::cli::Output;
use crate::config::Given;
use crate::exit::Exit;
use crate::import::Stop;
use crate::printable::escaped_json;
use crate::telemetry::metrics::pushgateway::Pushgateway;
use crate::telemetry::terminal;
use crate::telemetry::traces::Collector;

/// Runs every check and prints the results. The exit code is the one that an import would end with.
pub(super) fn check(given: Given, output: Output) -> Termination {
    let endpoints = endpoints(&given);
    let parts = given.parts();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&Died::System(error)),
    };
    let checked = runtime.block_on(async {
        let stop = Stop::on_signals()?;
        // On a thread of its own, since opening a file may block and signals must still be handled.
        let running = aside(async move || check::run(&parts, &endpoints).await)?;
        io::Result::Ok(tokio::select! {
            results = running => Ok(results.map_err(io::Error::other)?),
            () = stop.token().cancelled() => Err(stop.kind().unwrap_or(crate::problem::Kind::Terminated).exit()),
        })
    });
    runtime.shutdown_background();
    match checked {
        Ok(Ok(results)) => {
            let printed = print(&rendered(&results, output));
            Termination::new(
                results.exit().max(printed),
                results.first().unwrap_or_else(|| "ready for an import".to_owned()),
            )
        }
        Ok(Err(stopped)) => Termination::silent(stopped),
        Err(error) => Termination::new(failed_with(&error.to_string(), Exit::Bug), error.to_string()),
    }
}

/// Does the work on a thread and a runtime of its own.
fn aside<T: Send + 'static>(work: impl AsyncFnOnce() -> T + Send + 'static) -> io::Result<oneshot::Receiver<T>> {
    let (done, doing) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().spawn(move || {
        // After a signal nobody waits for the result.
        let _ = done.send(runtime.block_on(work()));
    })?;
    Ok(doing)
}

fn rendered(results: &Preflight, output: Output) -> String {
    let colour = match terminal::takes_colours(&stdout()) {
        true => Colour::Always,
        false => Colour::Never,
    };
    match output {
        Output::Json => escaped_json(&format!("{:#}\n", results.json())),
        Output::Text => Table { results, colour }.to_string(),
    }
}

fn endpoints(given: &Given) -> Endpoints {
    Endpoints {
        metrics_required: given.metrics().is_some_and(|metrics| metrics.required),
        pushgateway: pushgateway(given),
        collector: Collector::of_process(),
        longest_wait: Duration::from_secs(5),
    }
}

fn pushgateway(given: &Given) -> Result<Option<Pushgateway>, String> {
    let metrics = given.metrics();
    let configured = metrics.and_then(|metrics| Some((metrics.pushgateway?, metrics.import)));
    let pushgateway = configured.map(|(settings, import)| Pushgateway::new(&settings, &import));
    pushgateway.transpose().map_err(|error| error.to_string())
}
