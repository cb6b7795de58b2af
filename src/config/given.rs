//! Given: what all layers say, parsed, before it is known whether it makes sense together.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::assignment::Assignment;
use super::collision::{Collision, Named};
use super::contradiction::Contradiction;
use super::error::{ConfigError, ConfigErrors, Errors, Reported};
use super::files::{self, Work};
use super::layers::environment::{self, CONFIG, SECRETS_DIR, Surroundings};
use super::layers::file::{self, OLD_DEFAULT};
use super::layers::{Layers, mounted_secrets};
use super::listing::Listing;
use super::migration::Migration;
use super::origin::{Effective, Origin};
use super::sections::Sections;
use super::sections::log::TERMINATION_FILE;
use super::value::Value;
use super::{Config, Parts, SendConfig, SinkSettings, SourceSettings, exposed, warnings};
use crate::telemetry::metrics;

/// What all layers say, as it was given.
#[derive(Debug)]
pub struct Given {
    effective: Effective,
    sections: Sections,
    errors: Errors,
    /// The files in the working directory that could be the certificate, sorted.
    certificates: Vec<String>,
    /// The files that secrets were read from.
    secret_files: Vec<PathBuf>,
    /// Files that are read besides those that settings name.
    read: Vec<Named>,
    directory: PathBuf,
    secrets: Option<PathBuf>,
    work: Work,
    anything: bool,
}

impl Given {
    /// Reads all layers. `file` is the configuration file that an option names, and that option; `options` are what
    /// the other options say.
    ///
    /// Errors are kept for later, so that what there is can be [listed](Self::listing).
    pub fn gather(
        surroundings: &Surroundings,
        file: Option<(PathBuf, Origin)>,
        options: Vec<Result<Assignment, ConfigError>>,
    ) -> Self {
        let directory = &surroundings.directory;
        let foreign = surroundings.foreign_files.iter().cloned();
        let mut read: Vec<_> = foreign.map(|(name, path)| Named::new(name, path)).collect();
        let file = configuration_file(surroundings, file);
        // A file that doesn't exist yet would be read by the next run.
        let named = file.as_ref().map_or(Path::new(OLD_DEFAULT), |(path, _)| path);
        read.push(Named::new("the configuration file", named));
        let file = file.map(|(path, origin)| file::layer(directory, &path, origin));
        let assignments: Vec<_> = file
            .into_iter()
            .flatten()
            .chain(environment::layer(surroundings))
            .chain(mounted_secrets::layer(surroundings))
            .chain(options)
            .collect();
        let anything = !assignments.is_empty();

        let certificates = certificates(directory);
        let found = certificates.first();
        let found = found.map(|name| Assignment::new(PKCS12, name.as_str(), Origin::WorkingDirectory));

        let (mut layers, mut errors) = (Layers::new(), Errors::default());
        let mut secret_files = Vec::new();
        for assignment in found.into_iter().chain(assignments) {
            match assignment {
                Ok(assignment) => {
                    secret_files.extend(assignment.secret_file().map(|file| directory.join(file)));
                    read.extend(own_file(&assignment.origin));
                    layers.add(assignment);
                }
                Err(error) => _ = errors.report(error),
            }
        }
        let effective = layers.effective();
        Given {
            sections: Sections::read(&effective, &mut errors),
            effective,
            errors,
            certificates,
            secret_files,
            read,
            directory: directory.clone(),
            secrets: surroundings.path(SECRETS_DIR),
            work: Work::Import,
            anything,
        }
    }

    /// The same for the sending of a file of commands.
    pub fn sending(mut self, file: &Path) -> Self {
        self.read.push(Named::new("the file of commands", file));
        self.work = Work::Send;
        self
    }

    /// Whether no layer says anything: there is no file, no variable and no option.
    pub fn is_nothing(&self) -> bool {
        !self.anything
    }

    /// Every setting, with its value and the place where that stands.
    pub fn listing(&self) -> Listing {
        Listing::new(&self.effective)
    }

    /// A configuration file that says the same, but for secrets.
    pub fn migration(&self) -> Migration {
        Migration::new(&self.effective)
    }

    /// `log.termination_file`: where the outcome is written, also when that is an error; but nowhere, where it is the file of
    /// something else.
    pub fn termination_file(&self) -> Option<PathBuf> {
        let setting = &self.sections.log.termination_file;
        let file = setting.get().unwrap_or_else(|| TERMINATION_FILE.into());
        self.is_by_itself(setting).then_some(file)
    }

    /// `state.dir`, if it is set and right.
    pub fn state_dir(&self) -> Option<PathBuf> {
        self.sections.state.dir.get()
    }

    /// What metrics need, as far as nothing is wrong with that part: other errors can be reported by metrics then.
    pub fn metrics(&self) -> Option<metrics::Settings> {
        let mut ignored = Errors::default();
        let pushgateway = self.sections.pushgateway.settings(&mut ignored).unwrap_or_default();
        let mut metrics = self.sections.metrics(pushgateway, &mut ignored).ok()?;
        if !self.is_by_itself(&self.sections.telemetry.metrics_file) {
            metrics.file = None;
        }
        Some(metrics)
    }

    /// The configuration of an import.
    ///
    /// # Errors
    ///
    /// All errors of all layers.
    pub fn import(mut self) -> Result<Config, ConfigErrors> {
        let warnings = self.warned(warnings::import(&self.sections, &self.certificates));
        let config = self.config(Sections::sink, warnings);
        self.finish(config)
    }

    /// The configuration of an import that is only planned: it needs no Management Center.
    ///
    /// # Errors
    ///
    /// All errors of all layers.
    pub fn plan(mut self) -> Result<Config, ConfigErrors> {
        let plan =
            |sections: &Sections, errors: &mut Errors| sections.management_center.plan(errors).map(SinkSettings::Plan);
        let config = self.config(plan, self.warned(warnings::plan(&self.sections)));
        let config = config.map(|mut config| {
            // Its reports at Qualys are its own: an import beside it, or after it, keeps those that it launched.
            if let SourceSettings::Qualys { settings, .. } = &mut config.source {
                settings.destination = "a plan".to_owned();
            }
            config
        });
        self.finish(config)
    }

    /// Makes every part before it gives up because of one, so that all errors are reported.
    fn config(
        &mut self,
        sink: impl FnOnce(&Sections, &mut Errors) -> Result<SinkSettings, Reported>,
        warnings: Vec<String>,
    ) -> Result<Config, Reported> {
        let (sections, errors) = (&self.sections, &mut self.errors);
        let source = sections.source(errors);
        let pushgateway = sections.pushgateway.settings(errors);
        let sink = sink(sections, errors);
        Ok(Config {
            source: source?,
            unfinished_scans: sections.report.unfinished_scans.required(errors)?,
            templates: sections.commands.templates.required(errors)?,
            selection: sections.selection.settings(errors)?,
            commands: sections.commands.settings(errors)?,
            sink: sink?,
            log: sections.log.settings(errors)?,
            traces: sections.telemetry.traces(errors)?,
            metrics: sections.metrics(pushgateway?, errors)?,
            page: sections.page.file.optional()?,
            state: sections.state(&self.effective, errors)?,
            warnings,
        })
    }

    /// Every part of an import's configuration that could be made.
    pub fn parts(mut self) -> Parts {
        let warnings = self.warned(warnings::import(&self.sections, &self.certificates));
        let (sections, errors) = (&self.sections, &mut self.errors);
        let (report, csv) = (sections.report.file.get(), sections.csv.file.get());
        let is_asked = !sections.report.file.is_set();
        let asks_for_hosts = is_asked && sections.asks_for_detections();
        let qualys = is_asked.then(|| sections.qualys(errors).ok()).flatten();
        let detections = asks_for_hosts.then(|| sections.detections(errors).ok()).flatten();
        let templates = match is_asked && !asks_for_hosts {
            true => sections.qualys.templates(errors).unwrap_or_default(),
            false => Vec::new(),
        };
        let pushgateway = sections.pushgateway.settings(errors);
        let metrics = pushgateway.and_then(|pushgateway| sections.metrics(pushgateway, errors));
        let management_center = match sections.csv.file.is_set() {
            true => None,
            false => sections.management_center.settings(ConfigError::NoSink, errors).ok(),
        };
        Parts {
            warnings,
            report,
            knowledge_base: sections.knowledge_base(errors).ok().flatten(),
            qualys,
            templates,
            asks_for_hosts,
            detections,
            selection: sections.selection.settings(errors).unwrap_or_default(),
            csv,
            management_center,
            log: sections.log.settings(errors).ok(),
            metrics: metrics.ok(),
            page: sections.page.file.get(),
            state: sections.state(&self.effective, errors).ok().flatten(),
            errors: self.finish(Ok(())),
        }
    }

    /// The configuration that a file of commands is sent with.
    ///
    /// # Errors
    ///
    /// All errors of all layers.
    pub fn send(mut self) -> Result<SendConfig, ConfigErrors> {
        let warnings = self.warned(warnings::send(&self.sections, &self.certificates));
        let (sections, errors) = (&self.sections, &mut self.errors);
        let config = || {
            Ok(SendConfig {
                management_center: sections.management_center.settings(ConfigError::NoServer, errors)?,
                log: sections.log.settings(errors)?,
                traces: sections.telemetry.traces(errors)?,
                page: sections.page.file.optional()?,
                warnings,
            })
        };
        let config = config();
        self.finish(config)
    }

    /// Adds the secrets that lie open.
    fn warned(&self, mut warnings: Vec<String>) -> Vec<String> {
        let named = [
            &self.sections.qualys.token_file,
            &self.sections.management_center.pkcs12,
        ];
        let named = named.into_iter().filter_map(Value::get);
        let files: BTreeSet<PathBuf> = self.secret_files.iter().cloned().chain(named).collect();
        warnings.extend(exposed::warnings(files.iter().map(PathBuf::as_path)));
        warnings
    }

    /// What was made, if there is no error in it, nor between its files.
    fn finish<T>(mut self, made: Result<T, Reported>) -> Result<T, ConfigErrors> {
        if self.work == Work::Import
            && let Some(file) = files::csv_stream(&self.sections, &self.directory)
        {
            self.errors.report(Contradiction::CsvStream(file));
        }
        for collision in self.collisions() {
            self.errors.report(Contradiction::Files(collision));
        }
        self.errors.finish(made)
    }

    /// Files that collide.
    fn collisions(&self) -> Vec<Collision> {
        files::collisions(
            &self.sections,
            &self.directory,
            &self.read,
            self.secrets.as_deref(),
            self.work,
        )
    }

    /// Whether nothing else is lost when this file is written.
    fn is_by_itself(&self, file: &Value<PathBuf>) -> bool {
        !self.collisions().iter().any(|collision| collision.concerns(file.key()))
    }
}

/// The setting whose default is a file name that is looked for.
const PKCS12: &str = "management_center.pkcs12";

/// The file that holds one value alone, and what names it.
fn own_file(origin: &Origin) -> Option<Named> {
    match origin {
        Origin::VariableFile { variable, path } => Some(Named::new(variable, path)),
        Origin::Secret(path) => Some(Named::new(SECRETS_DIR, path)),
        _ => None,
    }
}

/// The configuration file, and who named it: what the option names, else what the variable names, else the old tool's if
/// it is there.
fn configuration_file(
    surroundings: &Surroundings,
    option: Option<(PathBuf, Origin)>,
) -> Option<(PathBuf, Option<Origin>)> {
    let variable = || Some((surroundings.path(CONFIG)?, Origin::Variable(CONFIG.into())));
    match option.or_else(variable) {
        Some((path, origin)) => Some((path, Some(origin))),
        None => is_there(&surroundings.directory.join(OLD_DEFAULT)).then(|| (OLD_DEFAULT.into(), None)),
    }
}

/// Whether there is such a file, readable or not. One in a folder that can't be entered may be there: that is reported when it
/// is read, rather than that all settings are missing.
fn is_there(path: &Path) -> bool {
    match fs::symlink_metadata(path) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory),
    }
}

/// The names in a directory that end in `.pkcs12`, sorted. A directory that can't be read has none.
fn certificates(directory: &Path) -> Vec<String> {
    let directory = if directory.as_os_str().is_empty() {
        Path::new(".")
    } else {
        directory
    };
    let names = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<_> = names
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.ends_with(".pkcs12"))
        .collect();
    names.sort();
    names
}
