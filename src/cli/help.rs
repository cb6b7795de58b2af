//! Help: what a person reads before the first import.

use std::fmt::Write as _;

use clap::{Arg, Command, CommandFactory};

use super::Cli;
use crate::exit::Exit;

/// As the old tool showed it: `qualys-connector Ver. 0.1.0`.
pub(super) const VERSION: &str = concat!("Ver. ", env!("CARGO_PKG_VERSION"));

pub(super) const MANAGEMENT_CENTER: &str = "To the Management Center";
pub(super) const CSV: &str = "Or to a file";
pub(super) const PLAN: &str = "Or nowhere";
pub(super) const REPORTS: &str = "From Qualys";
pub(super) const LOG: &str = "What is said";
pub(super) const SETTINGS: &str = "Everything else";

const TEMPLATE: &str = "\
{name} {version}
{about}

{usage-heading} qualys-connector [COMMAND] [options]

{all-args}{after-help}";

/// Command lines to copy.
pub(super) const EXAMPLE_LINES: &str = "  qualys-connector --server 10.10.10.10
  qualys-connector --server 10.10.10.10 --pkcs12 CertFile.pkcs12 --config settings.yaml
  qualys-connector --report report.xml --csvfile Output.csv
  qualys-connector -multiinfo 424242,535353 -server 10.10.10.10
  qualys-connector --report report.xml --plan --host-limit 50000
  qualys-connector check
  qualys-connector config";

const HINTS: &str = "\
The Perl connector's command lines work as they are: -server=HOST, -se HOST, -c FILE … QualysGuard.
Settings without an option stand in the configuration file, or in variables such as
QC_QUALYS__USER_ID; the command config names them all.";

/// The command line's definition with everything that is made of other tables.
pub(super) fn definition() -> Command {
    let command = <Cli as CommandFactory>::command();
    let options: Vec<Arg> = command.get_arguments().cloned().collect();
    command
        .subcommand(help_command())
        // A command takes every option of an import, which old command lines have, but its help shows those it heeds.
        .mut_subcommands(|sub| {
            let name = sub.get_name().to_owned();
            let own = options
                .iter()
                .map(|option| with_heading(&name, option).hide(!heeds(&name, option)));
            let own: Vec<Arg> = own.collect();
            sub.args(own).after_help(after(&name))
        })
        .help_template(TEMPLATE)
        .after_help(after("import"))
}

/// The commands with the options that each heeds and no others, for completions and the man page.
pub(super) fn visible() -> Command {
    let command = <Cli as CommandFactory>::command();
    let options: Vec<Arg> = command
        .get_arguments()
        .map(|option| option.clone().global(false))
        .collect();
    command
        .subcommand(help_command())
        .mut_args(|option| option.global(false))
        .mut_subcommands(|sub| {
            let heeded = options.iter().filter(|option| heeds(sub.get_name(), option));
            let heeded: Vec<Arg> = heeded.cloned().collect();
            sub.args(heeded)
        })
}

/// `help [COMMAND]`, which is translated into `[COMMAND] --help` before clap reads it; see [`super::perl`].
fn help_command() -> Command {
    Command::new("help")
        .about("Print this, or the options of a command")
        .arg(Arg::new("of").value_name("COMMAND").help("The command"))
}

/// Whether a command heeds an option of the import.
fn heeds(command: &str, option: &Arg) -> bool {
    let option = option.get_id().as_str();
    match command {
        "import" => true,
        "check" => !matches!(
            option,
            "plan" | "host_limit" | "level" | "syslog" | "stderr" | "summary" | "quiet" | "version"
        ),
        "config" => !matches!(option, "plan" | "summary" | "quiet" | "version"),
        "send" => !matches!(
            option,
            "csvfile" | "plan" | "host_limit" | "multiinfo" | "report" | "metrics_file" | "version"
        ),
        _ => option == "help",
    }
}

/// An option under the heading that it has for a command: one that is alone needs none of its own.
fn with_heading(command: &str, option: &Arg) -> Arg {
    let option = option.clone();
    match command {
        "import" | "check" | "config" | "send" => option,
        _ => option.help_heading("Options"),
    }
}

/// What stands below the options of a command.
fn after(command: &str) -> String {
    match command {
        "import" => format!("Examples:\n{EXAMPLE_LINES}\n\n{HINTS}\n\n{}", exit_codes()),
        name => examples(name).to_owned(),
    }
}

fn examples(command: &str) -> &'static str {
    match command {
        "check" => {
            "Examples:
  qualys-connector check --config settings.yaml
  qualys-connector check -server 10.10.10.10 QualysGuard

The exit code is the one that an import would end with. Every option of an import is taken,
so an old command line is checked with one word more."
        }
        "config" => {
            "Examples:
  qualys-connector config --config settings.yaml
  qualys-connector config --output json

Every option of an import is taken."
        }
        "send" => {
            "Example:
  qualys-connector send Output.csv --server 10.10.10.10 --pkcs12 CertFile.pkcs12"
        }
        "migrate" => {
            "Examples:
  qualys-connector migrate
  qualys-connector migrate -server 10.10.10.10 -plugininfo QualysGuard.yaml
  qualys-connector migrate '30 2 * * * cd /opt/qualys && perl qualys_connector.pl -server fmc'

Run it where the old command line runs: it reads the files that the line names, and writes none."
        }
        "explain" => {
            "Examples:
  qualys-connector explain 77
  qualys-connector explain Must set source application"
        }
        "completions" => {
            "Example:
  qualys-connector completions bash > /etc/bash_completion.d/qualys-connector"
        }
        "man" => {
            "Example:
  qualys-connector man | man -l -"
        }
        _ => "",
    }
}

fn exit_codes() -> String {
    let mut text = "Exit codes:".to_owned();
    for exit in sorted_exits() {
        // Writing to a String can't fail.
        let _ = write!(text, "\n  {:>3}  {}", exit.code(), exit.meaning());
    }
    text
}

/// All exit codes, the smallest first.
pub(super) fn sorted_exits() -> impl Iterator<Item = Exit> {
    let mut exits = Exit::ALL;
    exits.sort_by_key(|exit| exit.code());
    exits.into_iter()
}
