//! The layer of the environment: `QC_SECTION__KEY`, and `QC_SECTION__KEY_FILE` for a value that stands in a file.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use crate::config::assignment::Assignment;
use crate::config::error::ConfigError;
use crate::config::origin::Origin;
use crate::config::setting::Setting;
use crate::config::settings;
use crate::config::small_file;
use crate::input_file::FileKind;

/// What all our variables begin with.
const PREFIX: &str = "QC_";

/// Names the configuration file, as `--config` does.
pub(in crate::config) const CONFIG: &str = "QC_CONFIG";

/// Names the directory of mounted secrets.
pub(in crate::config) const SECRETS_DIR: &str = "QC_SECRETS_DIR";

/// Variables of other programs that name files which we read.
const FOREIGN_FILES: [&str; 7] = [
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_CLIENT_KEY",
    "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",
    "SSL_CERT_FILE",
];

/// Environment and working directory of a process. Tests make their own.
#[derive(Clone, Default)]
pub struct Surroundings {
    /// Those of the environment's variables that are ours.
    variables: Vec<(String, OsString)>,
    /// Files that other programs' variables name, and that we read too.
    pub(in crate::config) foreign_files: Vec<(String, PathBuf)>,
    /// The working directory, empty for that of the process.
    pub(in crate::config) directory: PathBuf,
}

impl Surroundings {
    /// Those of this process.
    pub fn of_process() -> Self {
        Self::new(std::env::vars_os(), "")
    }

    /// An environment and a working directory.
    pub fn new<N, V>(variables: impl IntoIterator<Item = (N, V)>, directory: impl Into<PathBuf>) -> Self
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        // A name that isn't UTF-8 is nobody's setting.
        let named = |(name, value): (N, V)| Some((name.into().into_string().ok()?, value.into()));
        let mut variables: Vec<(String, OsString)> = variables.into_iter().filter_map(named).collect();
        variables.sort();
        let foreign = variables
            .iter()
            .filter(|(name, value)| FOREIGN_FILES.contains(&name.as_str()) && !value.is_empty());
        let foreign_files = foreign.map(|(name, value)| (name.clone(), value.into())).collect();
        variables.retain(|(name, _)| name.starts_with(PREFIX));
        Surroundings {
            variables,
            foreign_files,
            directory: directory.into(),
        }
    }

    /// The file or directory that a variable names; an empty one names nothing.
    pub(in crate::config) fn path(&self, name: &str) -> Option<PathBuf> {
        let (_, value) = self.variables.iter().find(|(variable, _)| variable == name)?;
        (!value.is_empty()).then(|| PathBuf::from(value))
    }
}

impl fmt::Debug for Surroundings {
    /// Without values, any of which may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.variables.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

/// What the environment says, variable by variable.
pub(in crate::config) fn layer(surroundings: &Surroundings) -> Vec<Result<Assignment, ConfigError>> {
    let settings = surroundings
        .variables
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), CONFIG | SECRETS_DIR));
    let find = |name: &str| settings::all().find(|setting| setting.variable() == name);
    settings
        .filter_map(|(name, value)| {
            // `QC_CSV__FILE` is the setting `csv.file`, not a file that holds a setting `csv`: the longer name counts.
            match (find(name), name.strip_suffix("_FILE").and_then(find)) {
                (Some(setting), _) => Some(direct(setting, name, value.clone())),
                (None, Some(setting)) => from_file(surroundings, setting, name, value),
                (None, None) => Some(Err(unknown(name))),
            }
        })
        .collect()
}

fn direct(setting: &'static Setting, name: &str, value: OsString) -> Result<Assignment, ConfigError> {
    let origin = Origin::Variable(name.to_owned());
    match value.into_string() {
        Ok(text) => Ok(Assignment::to(setting, text, origin)),
        Err(_) => Err(ConfigError::Misplaced {
            origin,
            reason: "the value is not UTF-8 text".into(),
        }),
    }
}

/// An empty `…_FILE` says nothing.
fn from_file(
    surroundings: &Surroundings,
    setting: &'static Setting,
    name: &str,
    value: &OsString,
) -> Option<Result<Assignment, ConfigError>> {
    let (path, variable) = (PathBuf::from(value), setting.variable());
    if value.is_empty() {
        return None;
    }
    let origin = Origin::Variable(name.to_owned());
    if surroundings.variables.iter().any(|(other, _)| *other == variable) {
        let reason = format!("{variable} is set as well: keep one of them");
        return Some(Err(ConfigError::Misplaced { origin, reason }));
    }
    Some(
        match small_file::read(&surroundings.directory.join(&path), FileKind::Stream) {
            Ok(text) => {
                let variable = name.to_owned();
                let origin = Origin::VariableFile { variable, path };
                Ok(Assignment::to(setting, small_file::value(&text), origin))
            }
            Err(reason) => Err(ConfigError::Unreadable {
                origin: Some(origin),
                path,
                reason,
            }),
        },
    )
}

fn unknown(name: &str) -> ConfigError {
    let given = name.trim_start_matches(PREFIX).to_ascii_lowercase().replace("__", ".");
    let value = settings::nearest(&given).map(Setting::variable);
    let file = given.strip_suffix("_file").and_then(settings::nearest);
    ConfigError::Unknown {
        origin: Origin::Variable(name.to_owned()),
        nearest: file.map(|setting| format!("{}_FILE", setting.variable())).or(value),
        given,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use secrecy::ExposeSecret as _;

    use super::*;

    fn said(surroundings: &Surroundings) -> String {
        let line = |assignment: Result<Assignment, ConfigError>| match assignment {
            Ok(it) => format!("{} = {:?} ({})", it.setting.key, it.text.expose_secret(), it.origin),
            Err(error) => crate::problem::Problem::sentence(&error),
        };
        layer(surroundings).into_iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn variables(variables: &[(&str, &str)]) -> String {
        said(&Surroundings::new(variables.iter().copied(), ""))
    }

    #[test]
    fn sections_are_set_off_by_two_underscores() {
        let said = variables(&[
            ("QC_QUALYS__USER_ID", " 0123 "),
            ("QC_QUALYS__PROXY__URL", "true"),
            ("QC_CSV__FILE", "out.csv"),
            ("QC_QUALYS__CA_FILE", "ca.pem"),
            ("QC_QUALYS__TOKEN_FILE", "token"),
            ("HOME", "/root"),
            ("qc_log__level", "3"),
        ]);
        insta::assert_snapshot!(said, @r#"
        csv.file = "out.csv" (QC_CSV__FILE)
        qualys.ca_file = "ca.pem" (QC_QUALYS__CA_FILE)
        qualys.proxy.url = "true" (QC_QUALYS__PROXY__URL)
        qualys.token_file = "token" (QC_QUALYS__TOKEN_FILE)
        qualys.user_id = " 0123 " (QC_QUALYS__USER_ID)
        "#);
    }

    #[test]
    fn a_value_may_stand_in_a_file() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("password"), "a'b\"c \n").unwrap();
        let file = |name: &str, value: &str| said(&Surroundings::new([(name, value)], directory.path()));
        insta::assert_snapshot!(file("QC_QUALYS__PASSWORD_FILE", "password"), @r#"qualys.password = "a'b\"c " (QC_QUALYS__PASSWORD_FILE (password))"#);
        insta::assert_snapshot!(file("QC_QUALYS__PASSWORD_FILE", "passwort"), @"QC_QUALYS__PASSWORD_FILE: passwort can't be read: No such file or directory (os error 2)");
        insta::assert_snapshot!(file("QC_QUALYS__PASSWORD_FILE", ""), @"");
        let both = [("QC_QUALYS__PASSWORD_FILE", "password"), ("QC_QUALYS__PASSWORD", "p")];
        insta::assert_snapshot!(said(&Surroundings::new(both, directory.path())), @r#"
        qualys.password = "p" (QC_QUALYS__PASSWORD)
        QC_QUALYS__PASSWORD_FILE: QC_QUALYS__PASSWORD is set as well: keep one of them
        "#);
    }

    #[test]
    fn a_variable_that_is_no_setting_names_the_nearest() {
        let said = variables(&[
            ("QC_QUALYS__PASWORD_FILE", "x"),
            ("QC_QUALYS_USER_ID", "x"),
            ("QC_PASSWORD", "x"),
            ("QC_SERVICE_PORT_8307_TCP", "x"),
        ]);
        insta::assert_snapshot!(said, @r"
        QC_PASSWORD: there is no setting 'password'; did you mean QC_QUALYS__PASSWORD?
        QC_QUALYS_USER_ID: there is no setting 'qualys_user_id'; did you mean QC_QUALYS__USER_ID?
        QC_QUALYS__PASWORD_FILE: there is no setting 'qualys.pasword_file'; did you mean QC_QUALYS__PASSWORD_FILE?
        QC_SERVICE_PORT_8307_TCP: there is no setting 'service_port_8307_tcp'
        ");
    }

    #[test]
    fn debug_shows_no_value() {
        let surroundings = Surroundings::new([("QC_QUALYS__PASSWORD", "hunter2")], "");
        assert_eq!(format!("{surroundings:?}"), r#"["QC_QUALYS__PASSWORD"]"#);
    }

    #[test]
    fn a_value_that_is_no_text_is_refused() {
        let latin = OsString::from_vec(b"caf\xe9".to_vec());
        let surroundings = Surroundings::new([("QC_QUALYS__USER_ID", latin)], "");
        insta::assert_snapshot!(said(&surroundings), @"QC_QUALYS__USER_ID: the value is not UTF-8 text");
    }
}
