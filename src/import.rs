//! The import: the stages, one after the other, batch after batch.
//!
//! ```text
//! launch ─► wait ─► download+parse, for each template ─┐
//!                  parse a report file ────────────────┼─► merge ─► select ─► send ─► tidy up
//! list ─► download+parse ─► look up, batch after batch ┘                └───► write a CSV file
//! ```
//!
//! | module | is the home of |
//! |---|---|
//! | `source` | where reports come from, batch by batch |
//! | `obtain` | launch, wait, download, parse: the reports of a batch |
//! | `deliver` | merge, select, send, tidy up: what becomes of them |
//! | `memory` | what is known of earlier runs, and remembered for the next |
//! | `left`, `left_commands` | hosts that left, and what that means in commands |
//! | `sink`, `commands` | where commands go; what a selected report means in commands |
//! | `runner` | what each stage gets: span, progress, time, failure |
//! | `count`, `found` | everything that is counted, and where it is |
//! | `record`, `stages` | what a run found, and how long each stage took: plain data |
//! | `text`, `json`, `line`, `metrics` | views of the record |
//!
//! Nothing is known here of XML, HTTP, TLS or CSV; `source` and `sink` know who knows.

use std::sync::Arc;
use std::time::Instant;

use tokio::task::spawn_blocking;
use tracing::Span;

use crate::config::{self, Config, UnfinishedScans};
use crate::report::Keep;
use crate::report::selection::Selection;
use crate::stage::Stage;

mod commands;
pub mod count;
mod deliver;
mod error;
mod found;
#[cfg(fuzzing)]
pub mod fuzzing;
mod json;
mod left;
mod left_commands;
mod line;
mod memory;
pub mod metrics;
pub mod numbers;
mod obtain;
mod plan;
mod progress;
mod record;
mod runner;
mod send;
mod sink;
mod source;
mod stages;
mod stop;
mod text;

use deliver::BatchDelivery;
pub use error::Error;
use memory::Memory;
pub use plan::Plan;
pub use progress::{ListedHosts, Progress, Running, Snapshot};
pub use record::{BatchRecord, Destination, Failure, PartRecord, Record};
use runner::{Found, Runner};
pub use send::send;
use sink::Sink;
use source::Source;
pub use stages::{Passed, Stages};
pub use stop::Stop;

/// Runs one import to its end, which may be an early one when `stop` says so.
///
/// A part that fails doesn't keep the others from being imported, unless Qualys refuses the login; the worst exit code
/// is the import's. `progress` is written for whoever watches.
pub async fn run(config: Config, stop: &Stop, progress: &Progress) -> Record {
    let begun = Instant::now();
    progress.begin();
    let record = match configure(config, stop).await {
        Ok(import) => import.run(stop, progress).await,
        Err(failure) => Record::unprepared(failure),
    };
    record.end(begun, stop.kind())
}

/// What an import works with.
struct Import {
    source: Source,
    selection: Selection,
    sink: Sink,
    memory: Arc<Memory>,
    /// Whether the record holds a breakdown of what is selected.
    breakdown: bool,
}

impl Found for Import {}

/// Everything that can fail before the first request: certificates, proxies, names of files.
async fn configure(config: Config, stop: &Stop) -> Result<Import, Failure> {
    let runner = Runner::of_run(stop);
    let mut stages = Stages::default();
    let configure = async {
        let span = Span::current();
        // Beside a thread that waits for a file, a signal is still heard.
        let import = spawn_blocking(move || span.in_scope(|| Import::new(config)));
        stop.or(async { import.await? }).await
    };
    let configured = runner.run(&mut stages, Stage::Configure, configure).await;
    configured.map_err(|failure| runner.fail(&stages, &failure))
}

impl Import {
    fn new(config: Config) -> Result<Self, Error> {
        let keep = Keep {
            description_length: config.commands.description_length,
            names: config.commands.hostname_attribute.is_some(),
            operating_systems: config.commands.set_os,
            unfinished: config.unfinished_scans == UnfinishedScans::Merge,
        };
        // One file, one plan and one page are of all batches.
        let in_one = config.page.is_some() || !matches!(config.sink, config::SinkSettings::ManagementCenter(_));
        let looks_only = matches!(config.sink, config::SinkSettings::Plan(_));
        let memory = Arc::new(Memory::open(config.state, looks_only));
        let (selection, templates) = (config.selection, config.templates);
        Ok(Import {
            source: Source::new(config.source, templates, &selection, keep, in_one, &memory)?,
            selection,
            sink: Sink::new(config.sink, config.commands)?,
            memory,
            breakdown: config.page.is_some(),
        })
    }

    async fn run(self, stop: &Stop, progress: &Progress) -> Record {
        let Import {
            source,
            selection,
            sink,
            memory,
            breakdown,
        } = self;
        let mut record = Record {
            certificate_expires: sink.certificate_expires(),
            ..Record::default()
        };
        progress.plan(source.parts_left(), source.progress());
        let mut closings = sink.closings(source.parts_left() > 1);
        let delivery = BatchDelivery {
            source: &source,
            selection: &selection,
            sink: &sink,
            memory: &memory,
            progress,
            breakdown,
        };
        let next = || obtain::obtain(&source, &sink, progress, stop); // launch, wait, download, parse, look up

        let mut obtained = next().await;
        while let Some(batch) = obtained {
            record.not_begun += batch.not_begun;
            let deliver = delivery.deliver(batch, &mut closings); // merge, select, send, tidy up
            let (delivered, following) = match source.pages() {
                true => tokio::join!(deliver, next()),
                false => (deliver.await, next().await),
            };
            for batch in delivered {
                source.delivered(&batch);
                record.add(batch, source.pages());
            }
            obtained = following;
            obtained.take_if(|batch| source.abandons(&batch.hosts()));
        }
        record.not_begun += source.parts_left();
        source.close(&mut record, stop).await;
        if record.exit.is_success() && record.not_begun == 0 {
            memory.complete(closings.clears());
            left::clear(&memory, &sink, &closings, &mut record, progress, stop).await;
        }
        memory.end(&mut record);
        record
    }
}
