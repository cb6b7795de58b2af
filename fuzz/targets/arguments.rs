//! Command lines, in our spelling and in the Perl connector's, and crontab lines that hold one.

#![no_main]

use std::ffi::OsString;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use qualys_connector::cli::{Cli, old_line};
use qualys_connector::config::{Given, Surroundings};

fuzz_target!(|text: &str| {
    // An argument each line; or what stands in a crontab, as one line or in words.
    let words: Vec<String> = text.lines().map(str::to_owned).collect();
    let whole = old_line::take_apart(vec![text.replace('\n', " ")]);
    let apart = old_line::take_apart(words.clone());
    let arguments = match (whole, apart) {
        _ if text.lines().next().is_some_and(|first| first.starts_with('-')) => words,
        (Ok(old), _) | (Err(_), Ok(old)) => old.arguments,
        (Err(sentence), Err(_)) => return assert!(!sentence.contains(char::is_control)),
    };
    match Cli::parse_arguments(arguments.iter().map(OsString::from)) {
        Ok(cli) => {
            let _ = (cli.command(), cli.summary(), cli.plan(), cli.quiet());
            // Slower than all before, so for some only, and the same ones always.
            if text.bytes().fold(0, u8::wrapping_add).is_multiple_of(8) {
                configured(&cli);
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});

fn configured(cli: &Cli) {
    let surroundings = Surroundings::new([("", ""); 0], Path::new("/nonexistent"));
    let given = Given::gather(&surroundings, cli.config_file(), cli.assignments());
    let _ = given.listing().to_string();
    if let Err(mistakes) = given.import() {
        for mistake in mistakes.iter() {
            let sentence = mistake.to_string();
            assert!(!sentence.contains(char::is_control), "{sentence:?}");
        }
    }
}
