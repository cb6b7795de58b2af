//! Outlets: the ways that metrics go, and what is said when one of them is closed.

use std::path::PathBuf;
use std::time::Duration;

use super::pushgateway::{self, Pushgateway};
use super::textfile::Textfile;
use super::{Exposition, Settings};
use crate::printable::Text;

/// Where the metrics of a run go; a clone goes the same ways.
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
    /// Prepares what is configured; reaches for nothing yet.
    ///
    /// # Errors
    /// Settings of the Pushgateway that can't work. What else is configured works nevertheless.
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

    /// Tries whether the file can be written.
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

    /// Writes the file no more.
    pub fn close_file(&mut self) {
        self.file = None;
    }

    /// Time that handing over may take at the end of a run.
    pub fn budget(&self) -> Duration {
        self.pushgateway.as_ref().map_or(Duration::ZERO, Pushgateway::timeout)
    }

    /// Time between two times of handing over in a long run; `None`: it is done at the end only.
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

    /// What is said when the budget is used up.
    pub fn late(&self) -> Option<Error> {
        Some(self.pushgateway.as_ref()?.late().into())
    }
}
