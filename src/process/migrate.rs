//! The command `migrate`: the new configuration in the place of an old YAML file and an old command line.

use std::ffi::OsString;

use super::{failed_with, mistaken, print};
use crate::cli::{Cli, Command, old_line};
use crate::config::{Given, Surroundings};
use crate::exit::Exit;

/// Prints the new configuration, with what to do beside it in comments.
pub(super) fn migrate(line: Vec<String>) -> Exit {
    let old = match old_line::take_apart(line) {
        Ok(old) => old,
        Err(sentence) => return failed_with(&sentence, Exit::Usage),
    };
    let cli = match Cli::parse_arguments(old.arguments.iter().map(OsString::from)) {
        Ok(cli) => cli,
        Err(error) => return super::unparsed(&error),
    };
    let directory = old.directory.clone().unwrap_or_default();
    // What is set around this command has nothing to do with what was around the old one.
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
    let command = match cli.command() {
        Command::Send { file } => format!(
            "qualys-connector send {} --config qualys-connector.yaml",
            file.display()
        ),
        _ => "qualys-connector --config qualys-connector.yaml".to_owned(),
    };
    let mut text = String::from("# What the Perl connector was told. Save it as qualys-connector.yaml, then:\n#\n");
    text.push_str("#   qualys-connector check --config qualys-connector.yaml\n");
    let schedule = old.schedule.map(|schedule| format!("{schedule} ")).unwrap_or_default();
    text.push_str(&format!("#   {schedule}{command}\n#\n"));
    if let Some(directory) = &old.directory {
        let directory = directory.display();
        text.push_str(&format!(
            "# Names of files without a folder are meant below {directory}: run it there too.\n#\n"
        ));
    }
    if !old.redirections.is_empty() {
        let redirections = old.redirections.join(" ");
        text.push_str(&format!(
            "# Left out: {redirections}\n# (the log goes to standard error, log.file and log.syslog name other places)\n#\n"
        ));
    }
    if !migration.secrets.is_empty() {
        text.push_str("# Secrets are not written here. Give each in a file of its own:\n");
        for secret in &migration.secrets {
            text.push_str(&format!("#   {}_FILE=/run/secrets/{}\n", secret.variable(), secret.key));
        }
        text.push_str("# or all of them in one folder, in files of these names: QC_SECRETS_DIR=/run/secrets\n#\n");
    }
    text.push_str("# Every key is in docs/configuration.md; qualys-connector schema helps editors.\n");
    text.push_str(&migration.yaml);
    let printed = print(&text);
    let mistakes = match cli.command() {
        Command::Send { .. } => gather().send().err(),
        _ => gather().import().err(),
    };
    match mistakes {
        Some(mistakes) => mistaken(&mistakes).exit,
        None => printed,
    }
}
