//! Where the bytes of reports come from: a generator, or files.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use bytes::Bytes;

use super::Error;
use super::options::Options;
use crate::report::{self, Report};

/// How much of a file is read at once.
const PIECE: usize = 64 * 1024;
/// What a finding takes in a generated report, roughly, in bytes.
const FINDING: u64 = 1_100;

/// The bytes of a report, piece by piece.
pub(super) type Content = Box<dyn Iterator<Item = io::Result<Bytes>> + Send>;

/// Knows the report of each template.
#[derive(Debug)]
pub(super) struct Library {
    files: Vec<(Option<u64>, Arc<Source>)>,
    generated: Mutex<Generated>,
    /// Each template has findings of its own.
    distinct: bool,
    measure: bool,
    /// Those that are in use.
    others: Mutex<Vec<(u64, Weak<Source>)>>,
}

/// Where no file is given.
#[derive(Debug)]
struct Generated {
    options: report::Options,
    usual: Arc<Source>,
}

/// One report.
#[derive(Debug)]
pub(super) struct Source {
    origin: Origin,
    /// In bytes, once it's known.
    length: OnceLock<u64>,
    /// It isn't finished before its length is known.
    measure: bool,
}

#[derive(Debug)]
enum Origin {
    Generator(Arc<Report>),
    File(PathBuf),
    #[cfg(test)]
    Bytes(&'static [u8]),
}

impl Library {
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        let files = options.files.iter().map(|file| {
            let length = std::fs::metadata(&file.path).map_err(|source| Error::File {
                path: file.path.clone(),
                source,
            })?;
            let source = Source {
                origin: Origin::File(file.path.clone()),
                length: length.len().into(),
                measure: true,
            };
            Ok((file.template, Arc::new(source)))
        });
        let measure = !options.chunked;
        Ok(Self {
            files: files.collect::<Result<_, Error>>()?,
            generated: Mutex::new(Generated::new(options.report.clone(), measure)?),
            distinct: options.distinct,
            measure,
            others: Mutex::default(),
        })
    }

    /// The report of a template.
    pub(super) fn source(&self, template: u64) -> Result<Arc<Source>, Error> {
        let own = self.files.iter().find(|(of, _)| *of == Some(template));
        let file = own.or_else(|| self.files.iter().find(|(of, _)| of.is_none()));
        match file {
            Some((_, source)) => Ok(Arc::clone(source)),
            None if self.distinct => self.distinct(template),
            None => Ok(Arc::clone(&self.generated().usual)),
        }
    }

    fn generated(&self) -> MutexGuard<'_, Generated> {
        self.generated.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reports that are launched from now on are of another estate.
    pub(super) fn set_generated(&self, options: report::Options) -> Result<(), Error> {
        *self.generated() = Generated::new(options, self.measure)?;
        self.others.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }

    /// A report with the template's own seed, made once for all who use it at a time.
    fn distinct(&self, template: u64) -> Result<Arc<Source>, Error> {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.retain(|(_, source)| source.strong_count() > 0);
        let known = others.iter().find(|(of, _)| *of == template);
        if let Some(source) = known.and_then(|(_, source)| source.upgrade()) {
            return Ok(source);
        }
        let options = self.generated().options.of_template(template);
        let source = Arc::new(Source::generated(options, self.measure)?);
        others.push((template, Arc::downgrade(&source)));
        Ok(source)
    }
}

impl Generated {
    fn new(options: report::Options, measure: bool) -> Result<Self, Error> {
        let usual = Arc::new(Source::generated(options.clone(), measure)?);
        Ok(Self { options, usual })
    }
}

impl Source {
    fn generated(options: report::Options, measure: bool) -> Result<Self, Error> {
        Ok(Self {
            origin: Origin::Generator(Report::new(options)?),
            length: OnceLock::new(),
            measure,
        })
    }

    #[cfg(test)]
    pub(super) fn of_bytes(bytes: &'static [u8]) -> Self {
        Self {
            origin: Origin::Bytes(bytes),
            length: (bytes.len() as u64).into(),
            measure: true,
        }
    }

    /// Finds out its length; takes as long as sending it.
    pub(super) fn measure(&self) {
        if let (Origin::Generator(report), true) = (&self.origin, self.measure) {
            self.length.get_or_init(|| report.length());
        }
    }

    /// Whether everything is known that has to be before it's sent.
    pub(super) fn is_ready(&self) -> bool {
        !self.measure || self.length.get().is_some()
    }

    /// Its length, if it's known and to be told.
    pub(super) fn length(&self) -> Option<u64> {
        self.length.get().copied()
    }

    /// Its length, roughly if it isn't known.
    pub(super) fn size_hint(&self) -> u64 {
        self.length().unwrap_or_else(|| match &self.origin {
            Origin::Generator(report) => {
                let options = report.options();
                u64::from(options.hosts) * u64::from(options.findings) * FINDING
            }
            _ => 0,
        })
    }

    /// The report itself, made as it's taken.
    pub(super) fn content(&self) -> io::Result<Content> {
        Ok(match &self.origin {
            Origin::Generator(report) => Box::new(report.pieces().map(|piece| Ok(piece.into()))),
            Origin::File(path) => Box::new(FileContent(File::open(path)?)),
            #[cfg(test)]
            Origin::Bytes(bytes) => Box::new(std::iter::once(Ok(Bytes::from_static(bytes)))),
        })
    }
}

struct FileContent(File);

impl Iterator for FileContent {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut piece = Vec::with_capacity(PIECE);
        match (&self.0).take(PIECE as u64).read_to_end(&mut piece) {
            Ok(0) => None,
            Ok(_) => Some(Ok(piece.into())),
            Err(error) => Some(Err(error)),
        }
    }
}
