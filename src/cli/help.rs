//! Help: what a person reads before the first import.

use std::fmt::Write as _;

use clap::{Command, CommandFactory};

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

const EXAMPLES: &str = "\
Examples:
  qualys-connector --server 10.10.10.10
  qualys-connector --server 10.10.10.10 --pkcs12 CertFile.pkcs12 --config settings.yaml
  qualys-connector --report report.xml --csvfile Output.csv
  qualys-connector -multiinfo 424242,535353 -server 10.10.10.10
  qualys-connector --report report.xml --plan --host-limit 50000
  qualys-connector check
  qualys-connector config

The Perl connector's command lines work as they are: -server=HOST, -se HOST, -c FILE … QualysGuard.
Settings without an option stand in the configuration file, or in variables such as
QC_QUALYS__USER_ID; the command config names them all.";

/// The command line's definition with everything that is made of other tables.
pub(super) fn definition() -> Command {
    let mut after = EXAMPLES.to_owned();
    after.push_str("\n\nExit codes:");
    let mut codes = Exit::ALL;
    codes.sort_by_key(|exit| exit.code());
    for exit in codes {
        // Writing to a String can't fail.
        let _ = write!(after, "\n  {:>3}  {}", exit.code(), exit.meaning());
    }
    <Cli as CommandFactory>::command()
        .help_template(TEMPLATE)
        .after_help(after)
}
