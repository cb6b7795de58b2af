//! The command `migrate`: the new configuration in the place of an old YAML file and an old command line.

use std::ffi::OsString;

use super::{failed_with, mistaken, print};
use crate::cli::{Cli, Command, old_line};
use crate::config::{Given, Mistake, Surroundings};
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
    // Names of files without a folder are meant below the folder that the old line went to.
    let (folder, below) = match &old.directory {
        Some(directory) => {
            let quoted = directory.to_string_lossy();
            let quoted = shlex::try_quote(&quoted).unwrap_or_else(|_| quoted.clone());
            (format!("{}/", directory.display()), format!("cd {quoted} && "))
        }
        None => Default::default(),
    };
    let secrets = match migration.secrets.is_empty() {
        true => "",
        false => "QC_SECRETS_DIR=/run/secrets ",
    };
    let schedule = old.schedule.map(|schedule| format!("{schedule} ")).unwrap_or_default();
    let mut text = format!(
        "# What the Perl connector was told. Save it as {folder}qualys-connector.yaml, then:\n#\n\
         #   {below}{secrets}qualys-connector check --config qualys-connector.yaml\n\
         #   {schedule}{below}{secrets}{command}\n#\n"
    );
    if !old.redirections.is_empty() {
        let redirections = old.redirections.join(" ");
        text.push_str(&format!(
            "# Left out: {redirections}\n# (the log goes to standard error, log.file and log.syslog name other places)\n#\n"
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
    let mistakes = match cli.command() {
        Command::Send { .. } => gather().send().err(),
        _ => gather().import().err(),
    };
    match mistakes {
        Some(mistakes) if mistakes.iter().all(Mistake::is_absence) => {
            for mistake in mistakes.iter() {
                eprintln!("incomplete: {mistake}");
            }
            printed
        }
        Some(mistakes) => mistaken(&mistakes).exit,
        None => printed,
    }
}
