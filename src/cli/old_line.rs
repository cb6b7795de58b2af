//! An old command line, as it stands in a crontab: what of it belongs to the connector, and what to cron and the shell.

use std::path::PathBuf;

/// A line, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct OldLine {
    /// When cron runs it, where the line says so.
    pub schedule: Option<String>,
    /// The folder that it changes to first.
    pub directory: Option<PathBuf>,
    /// The connector's own arguments.
    pub arguments: Vec<String>,
    /// What the shell does with its output.
    pub redirections: Vec<String>,
}

/// Names of the old programs, and ours.
const PROGRAMS: [&str; 4] = [
    "qualys_connector.pl",
    "process_multiple.pl",
    "sf_host_input_agent.pl",
    "qualys-connector",
];

/// Takes a line apart: its words, or all of it as a single one.
///
/// # Errors
/// A quote that is never closed.
pub fn take_apart(words: Vec<String>) -> Result<OldLine, String> {
    let words = match words.as_slice() {
        [line] if line.contains(char::is_whitespace) => {
            shlex::split(line).ok_or_else(|| "the old command line has a quote that isn't closed".to_owned())?
        }
        _ => words,
    };
    let mut old = OldLine::default();
    let program = words
        .iter()
        .position(|word| PROGRAMS.iter().any(|program| word.ends_with(program)));
    let (before, own) = match program {
        Some(at) => words.split_at(at + 1),
        None => words.split_at(0),
    };
    old.schedule = schedule(before);
    let changed = before
        .windows(2)
        .find(|pair| pair.first().is_some_and(|word| word == "cd"));
    old.directory = changed
        .and_then(|pair| pair.get(1))
        .map(|folder| folder.trim_end_matches(';').into());
    let end = own.iter().position(|word| is_of_the_shell(word)).unwrap_or(own.len());
    let (own, rest) = own.split_at(end);
    old.arguments = own.to_vec();
    old.redirections = rest.to_vec();
    Ok(old)
}

/// Five fields, or one word that begins with an `@`.
fn schedule(before: &[String]) -> Option<String> {
    match before.first() {
        Some(word) if word.starts_with('@') => return Some(word.clone()),
        _ => {}
    }
    let field = |word: &String| word.chars().all(|c| c.is_ascii_alphanumeric() || "*/,-".contains(c));
    let fields: Vec<&str> = before
        .iter()
        .take(5)
        .take_while(|word| field(word))
        .map(String::as_str)
        .collect();
    (fields.len() == 5).then(|| fields.join(" "))
}

fn is_of_the_shell(word: &str) -> bool {
    let redirected = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&');
    redirected.starts_with(['>', '<']) || word.starts_with(['|', ';']) || word == "&&" || word == "&"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apart(line: &str) -> OldLine {
        take_apart(vec![line.to_owned()]).unwrap()
    }

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_crontab_line_of_the_guide_is_taken_apart() {
        let line = "30 2 * * 1-5 root cd /usr/local/qualys && /usr/bin/perl /usr/local/qualys/qualys_connector.pl \
                    -server 10.10.10.10 -pk 'Cert File.pkcs12' >> /var/log/qualys 2>&1";
        let old = apart(line);
        assert_eq!(old.schedule.as_deref(), Some("30 2 * * 1-5"));
        assert_eq!(old.directory, Some("/usr/local/qualys".into()));
        assert_eq!(old.arguments, ["-server", "10.10.10.10", "-pk", "Cert File.pkcs12"]);
        assert_eq!(old.redirections, words(">> /var/log/qualys 2>&1"));
    }

    #[test]
    fn a_line_of_options_alone_is_all_the_connectors() {
        for line in ["-server fmc -c 3", "perl process_multiple.pl -server fmc -c 3 2> x"] {
            assert_eq!(apart(line).arguments, words("-server fmc -c 3"), "{line}");
            assert_eq!(take_apart(words(line)).unwrap(), apart(line));
        }
        assert_eq!(
            apart("@daily /opt/qualys_connector.pl -se h").schedule.as_deref(),
            Some("@daily")
        );
        assert!(take_apart(vec!["-server 'h".into()]).is_err());
    }
}
