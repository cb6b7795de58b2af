//! The command `migrate`: makes the new configuration from an old YAML file and an old command line.

use std::ffi::OsString;
use std::path::Path;

use super::output::{failed_with, misconfigured, print, unparsed};
use crate::cli::old_line::{self, OldLine};
use crate::cli::{Cli, Command};
use crate::config::{ConfigError, Given, Surroundings};
use crate::exit::Exit;
use crate::telemetry::terminal::write_line;

/// Prints the new configuration, with what to do beside it in comments.
pub(super) fn migrate(line: Vec<String>) -> Exit {
    let old = match old_line::take_apart(line) {
        Ok(old) => old,
        Err(sentence) => return failed_with(&sentence, Exit::Usage),
    };
    let cli = match Cli::parse_arguments(old.arguments.iter().map(OsString::from)) {
        Ok(cli) => cli,
        Err(error) => return unparsed(&error),
    };
    let directory = old.directory.clone().unwrap_or_default();
    if old.directory.is_some() && !directory.is_dir() {
        return failed_with(
            &format!(
                "the old command line changes to the folder {}, which isn't here: run migrate on the machine that the line \
                 is from",
                directory.display()
            ),
            Exit::Usage,
        );
    }
    // This command's environment isn't the old one's.
    let surroundings = Surroundings::new([("", ""); 0], &directory);
    let gather = || Given::gather(&surroundings, cli.config_file(), cli.assignments());
    if gather().is_nothing() {
        return failed_with(
            "there is nothing to migrate: there is no InputPlugins/QualysGuard.yaml here; name it by -plugininfo FILE, \
             or give the old command line",
            Exit::Usage,
        );
    }
    let migration = gather().migration();
    let place = Place::of(&old);
    let command = match cli.command() {
        Command::Send { file } => format!(" send {}", quoted(&file)),
        _ => String::new(),
    };
    let secrets = match migration.secrets.is_empty() {
        true => "",
        false => "QC_SECRETS_DIR=/run/secrets ",
    };
    let when = old
        .schedule
        .iter()
        .chain(&old.user)
        .fold(String::new(), |when, field| when + field + " ");
    let Place { config, below, program } = &place;
    let (first, run_by) = (&old.first, &old.run_by);
    let mut text = format!(
        "# What the Perl connector was told. Save it as {saved}, then:\n#\n\
         #   {below}{secrets}{program} check --config {config}\n\
         #   {when}{first}{below}{secrets}{run_by}{program}{command} --config {config}\n#\n",
        saved = place.saved(&old),
    );
    if !old.left_out.is_empty() {
        let left_out = old.left_out.join(" ");
        text.push_str(&format!(
            "# Left out: {left_out}\n# (the log goes to standard error, log.file and log.syslog name other places)\n#\n"
        ));
    }
    if !migration.secrets.is_empty() {
        text.push_str(
            "# Secrets are not written here. Give each in a file of its own, readable by the connector alone:\n",
        );
        for secret in &migration.secrets {
            text.push_str(&format!("#   /run/secrets/{}\n", secret.key));
        }
        text.push_str("# in a folder that QC_SECRETS_DIR names, or anywhere by a variable of its own:\n");
        for secret in &migration.secrets {
            text.push_str(&format!("#   {}_FILE\n", secret.variable()));
        }
        text.push_str("#\n");
    }
    text.push_str("# Every key is in docs/configuration.md; qualys-connector schema helps editors.\n");
    text.push_str(&migration.yaml);
    let printed = print(&text);
    let errors = match cli.command() {
        Command::Send { file } => gather().sending(&file).send().err(),
        _ => gather().import().err(),
    };
    match errors {
        Some(errors) if errors.iter().all(ConfigError::is_absence) => {
            for error in errors.iter() {
                write_line(format_args!("incomplete: {}", crate::problem::Problem::sentence(error)));
            }
            printed
        }
        Some(errors) => misconfigured(&errors).exit,
        None => printed,
    }
}

const FILE: &str = "qualys-connector.yaml";

/// Where the new command line finds things.
struct Place {
    /// The new configuration file, as the line names it.
    config: String,
    /// The change to the folder, before all else.
    below: String,
    program: String,
}

impl Place {
    fn of(old: &OldLine) -> Self {
        // Files without a folder are meant below the folder that the old line went to. Where it went nowhere, the new file
        // takes its place beside the old program.
        let (config, below) = match (&old.directory, Self::beside(old)) {
            (Some(directory), _) => (FILE.to_owned(), format!("cd {} && ", quoted(directory))),
            (None, Some(beside)) => (quoted(&beside.join(FILE)), String::new()),
            (None, None) => (FILE.to_owned(), String::new()),
        };
        // cron looks for programs in /usr/bin and /bin alone.
        let here = std::env::current_exe().ok().filter(|_| old.schedule.is_some());
        Place {
            config,
            below,
            program: here.map_or_else(|| "qualys-connector".to_owned(), |program| quoted(&program)),
        }
    }

    /// The folder of the old program, where the line names one.
    fn beside(old: &OldLine) -> Option<&Path> {
        old.program.as_deref()?.parent().filter(|folder| folder.is_absolute())
    }

    /// The new file's name, with its folder.
    fn saved(&self, old: &OldLine) -> String {
        match &old.directory {
            Some(directory) => directory.join(FILE).display().to_string(),
            None => self.config.clone(),
        }
    }
}

/// A path as a shell reads it.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    shlex::try_quote(&text).unwrap_or_else(|_| text.clone()).into_owned()
}
