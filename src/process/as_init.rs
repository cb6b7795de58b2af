//! Signals while the configuration is read, for process 1 of a container.
//!
//! The kernel discards signals that process 1 doesn't handle, so nothing but SIGKILL would end it while it waits for a
//! configuration file that stays silent, as a pipe can. Any other process ends by the signal itself.

use std::io;
use std::panic::resume_unwind;

use tokio::runtime::Builder;
use tokio::task::spawn_blocking;

use crate::import::Stop;
use crate::problem::Kind;

/// Does the work, unless a signal comes first; then how the process ends. A signal that comes later is discarded again, until an
/// import listens.
///
/// # Errors
/// Signals can't be listened to.
pub(super) fn unless_stopped<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<Result<T, Kind>> {
    if std::process::id() != 1 {
        return Ok(Ok(work()));
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        let stop = Stop::on_signals()?;
        let work = spawn_blocking(work);
        let done = tokio::select! {
            done = work => Ok(done.unwrap_or_else(|died| resume_unwind(died.into_panic()))),
            () = stop.token().cancelled() => Err(stop.kind().unwrap_or(Kind::Terminated)),
        };
        Ok(done)
    });
    // The work may still wait for its file.
    runtime.shutdown_background();
    done
}
