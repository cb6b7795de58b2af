//! Being told to stop: SIGTERM and SIGINT end an import at the next host boundary.

use std::io;
use std::sync::{Arc, OnceLock};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::exit::Exit;

/// Whether, and by what, the import has been told to stop.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    token: CancellationToken,
    exit: Arc<OnceLock<Exit>>,
}

impl Stop {
    /// Listens to SIGTERM and SIGINT for as long as the runtime lives.
    ///
    /// # Errors
    /// The signal handlers can't be installed.
    pub fn on_signals() -> io::Result<Self> {
        let stop = Stop::default();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let told = stop.clone();
        tokio::spawn(async move {
            let exit = tokio::select! {
                _ = terminate.recv() => Exit::Terminated,
                _ = interrupt.recv() => Exit::Interrupted,
            };
            warn!("told to stop; ending at the next host");
            told.now(exit);
        });
        Ok(stop)
    }

    /// Tells everything to stop; the process ends with `exit`.
    pub fn now(&self, exit: Exit) {
        // The first one told is the one that counts.
        let _ = self.exit.set(exit);
        self.token.cancel();
    }

    /// What stages wait for.
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// How the process ends, if it has been told to stop.
    pub fn exit(&self) -> Option<Exit> {
        self.exit.get().copied()
    }
}
