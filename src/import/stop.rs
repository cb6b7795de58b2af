//! Stopping: signals end an import at the next host boundary.

use std::fs;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::error::Error;
use crate::problem::Kind;

/// Whether, and by what, the import has been told to stop.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    token: CancellationToken,
    stopped: Arc<OnceLock<(Kind, Instant)>>,
}

impl Stop {
    /// Listens to signals for as long as the runtime lives: SIGTERM and SIGHUP, SIGINT and SIGQUIT.
    ///
    /// # Errors
    /// The signal handlers can't be installed.
    pub fn on_signals() -> io::Result<Self> {
        let stop = Stop::default();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hang_up = unless_ignored(SignalKind::hangup())?;
        let mut quit = unless_ignored(SignalKind::quit())?;
        let stopping = stop.clone();
        tokio::spawn(async move {
            let kind = tokio::select! {
                _ = terminate.recv() => Kind::Terminated,
                () = received(&mut hang_up) => Kind::Terminated,
                _ = interrupt.recv() => Kind::Interrupted,
                () = received(&mut quit) => Kind::Interrupted,
            };
            warn!("told to stop; ending at the next host");
            stopping.now(kind);
        });
        Ok(stop)
    }

    /// Stops the import; the process ends as `kind` says.
    pub fn now(&self, kind: Kind) {
        // The first signal decides.
        let _ = self.stopped.set((kind, Instant::now()));
        self.token.cancel();
    }

    /// The token that stages wait for.
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// The work's result, or the end of it when it is told to stop first.
    pub(super) async fn or<T, E: Into<Error>>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, Error> {
        tokio::select! {
            done = work => done.map_err(Into::into),
            () = self.token.cancelled() => Err(Error::Interrupted),
        }
    }

    /// How the process ends, if it has been told to stop.
    pub fn kind(&self) -> Option<Kind> {
        self.stopped.get().map(|(kind, _)| *kind)
    }

    /// When it was told to stop.
    pub(super) fn stopped_at(&self) -> Option<Instant> {
        self.stopped.get().map(|(_, at)| *at)
    }
}

/// A signal, unless it is ignored already, as nohup does with SIGHUP.
fn unless_ignored(kind: SignalKind) -> io::Result<Option<Signal>> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    match is_ignored(&status, kind) {
        true => Ok(None),
        false => signal(kind).map(Some),
    }
}

/// Whether the kernel's `status` of a process has the signal among those that are ignored.
fn is_ignored(status: &str, kind: SignalKind) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (kind.as_raw_value() - 1) & 1 == 1)
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_the_kernels_mask() {
        let status = "Name:\tx\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n";
        assert!(is_ignored(status, SignalKind::hangup()));
        assert!(!is_ignored(status, SignalKind::quit()));
        assert!(!is_ignored("", SignalKind::hangup()));
    }
}
