//! Commands and options: what the user types, turned into the strongest layer of the configuration.
//!
//! Values stay text here; [`config`](crate::config) parses them together with those of the other layers. Only `cli/perl.rs`
//! knows how the Perl connector spelled its options.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgAction, Args, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::config::{Assignment, ConfigError, Origin};

mod completions;
mod help;
mod man;
pub mod old_line;
mod perl;

/// A command line.
#[derive(Debug, Parser)]
#[command(name = "qualys-connector", version = help::VERSION, about, disable_help_subcommand = true,
    propagate_version = true, disable_help_flag = true, disable_version_flag = true, args_override_self = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Import reports (this is done when no command is named)
    Import,
    /// Show every setting, its value and where that stands
    Config(OutputForm),
    /// Try everything that an import needs, and change nothing
    Check(OutputForm),
    /// Show what is remembered between runs (state.dir)
    State {
        /// How it is shown
        #[command(flatten)]
        form: OutputForm,
        /// Remove it: the next import begins as the first one did
        #[arg(long)]
        forget: bool,
    },
    /// Send a file of Host Input commands to the Management Center
    Send {
        /// The file, one command a line; - is standard input
        file: PathBuf,
    },
    /// Print the new configuration in the place of an old one
    Migrate {
        /// The old command line, a crontab's as well
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OLD COMMAND LINE")]
        line: Vec<String>,
    },
    /// Say what a code or an answer means, and what to do
    Explain {
        /// The code, or a part of the text
        #[arg(required = true, value_name = "CODE")]
        code: Vec<String>,
    },
    /// Print the JSON schema of the configuration file, for editors
    Schema,
    /// Print the completions of a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the man page
    Man,
}

/// How a command shows what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct OutputForm {
    /// Form of what is shown
    #[arg(
        long,
        value_enum,
        default_value_t,
        hide_possible_values = true,
        value_name = "text|json"
    )]
    pub output: Output,
}

/// The form of what is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// To read.
    #[default]
    Text,
    /// For machines.
    Json,
}

/// The form of the summary at the end of an import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Summary {
    /// To read.
    #[default]
    Text,
    /// One line of JSON.
    Json,
    /// Nothing.
    None,
}

#[derive(Debug, Args)]
struct Options {
    /// Management Center, by name or address
    #[arg(long, global = true, value_name = "HOST", help_heading = help::MANAGEMENT_CENTER)]
    server: Option<String>,
    /// Its port [default: 8307]
    #[arg(long, global = true, value_name = "PORT", help_heading = help::MANAGEMENT_CENTER)]
    port: Option<String>,
    /// Certificate that it issued [default: the first *.pkcs12 here]
    #[arg(long, global = true, value_name = "FILE", help_heading = help::MANAGEMENT_CENTER)]
    pkcs12: Option<String>,
    /// Password of the certificate; shows in the list of processes
    #[arg(long, global = true, value_name = "PASSWORD", help_heading = help::MANAGEMENT_CENTER)]
    password: Option<String>,
    /// Connect over IPv6 only
    #[arg(long, global = true, help_heading = help::MANAGEMENT_CENTER)]
    ipv6: bool,
    /// Write the commands to a file (ID_FILE if there are several templates); nothing is sent
    #[arg(long, global = true, value_name = "FILE", help_heading = help::CSV)]
    csvfile: Option<String>,
    /// Run everything but the sending, and say what would be sent
    #[arg(long, global = true, help_heading = help::PLAN)]
    plan: bool,
    /// Hosts that the Management Center holds at most, to compare with
    #[arg(long, global = true, value_name = "N", help_heading = help::PLAN)]
    host_limit: Option<String>,
    /// Report templates, in place of the configured ones
    #[arg(long, global = true, value_name = "ID,ID", help_heading = help::REPORTS)]
    multiinfo: Option<String>,
    /// Import a report that is here already; - is standard input
    #[arg(long, global = true, value_name = "FILE", help_heading = help::REPORTS)]
    report: Option<String>,
    /// Log more or less: 3 debug, 2 info, 1 warning, 0 error [default: 2]
    #[arg(long, global = true, value_name = "LEVEL", help_heading = help::LOG)]
    level: Option<String>,
    /// Log to a file
    #[arg(long, global = true, value_name = "FILE", help_heading = help::LOG)]
    logfile: Option<String>,
    /// Log to syslog
    #[arg(long, global = true, help_heading = help::LOG)]
    syslog: bool,
    /// Log to standard error, even if there is another log
    #[arg(long, global = true, help_heading = help::LOG)]
    stderr: bool,
    /// Write metrics for node_exporter to a file (*.prom)
    #[arg(long, global = true, value_name = "FILE", help_heading = help::LOG)]
    metrics_file: Option<String>,
    /// Say at the end what was done, as text, json or none
    #[arg(long, global = true, value_enum, hide_possible_values = true, value_name = "FORM",
        help_heading = help::LOG)]
    summary: Option<Summary>,
    /// Write one page (HTML) that shows the run
    #[arg(long, global = true, value_name = "FILE", help_heading = help::LOG)]
    report_html: Option<String>,
    /// Say nothing but warnings and errors: no progress, and no summary unless --summary asks for one
    #[arg(short, long, global = true, help_heading = help::LOG)]
    quiet: bool,
    /// Configuration file, also -plugininfo [default: InputPlugins/QualysGuard.yaml]
    #[arg(long, alias = "plugininfo", global = true, value_name = "FILE", help_heading = help::SETTINGS)]
    config: Option<PathBuf>,
    /// Any setting that is no secret; can be repeated
    #[arg(long, global = true, value_name = "KEY=VALUE", help_heading = help::SETTINGS)]
    set: Vec<String>,
    /// Print this
    #[arg(short, long, global = true, action = ArgAction::Help, help_heading = help::SETTINGS)]
    help: Option<bool>,
    /// Print the version
    #[arg(short = 'V', long, global = true, action = ArgAction::Version, help_heading = help::SETTINGS)]
    version: Option<bool>,
}

impl Cli {
    /// Reads a command line, without the name of the program in front.
    ///
    /// # Errors
    ///
    /// The text to print instead, which is also how help and version come about; see [`clap::Error::use_stderr`].
    pub fn parse_arguments(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let command = help::definition();
        let texts = arguments
            .into_iter()
            .map(OsString::into_string)
            .collect::<Result<Vec<_>, _>>();
        let texts = texts.map_err(|text| {
            let sentence = format!("the argument {} is not UTF-8 text\n", text.display());
            clap::Error::raw(ErrorKind::InvalidUtf8, sentence)
        })?;
        let translated = perl::translate(&command, texts)?;
        let name = command.get_name().to_owned();
        let matches = command.try_get_matches_from(std::iter::once(name).chain(translated))?;
        let cli = Self::from_arg_matches(&matches)?;
        match cli.command {
            Some(Command::Send { .. }) if cli.options.plan => Err(clap::Error::raw(
                ErrorKind::ArgumentConflict,
                "--plan is for an import; a file of commands can only be sent\n",
            )),
            _ => Ok(cli),
        }
    }

    /// What to do.
    pub fn command(&self) -> Command {
        self.command.clone().unwrap_or(Command::Import)
    }

    /// The form of the summary.
    pub fn summary(&self) -> Summary {
        match self.options.summary {
            Some(summary) => summary,
            // A plan has no other result than its summary.
            None if self.options.quiet && !self.options.plan => Summary::None,
            None => Summary::Text,
        }
    }

    /// Whether only warnings and errors are wanted.
    pub fn quiet(&self) -> bool {
        self.options.quiet
    }

    /// Whether nothing may be sent.
    pub fn plan(&self) -> bool {
        self.options.plan
    }

    /// The configuration file that is named, and how.
    pub fn config_file(&self) -> Option<(PathBuf, Origin)> {
        let path = self.options.config.clone()?;
        Some((path, Origin::Option("--config")))
    }

    /// The settings that are named.
    pub fn assignments(&self) -> Vec<Result<Assignment, ConfigError>> {
        let options = &self.options;
        let flag = |is_set: bool, value| is_set.then_some(value);
        let quiet = options.quiet && options.level.is_none();
        let named = [
            ("management_center.server", "--server", options.server.as_deref()),
            ("management_center.port", "--port", options.port.as_deref()),
            ("management_center.pkcs12", "--pkcs12", options.pkcs12.as_deref()),
            (
                "management_center.pkcs12_password",
                "--password",
                options.password.as_deref(),
            ),
            (
                "management_center.host_limit",
                "--host-limit",
                options.host_limit.as_deref(),
            ),
            ("csv.file", "--csvfile", options.csvfile.as_deref()),
            ("page.file", "--report-html", options.report_html.as_deref()),
            ("qualys.template_ids", "--multiinfo", options.multiinfo.as_deref()),
            ("report.file", "--report", options.report.as_deref()),
            ("log.level", "--level", options.level.as_deref()),
            ("log.file", "--logfile", options.logfile.as_deref()),
            (
                "telemetry.metrics_file",
                "--metrics-file",
                options.metrics_file.as_deref(),
            ),
            ("log.level", "--quiet", flag(quiet, "warning")),
            ("management_center.ipv6", "--ipv6", flag(options.ipv6, "y")),
            ("log.syslog", "--syslog", flag(options.syslog, "local")),
            ("log.stderr", "--stderr", flag(options.stderr, "y")),
        ];
        let named = named
            .into_iter()
            .filter_map(|(key, option, text)| Some((key, option, text?)));
        // An option of its own overrides --set.
        let set = self.options.set.iter().map(|text| set(text));
        set.chain(named.map(|(key, option, text)| Assignment::new(key, text, Origin::Option(option))))
            .collect()
    }
}

/// The usage that is shown without any configuration, with the version in its top line.
pub fn usage() -> String {
    help::definition().render_help().to_string()
}

/// The man page, as roff.
///
/// # Errors
/// It can't be put together.
pub fn man() -> io::Result<String> {
    man::page()
}

/// The completions of a shell.
pub fn completions(shell: Shell) -> String {
    completions::script(shell)
}

/// One `--set KEY=VALUE`.
fn set(text: &str) -> Result<Assignment, ConfigError> {
    let origin = || Origin::Option("--set");
    let Some((key, value)) = text.split_once('=') else {
        return Err(ConfigError::Misplaced {
            origin: origin(),
            reason: "expected KEY=VALUE, for example --set commands.add_host=y".into(),
        });
    };
    let assignment = Assignment::new(key, value, origin())?;
    match assignment.setting() {
        setting if setting.secret => Err(ConfigError::Misplaced {
            origin: origin(),
            reason: format!(
                "{key} is a secret, and options show in the list of processes; set it by {}_FILE or in the \
                 configuration file",
                setting.variable()
            ),
        }),
        _ => Ok(assignment),
    }
}
