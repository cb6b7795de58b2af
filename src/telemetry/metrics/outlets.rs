//! Outlets: the file and the Pushgateway that metrics go to.

use std::path::PathBuf;
use std::time::Duration;

use super::pushgateway::{self, Pushgateway};
use super::textfile::Textfile;
use super::{Exposition, Settings};
use crate::printable::Text;

/// Where the metrics of a run go; a clone goes to the same places.
#[derive(Debug, Clone)]
pub struct Outlets {
    file: Option<Textfile>,
    pushgateway: Option<Pushgateway>,
}

/// Why metrics didn't arrive.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// They weren't pushed.
    #[error(transparent)]
    Pushgateway(#[from] pushgateway::Error),
    /// They weren't written.
    #[error(
        "the metrics weren't written to {}: {source}; check telemetry.metrics_file",
        Text::of_path(path)
    )]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Outlets {
    /// Prepares what is configured; connects to nothing yet.
    ///
    /// # Errors
    /// The Pushgateway's settings can't work. The file is written nevertheless.
    pub fn open(settings: &Settings) -> (Self, Result<(), Error>) {
        let opened = settings
            .pushgateway
            .as_ref()
            .map(|pushgateway| Pushgateway::new(pushgateway, &settings.import));
        let (pushgateway, result) = match opened.transpose() {
            Ok(pushgateway) => (pushgateway, Ok(())),
            Err(error) => (None, Err(error.into())),
        };
        let file = settings.file.clone().map(Textfile);
        (Outlets { file, pushgateway }, result)
    }

    /// Checks whether the file can be written.
    ///
    /// # Errors
    /// It can't be.
    pub fn check(&self) -> Result<(), Error> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        file.check().map_err(|source| Error::File {
            path: file.0.clone(),
            source,
        })
    }

    /// Stops writing the file.
    pub fn close_file(&mut self) {
        self.file = None;
    }

    /// Time that the last push may take.
    pub fn budget(&self) -> Duration {
        self.pushgateway.as_ref().map_or(Duration::ZERO, Pushgateway::timeout)
    }

    /// Time between two pushes while an import runs; `None`: metrics are only pushed at the end.
    pub fn interval(&self) -> Option<Duration> {
        let interval = self.pushgateway.as_ref()?.interval();
        (!interval.is_zero()).then_some(interval)
    }

    /// Writes the file.
    ///
    /// # Errors
    /// It can't be written.
    pub fn write(&self, metrics: &Exposition) -> Result<(), Error> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        file.write(&metrics.text()).map_err(|source| Error::File {
            path: file.0.clone(),
            source,
        })
    }

    /// Pushes to the Pushgateway.
    ///
    /// # Errors
    /// It doesn't take them.
    pub async fn push(&self, metrics: &Exposition) -> Result<(), Error> {
        match &self.pushgateway {
            Some(pushgateway) => Ok(pushgateway.push(metrics.text()).await?),
            None => Ok(()),
        }
    }

    /// The error when the budget is used up.
    pub fn late(&self) -> Option<Error> {
        Some(self.pushgateway.as_ref()?.late().into())
    }
}
