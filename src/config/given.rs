//! Given: what all layers say, before it is known whether it makes sense.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::environment::{self, CONFIG, SECRETS_DIR, Surroundings};
use super::file::{self, OLD_DEFAULT};
use super::files::{self, Collision, Named, Work};
use super::layers::Layers;
use super::listing::Listing;
use super::migration::Migration;
use super::mistake::{Mistake, Mistakes};
use super::origin::{Assignment, Origin};
use super::read::{self, Reader};
use super::settings::TERMINATION_FILE;
use super::{Config, Parts, SendConfig, Sink, exposed, secrets, sections, warnings};
use crate::telemetry::metrics;

/// The setting whose default is a file name that is looked for.
const PKCS12: &str = "management_center.pkcs12";

/// What all layers say, as it was given.
#[derive(Debug)]
pub struct Given {
    layers: Layers,
    mistakes: Vec<Mistake>,
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
    /// Asks all layers. `file` is the configuration file that an option names, and that option; `options` are what
    /// the other options say.
    ///
    /// Mistakes are kept for later, so that what there is can be [listed](Self::listing).
    pub fn gather(
        surroundings: &Surroundings,
        file: Option<(PathBuf, Origin)>,
        options: Vec<Result<Assignment, Mistake>>,
    ) -> Self {
        let directory = &surroundings.directory;
        let foreign = surroundings.foreign_files.iter().cloned();
        let mut read: Vec<_> = foreign.map(|(name, path)| Named::new(name, path)).collect();
        let file = configuration_file(surroundings, file);
        // One that isn't there would be read by the next run.
        let named = file.as_ref().map_or(Path::new(OLD_DEFAULT), |(path, _)| path);
        read.push(Named::new("the configuration file", named));
        let file = file.map(|(path, origin)| file::layer(directory, &path, origin));
        let said = file
            .into_iter()
            .flatten()
            .chain(environment::layer(surroundings))
            .chain(secrets::layer(surroundings))
            .chain(options);

        let certificates = certificates(directory);
        let found = certificates.first();
        let found = found.map(|name| Assignment::new(PKCS12, name.as_str(), Origin::WorkingDirectory));

        let mut layers = Layers::new();
        let mut mistakes = Vec::new();
        let mut secret_files = Vec::new();
        let mut anything = false;
        for (assignment, said) in found.map(|it| (it, false)).into_iter().chain(said.map(|it| (it, true))) {
            anything |= said;
            match assignment {
                Ok(assignment) => {
                    secret_files.extend(assignment.secret_file().map(|file| directory.join(file)));
                    read.extend(assignment.own_file());
                    layers.add(assignment);
                }
                Err(mistake) => mistakes.push(mistake),
            }
        }
        Given {
            layers,
            mistakes,
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

    /// Files that collide.
    fn collisions(&self) -> Vec<Collision> {
        let read = Reader(&self.layers);
        files::collisions(read, &self.directory, &self.read, self.secrets.as_deref(), self.work)
    }

    /// Whether nothing else is lost when this file is written.
    fn is_by_itself(&self, key: &str) -> bool {
        !self.collisions().iter().any(|collision| collision.concerns(key))
    }

    /// Whether no layer says anything: there is no file, no variable and no option.
    pub fn is_nothing(&self) -> bool {
        !self.anything
    }

    /// Every setting, with its value and the place where that stands.
    pub fn listing(&self) -> Listing {
        Listing::new(&self.layers)
    }

    /// A configuration file that says the same, but for secrets.
    pub fn migration(&self) -> Migration {
        Migration::new(&self.layers)
    }

    /// `log.termination_file`: where the outcome is told, also when that is a mistake; but nowhere, where it is the file of
    /// something else.
    pub fn termination_file(&self) -> Option<PathBuf> {
        let file = Reader(&self.layers).path("log.termination_file");
        let file = file.unwrap_or_else(|| TERMINATION_FILE.into());
        self.is_by_itself("log.termination_file").then_some(file)
    }

    /// What metrics need, if nothing is wrong with that part: what else is wrong can be told by metrics then.
    pub fn metrics(&self) -> Option<metrics::Settings> {
        let read = Reader(&self.layers);
        let wrong = read::wrong_values(&self.layers)
            .iter()
            .any(|mistake| matches!(mistake, Mistake::Value { setting, .. } if setting.section() == "telemetry"));
        let mut metrics = sections::metrics(read).filter(|_| !wrong)?;
        if !self.is_by_itself("telemetry.metrics_file") {
            metrics.file = None;
        }
        Some(metrics)
    }

    /// The configuration of an import.
    ///
    /// # Errors
    ///
    /// All mistakes of all layers.
    pub fn import(self) -> Result<Config, Mistakes> {
        let read = Reader(&self.layers);
        let mistakes = sections::import_mistakes(read);
        let warnings = self.warned(warnings::import(&self.layers, &self.certificates));
        let config = self.config(sections::sink(read), warnings);
        self.complete(config, mistakes)
    }

    /// The configuration of an import that is only planned: it needs no Management Center.
    ///
    /// # Errors
    ///
    /// All mistakes of all layers.
    pub fn plan(self) -> Result<Config, Mistakes> {
        let read = Reader(&self.layers);
        let mistakes = sections::plan_mistakes(read);
        let config = self.config(sections::plan(read), self.warned(warnings::plan(&self.layers)));
        self.complete(config, mistakes)
    }

    fn config(&self, sink: Option<Sink>, warnings: Vec<String>) -> Option<Config> {
        let read = Reader(&self.layers);
        Some(Config {
            source: sections::source(read)?,
            unfinished_scans: read.word("report.unfinished_scans")?,
            templates: read.word("commands.templates")?,
            selection: sections::selection(read)?,
            commands: sections::commands(read)?,
            sink: sink?,
            log: sections::log(read)?,
            traces: sections::traces(read)?,
            metrics: sections::metrics(read)?,
            page: read.path("page.file"),
            warnings,
        })
    }

    /// Every part of an import's configuration that could be made.
    pub fn parts(self) -> Parts {
        let read = Reader(&self.layers);
        let missing = sections::import_mistakes(read);
        Parts {
            warnings: self.warned(warnings::import(&self.layers, &self.certificates)),
            report: read.path("report.file"),
            qualys: sections::qualys(read),
            templates: sections::templates(read).unwrap_or_default(),
            csv: read.path("csv.file"),
            management_center: sections::management_center(read),
            log: sections::log(read),
            metrics: sections::metrics(read),
            page: read.path("page.file"),
            mistakes: self.complete(Some(()), missing),
        }
    }

    /// The configuration that a file of commands is sent with.
    ///
    /// # Errors
    ///
    /// All mistakes of all layers.
    pub fn send(self) -> Result<SendConfig, Mistakes> {
        let read = Reader(&self.layers);
        let config = || {
            Some(SendConfig {
                management_center: sections::management_center(read)?,
                log: sections::log(read)?,
                traces: sections::traces(read)?,
                page: read.path("page.file"),
                warnings: self.warned(warnings::send(&self.layers, &self.certificates)),
            })
        };
        let (config, mistakes) = (config(), sections::send_mistakes(read));
        self.complete(config, mistakes)
    }

    /// Adds the secrets that lie open.
    fn warned(&self, mut warnings: Vec<String>) -> Vec<String> {
        let read = Reader(&self.layers);
        let named = ["qualys.token_file", PKCS12]
            .into_iter()
            .filter_map(|key| read.path(key));
        let files: BTreeSet<PathBuf> = self.secret_files.iter().cloned().chain(named).collect();
        warnings.extend(exposed::warnings(files.iter().map(PathBuf::as_path)));
        warnings
    }

    fn complete<T>(self, config: Option<T>, more: Vec<Mistake>) -> Result<T, Mistakes> {
        let collisions = self.collisions().into_iter().map(Mistake::from);
        let read = Reader(&self.layers);
        let csv = match self.work {
            Work::Import => files::csv_mistake(read, &self.directory),
            Work::Send => None,
        };
        let wrong = read::wrong_values(&self.layers).into_iter();
        let more = wrong.chain(more).chain(csv).chain(collisions).collect();
        complete(config, self.mistakes, more)
    }
}

/// A configuration counts only when there was no mistake, whatever could be built.
///
/// What is missing may stand in a file that can't be read, so that is told first and by itself.
fn complete<T>(config: Option<T>, mut mistakes: Vec<Mistake>, more: Vec<Mistake>) -> Result<T, Mistakes> {
    let unread = mistakes.iter().any(Mistake::hides_others);
    mistakes.extend(more.into_iter().filter(|mistake| !(unread && mistake.is_absence())));
    match config {
        Some(config) if mistakes.is_empty() => Ok(config),
        None if mistakes.is_empty() => Err(Mistakes(vec![Mistake::Incomplete])),
        _ => Err(Mistakes(mistakes)),
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

/// Whether there is such a file, readable or not. One in a folder that can't be entered may be there: that is said when it
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

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::super::settings::{SETTINGS, Setting};
    use super::super::value::Syntax;
    use super::super::{Sink, Source};
    use super::*;

    /// Says what `pairs` say, on the command line.
    fn given(pairs: &[(&str, &str)]) -> Given {
        let said = pairs
            .iter()
            .map(|(key, text)| Assignment::new(key, *text, Origin::Option("--set")));
        let nowhere = tempfile::tempdir().unwrap();
        Given::gather(&Surroundings::new([("", ""); 0], nowhere.path()), None, said.collect())
    }

    const COMPLETE: [(&str, &str); 8] = [
        ("qualys.user_id", "dirk_g"),
        ("qualys.password", "d0ntp@n1c"),
        ("qualys.template_ids", "424242,535353"),
        ("qualys.proxy.url", "https://192.168.1.100:443"),
        ("management_center.server", "fmc.example.com"),
        ("management_center.pkcs12", "CertFile.pkcs12"),
        ("telemetry.pushgateway.url", "https://pushgateway:9091"),
        ("telemetry.pushgateway.proxy.url", "http://192.168.1.100:3128"),
    ];

    /// All that a configuration holds, secrets too.
    fn dump(config: &Config) -> String {
        let mut dump = format!("{config:?}");
        let mut secret = |secret: &secrecy::SecretString| dump.push_str(secret.expose_secret());
        if let Source::Qualys { settings, .. } = &config.source {
            secret(&settings.password);
            settings
                .proxy
                .iter()
                .flat_map(|proxy| &proxy.password)
                .for_each(&mut secret);
        }
        if let Sink::ManagementCenter(settings) = &config.sink {
            settings.pkcs12_password.iter().for_each(&mut secret);
        }
        let pushgateway = config.metrics.pushgateway.iter();
        pushgateway
            .flat_map(|settings| {
                let proxy = settings.proxy.as_ref().and_then(|proxy| proxy.password.as_ref());
                [settings.password.as_ref(), settings.token.as_ref(), proxy]
            })
            .flatten()
            .for_each(&mut secret);
        dump
    }

    /// A right value that is neither the default nor in [`COMPLETE`].
    fn another(setting: &Setting) -> String {
        let words = |words: Vec<String>| words.into_iter().find(|word| word != setting.default).unwrap();
        match setting.syntax {
            Syntax::Text | Syntax::Path | Syntax::Host => "another".into(),
            Syntax::Boolean if setting.default == "y" => "n".into(),
            Syntax::Boolean if setting.key == "log.stderr" => "n".into(),
            Syntax::Boolean => "y".into(),
            Syntax::Number(..) if setting.key == "qualys.template_index" => "1".into(),
            Syntax::Number(_, most) if most.to_string() != setting.default => most.to_string(),
            Syntax::Number(least, _) => least.to_string(),
            Syntax::Duration { .. } => "7m".into(),
            Syntax::Url(_) | Syntax::Platform => "https://another.example".into(),
            Syntax::Words { words: all, .. } => words(all()),
            Syntax::Form { .. } => match setting.key {
                "qualys.template_ids" => "7".into(),
                "qualys.api_version" => "3.0".into(),
                "selection.networks" => "7".into(),
                "selection.kinds" => "information".into(),
                "selection.statuses" => "fixed".into(),
                "commands.source" | "commands.scanner" | "telemetry.import" | "telemetry.pushgateway.job" => {
                    "another".into()
                }
                "management_center.trust" => "insecure".into(),
                "log.syslog" => "local".into(),
                _ => setting.sample().into(),
            },
        }
    }

    #[test]
    fn every_setting_of_the_table_reaches_the_configuration() {
        let plain = dump(&given(&COMPLETE).import().unwrap());
        for setting in SETTINGS {
            // Read when all is over, from what was given.
            if setting.key == "log.termination_file" {
                assert_eq!(
                    given(&[(setting.key, "another")]).termination_file().unwrap(),
                    Path::new("another")
                );
                continue;
            }
            let another = another(setting);
            assert_ne!(another, setting.default, "{}", setting.key);
            let mut pairs = COMPLETE.to_vec();
            pairs.push((setting.key, &another));
            match given(&pairs).import() {
                Ok(config) => assert_ne!(dump(&config), plain, "{} = {another} has no effect", setting.key),
                // The file of the token is asked for, so the word has come through.
                Err(mistakes) => panic!("{} = {another}: {mistakes}", setting.key),
            }
        }
    }

    #[test]
    fn every_default_and_every_example_is_a_right_value() {
        for setting in SETTINGS {
            for text in [setting.default, setting.example]
                .iter()
                .filter(|text| !text.is_empty())
            {
                assert_eq!(setting.syntax.check(text), Ok(()), "{} = {text}", setting.key);
            }
            assert!(
                !setting.help.is_empty() && !setting.help.ends_with('.'),
                "{}",
                setting.key
            );
            assert!(!setting.secret || setting.default.is_empty(), "{}", setting.key);
        }
    }

    #[test]
    fn names_of_settings_are_unique_in_every_layer() {
        let unique = |names: Vec<String>| {
            let count = names.len();
            let names: BTreeSet<_> = names.into_iter().collect();
            assert_eq!(names.len(), count);
        };
        unique(SETTINGS.iter().map(|setting| setting.key.to_owned()).collect());
        unique(SETTINGS.iter().map(Setting::variable).collect());
        let old = SETTINGS.iter().filter(|setting| !setting.old.is_empty());
        unique(old.map(|setting| setting.old.to_owned()).collect());
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let mut pairs = COMPLETE.to_vec();
        pairs.retain(|(key, _)| *key != "qualys.user_id");
        pairs.extend([
            ("qualys.pasword", "hunter2"),
            ("qualys.password", ""),
            ("management_center.port", "83o7"),
            ("qualys.poll_interval", "30"),
            ("qualys.proxy.url", "http://zaphod:t0w3L@proxy:3128"),
            ("management_center.server", "192.0.2.1"),
            ("management_center.ipv6", "y"),
        ]);
        let mistakes = given(&pairs).import().unwrap_err();
        assert_eq!(mistakes.exit(), crate::exit::Exit::Config);
        insta::assert_snapshot!(mistakes, @r"
        option --set: there is no setting 'qualys.pasword'; did you mean qualys.password?
        option --set: qualys.password: it is empty
        option --set: qualys.proxy.url: it holds a user or a password, which have settings of their own; expected an address that begins with http:// or https://, for example https://192.168.1.100:443
        option --set: qualys.poll_interval '30': time unit needed, for example 30sec or 30ms; expected a time with its unit (s, m, h, d), for example 30s
        option --set: management_center.port '83o7': not a whole number; expected a number from 1 to 65535, for example 8307
        qualys.user_id is not set: set it in the configuration file or by QC_QUALYS__USER_ID, for example dirk_g
        management_center.ipv6 allows IPv6 only, but management_center.server is an IPv4 address
        ");
    }

    #[test]
    fn a_csv_file_turns_sending_off() {
        let mut pairs = COMPLETE.to_vec();
        pairs.push(("csv.file", "Output.csv"));
        let config = given(&pairs).import().unwrap();
        assert!(matches!(&config.sink, Sink::Csv { file, .. } if file == Path::new("Output.csv")));
        insta::assert_snapshot!(config.warnings.join("\n"), @"management_center.server (option --set) is ignored: csv.file is set, so nothing is sent");
    }

    #[test]
    fn a_report_needs_no_qualys_and_a_token_no_password() {
        let import = |pairs: &[_]| given(pairs).import().map(|config| config.source);
        let csv = ("csv.file", "Output.csv");
        assert!(matches!(
            import(&[csv, ("report.file", "-")]),
            Ok(Source::StandardInput)
        ));
        assert!(matches!(import(&[csv, ("report.file", "r.xml")]), Ok(Source::File(_))));
        let token = [csv, ("qualys.login", "token"), ("qualys.template_ids", "7")];
        insta::assert_snapshot!(import(&token).unwrap_err(), @"qualys.token_file is not set: set it in the configuration file or by QC_QUALYS__TOKEN_FILE, for example /run/secrets/qualys/token");
        let token = [&token[..], &[("qualys.token_file", "t")]].concat();
        assert!(matches!(import(&token), Ok(Source::Qualys { templates, .. }) if templates == [7]));
    }

    #[test]
    fn one_of_several_templates_is_imported_by_its_index() {
        let import = |index: &str| {
            let pairs = [&COMPLETE[..], &[("qualys.template_index", index)]].concat();
            given(&pairs).import().map(|config| config.source)
        };
        assert!(matches!(import(""), Ok(Source::Qualys { templates, .. }) if templates == [424_242, 535_353]));
        assert!(matches!(import("1"), Ok(Source::Qualys { templates, .. }) if templates == [535_353]));
        for (index, ids, names) in [
            ("", "7,8", true),
            ("1", "7,8", true),
            ("0", "7", false),
            ("", "7", false),
        ] {
            let several = [
                ("csv.file", "O.csv"),
                ("qualys.template_ids", ids),
                ("qualys.template_index", index),
            ];
            let config = given(&[&COMPLETE[..], &several].concat()).import().unwrap();
            assert!(
                matches!(config.sink, Sink::Csv { by_template, .. } if by_template == names),
                "{index} {ids}"
            );
        }
        insta::assert_snapshot!(import("2").unwrap_err(), @"qualys.template_index is 2, but the 2 templates of qualys.template_ids count from 0 to 1");
    }

    #[test]
    fn nowhere_to_go_is_a_mistake_of_usage() {
        let mistakes = given(&COMPLETE[..3]).import().unwrap_err();
        assert_eq!(mistakes.exit(), crate::exit::Exit::Usage);
        insta::assert_snapshot!(mistakes, @"neither a Management Center nor a CSV file is given: say --server HOST or --csvfile FILE");
        let mistakes = given(&[]).send().unwrap_err();
        assert_eq!(mistakes.exit(), crate::exit::Exit::Usage);
        insta::assert_snapshot!(mistakes, @"no Management Center is given: say --server HOST");
    }

    #[test]
    fn to_send_a_file_only_the_management_center_is_needed() {
        let config = given(&COMPLETE[4..]).send().unwrap();
        assert_eq!(config.management_center.server, "fmc.example.com");
        assert_eq!(config.management_center.port, 8307);
    }

    #[test]
    fn an_empty_password_of_the_certificate_is_one() {
        let password = |pairs: &[_]| {
            given(&[&COMPLETE[4..], pairs].concat())
                .send()
                .unwrap()
                .management_center
        };
        assert!(password(&[]).pkcs12_password.is_none());
        let empty = password(&[("management_center.pkcs12_password", "")])
            .pkcs12_password
            .unwrap();
        assert_eq!(empty.expose_secret(), "");
    }
}
