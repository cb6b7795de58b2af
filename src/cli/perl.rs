//! The Perl connector's spelling of options, translated into ours before clap sees it.
//!
//! Its options follow Getopt::Long: one dash or two, capitals don't matter, `-opt value` and `-opt=value`, every
//! prefix that fits one option only, and the abbreviations that its guide lists, which keep their meaning whatever
//! options came later (`-c` is csvfile). An option that takes a value takes the next argument, whatever that looks
//! like. A plugin's name may stand anywhere among the options: `QualysGuard` is an import, and `csv`, the plugin of
//! Cisco's reference client that sends a file of commands named by `-plugininfo`, is our `send`.
//!
//! Sources: the guide, table ii-5 (certain); Cisco's reference client in public scripts that call it (certain).

use clap::error::ErrorKind;
use clap::{Command, Error};

/// The shortest form of each of the old options, and of help.
const ABBREVIATIONS: [(&str, &str); 12] = [
    ("h", "help"),
    ("se", "server"),
    ("po", "port"),
    ("pl", "plugininfo"),
    ("i", "ipv6"),
    ("pk", "pkcs12"),
    ("pa", "password"),
    ("sy", "syslog"),
    ("st", "stderr"),
    ("lo", "logfile"),
    ("le", "level"),
    ("c", "csvfile"),
];

/// Translates all arguments.
///
/// # Errors
///
/// What is neither an option nor a command. Values are left to clap.
pub(super) fn translate(command: &Command, arguments: Vec<String>) -> Result<Vec<String>, Error> {
    if arguments.first().is_some_and(|word| word == MIGRATE) {
        return Ok(migrated(arguments));
    }
    let known = Known::of(command);
    let mut options = Vec::new();
    let mut words = Vec::new();
    let mut swallowed = None;
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            words.extend(arguments);
            break;
        }
        let Some(given) = argument.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
            words.push(argument);
            continue;
        };
        let given = given.strip_prefix('-').unwrap_or(given);
        let (name, value) = match given.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (given, None),
        };
        let option = known.find(name)?;
        let value = match value {
            None if option.takes_value => {
                let next = arguments.next();
                swallowed = next
                    .clone()
                    .filter(|next| known.is_option(next))
                    .map(|next| (argument.clone(), next))
                    .or(swallowed);
                next
            }
            given => given,
        };
        options.push(match value {
            Some(value) => format!("--{}={value}", option.name),
            None => format!("--{}", option.name),
        });
    }
    arranged(command, options, words).map_err(|unknown| match swallowed {
        Some((option, value)) => refused(&format!(
            "{option} takes what follows it as its value, which is {value} here, so that {unknown}; write {option} \
             VALUE {value}"
        )),
        None => refused(&unknown),
    })
}

/// The command whose arguments are another command line, which is translated when its time comes.
const MIGRATE: &str = "migrate";

fn migrated(mut arguments: Vec<String>) -> Vec<String> {
    let asks_for_help = matches!(arguments.get(1).map(String::as_str), Some("-h" | "--help" | "-help"));
    if asks_for_help {
        return vec![MIGRATE.into(), "--help".into()];
    }
    arguments.insert(1, "--".into());
    arguments
}

/// The plugin that imports, in lower case.
const PLUGIN: &str = "qualysguard";

/// The command first, then the options, then its arguments; or what is wrong with the words.
fn arranged(command: &Command, mut options: Vec<String>, words: Vec<String>) -> Result<Vec<String>, String> {
    const PLUGININFO: &str = "--plugininfo=";
    let mut words = words.into_iter();
    let Some(first) = words.next() else {
        return Ok(options);
    };
    let mut operands: Vec<_> = words.collect();
    let verb = match first.to_ascii_lowercase().as_str() {
        "help" => return asked(command, operands.first()),
        _ if let Some(found) = command.find_subcommand(&first) => {
            // `check` put into an old line, which ends with the plugin's name.
            if found.get_positionals().next().is_none() {
                operands.retain(|word| !word.eq_ignore_ascii_case(PLUGIN));
            }
            first
        }
        PLUGIN => "import".to_owned(),
        "csv" => {
            // Of several, the last counts.
            let (mut files, others): (Vec<_>, _) =
                options.into_iter().partition(|option| option.starts_with(PLUGININFO));
            options = others;
            if let Some(mut file) = files.pop() {
                operands.insert(0, file.split_off(PLUGININFO.len()));
            }
            "send".to_owned()
        }
        _ => return Err(no_command(command, &first)),
    };
    let mut arranged = vec![verb];
    arranged.append(&mut options);
    if !operands.is_empty() {
        arranged.push("--".into());
        arranged.append(&mut operands);
    }
    Ok(arranged)
}

/// `help`, and perhaps of what.
fn asked(command: &Command, of: Option<&String>) -> Result<Vec<String>, String> {
    const HELP: &str = "--help";
    let Some(of) = of else {
        return Ok(vec![HELP.into()]);
    };
    let name = match of.to_ascii_lowercase().as_str() {
        PLUGIN => "import".to_owned(),
        "csv" => "send".to_owned(),
        plain => plain.to_owned(),
    };
    match command.find_subcommand(&name) {
        Some(_) => Ok(vec![name, HELP.into()]),
        None => Err(no_command(command, of)),
    }
}

fn no_command(command: &Command, word: &str) -> String {
    let commands: Vec<_> = command.get_subcommands().map(Command::get_name).collect();
    format!(
        "'{word}' is neither a command ({}) nor a plugin (QualysGuard, csv)",
        commands.join(", ")
    )
}

fn refused(sentence: &str) -> Error {
    Error::raw(
        ErrorKind::UnknownArgument,
        format!("{sentence}\n\nFor more information, try '--help'.\n"),
    )
}

struct Opt {
    name: String,
    takes_value: bool,
}

/// All options there are, those of commands included.
struct Known(Vec<Opt>);

impl Known {
    fn of(command: &Command) -> Self {
        let commands = std::iter::once(command).chain(command.get_subcommands());
        let arguments = commands.flat_map(Command::get_arguments);
        let named = arguments.flat_map(|argument| {
            let takes_value = argument.get_action().takes_values();
            let names = argument
                .get_long()
                .into_iter()
                .chain(argument.get_all_aliases().unwrap_or_default());
            names
                .map(|name| Opt {
                    name: name.to_owned(),
                    takes_value,
                })
                .collect::<Vec<_>>()
        });
        let mut known: Vec<Opt> = Vec::new();
        for option in named {
            // Several commands may have an option of the same name.
            if !known.iter().any(|other| other.name == option.name) {
                known.push(option);
            }
        }
        Known(known)
    }

    /// Whether an argument is one of the options, so that it is hardly meant as a value.
    fn is_option(&self, argument: &str) -> bool {
        let given = argument.strip_prefix('-').filter(|rest| !rest.is_empty());
        given.is_some_and(|given| {
            let name = given.strip_prefix('-').unwrap_or(given);
            self.find(name.split_once('=').map_or(name, |(name, _)| name)).is_ok()
        })
    }

    fn find(&self, given: &str) -> Result<&Opt, Error> {
        let plain = given.to_ascii_lowercase();
        let old = |(shortest, name): &&(&str, &str)| plain.starts_with(shortest) && name.starts_with(&plain);
        let full = ABBREVIATIONS.iter().find(old).map_or(plain.as_str(), |(_, name)| name);
        if let Some(exact) = self.0.iter().find(|option| option.name == full) {
            return Ok(exact);
        }
        let fitting: Vec<_> = self.0.iter().filter(|option| option.name.starts_with(full)).collect();
        match fitting.as_slice() {
            [only] => Ok(only),
            [] => Err(self.unknown(given)),
            several => {
                let names: Vec<_> = several.iter().map(|option| format!("-{}", option.name)).collect();
                Err(refused(&format!(
                    "-{given} is short for several options: {}",
                    names.join(", ")
                )))
            }
        }
    }

    fn unknown(&self, given: &str) -> Error {
        let distance = |option: &&Opt| strsim::damerau_levenshtein(&given.to_ascii_lowercase(), &option.name);
        let nearest = self.0.iter().min_by_key(distance);
        let near = nearest.filter(|option| distance(option) <= given.len() / 3);
        let hint = near.map(|option| format!("; did you mean --{}?", option.name));
        refused(&format!("there is no option --{given}{}", hint.unwrap_or_default()))
    }
}
