//! The completions of shells: commands, the options that each heeds, and values where we know them.

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, ValueHint};
use clap_complete::Shell;

use super::help::visible;
use crate::config::settings::{all, find};

pub(super) fn script(shell: Shell) -> String {
    let hinted = |option: Arg| with_values(option, shell);
    let mut command = visible().mut_args(hinted).mut_subcommands(|sub| sub.mut_args(hinted));
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, &name, &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        // clap_complete 4.6 spells the dash of a program's name in two ways, and then finds no command.
        Shell::Bash => script.replace(&name.replace('-', "__subcmd__"), &name.replace('-', "__")) + FILES_IN_BASH,
        _ => script,
    }
}

/// What the value of an option may be: files only where it names one.
fn with_values(option: Arg, shell: Shell) -> Arg {
    if !option.get_action().takes_values() {
        return option;
    }
    if option.get_id() == "set" {
        let names = all().filter(|setting| !setting.secret);
        let names = names.map(|setting| format!("{}=", setting.key));
        return one_of(option, names).value_hint(ValueHint::Other);
    }
    if option.get_id() == "level" {
        return one_of(
            option,
            find("log.level").into_iter().flat_map(|level| level.syntax.words()),
        );
    }
    let value = option
        .get_value_names()
        .and_then(|names| names.first())
        .map(|name| name.as_str());
    let hint = match value {
        Some("FILE") => ValueHint::FilePath,
        // For a host, bash would offer files.
        Some("HOST") if shell != Shell::Bash => ValueHint::Hostname,
        _ => ValueHint::Other,
    };
    option.value_hint(hint)
}

/// An option whose value is one of these words.
fn one_of(option: Arg, words: impl Iterator<Item = String>) -> Arg {
    // clap wants them for as long as the process lives, which ends when the script is printed.
    let words = words.map(|word| PossibleValue::new(&*word.leak()));
    option.value_parser(PossibleValuesParser::new(words.collect::<Vec<_>>()))
}

/// clap's script offers files wherever it knows nothing. This one does so for the file of `send` alone.
const FILES_IN_BASH: &str = r#"
_qualys_connector_with_files() {
    _qualys__connector "$@"
    if [[ ${#COMPREPLY[@]} -eq 0 && $2 != -* && ${COMP_WORDS[1]} == send ]]; then
        local IFS=$'\n'
        COMPREPLY=($(compgen -f -- "$2"))
        compopt -o filenames
    fi
}
complete -r qualys-connector
complete -F _qualys_connector_with_files qualys-connector
"#;
