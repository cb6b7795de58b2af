//! An old command line, as it stands in a crontab: what of it belongs to the connector, and what to cron and the shell.

use std::path::{Path, PathBuf};

/// A line, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct OldLine {
    /// When cron runs it, where the line says so.
    pub schedule: Option<String>,
    /// Who runs it, in a crontab of the system (`/etc/cron.d`).
    pub user: Option<String>,
    /// What the shell does before it changes to the folder.
    pub first: String,
    /// The folder that it changes to.
    pub directory: Option<PathBuf>,
    /// What the program is run by: `nice`, `flock`, variables.
    pub run_by: String,
    /// The old program.
    pub program: Option<PathBuf>,
    /// The connector's own arguments.
    pub arguments: Vec<String>,
    /// What has no place in the new line: what the shell does with the output, what was for Perl.
    pub left_out: Vec<String>,
}

/// Names of the old programs, and ours.
const PROGRAMS: [&str; 4] = [
    "qualys_connector.pl",
    "process_multiple.pl",
    "sf_host_input_agent.pl",
    "qualys-connector",
];

/// Programs that stand before others, so that they are no user of a crontab.
const RUNNERS: &str = "bash cd chronic chrt cronic env exec export flock ionice nice nohup perl set setsid sh \
                       sleep su sudo systemd-cat taskset test time timeout ulimit umask";

/// Takes a line apart: its words, or all of it as a single one.
///
/// # Errors
/// A quote that is never closed.
pub fn take_apart(words: Vec<String>) -> Result<OldLine, String> {
    let words = match words.as_slice() {
        [line] if line.contains(char::is_whitespace) => split(line)?,
        _ => words,
    };
    let Some(at) = words.iter().position(|word| is_program(word)) else {
        return without_program(words);
    };
    let (before, rest) = words.split_at(at);
    let (program, own) = rest
        .split_first()
        .map_or((None, rest), |(program, own)| (Some(program), own));
    let mut old = OldLine {
        program: program.map(PathBuf::from),
        ..OldLine::default()
    };
    old.read_before(before);
    let end = own.iter().position(|word| is_of_the_shell(word)).unwrap_or(own.len());
    let (own, rest) = own.split_at(end);
    old.arguments = own.to_vec();
    old.left_out.extend_from_slice(rest);
    Ok(old)
}

fn split(line: &str) -> Result<Vec<String>, String> {
    shlex::split(line).ok_or_else(|| "the old command line has a quote that isn't closed".to_owned())
}

fn is_program(word: &str) -> bool {
    PROGRAMS.iter().any(|program| word.ends_with(program))
}

/// A line of options alone; or one whose program stands in a command for another shell, as in `flock FILE -c 'perl …'`.
fn without_program(words: Vec<String>) -> Result<OldLine, String> {
    let inner = words.iter().position(|word| {
        word.contains(char::is_whitespace) && split(word).is_ok_and(|words| words.iter().any(|word| is_program(word)))
    });
    let Some((at, word)) = inner.and_then(|at| Some((at, words.get(at)?))) else {
        return Ok(OldLine {
            arguments: words,
            ..OldLine::default()
        });
    };
    let mut old = take_apart(vec![word.clone()])?;
    let mut outer = OldLine::default();
    let (before, after) = words.split_at(at);
    outer.read_before(before);
    old.schedule = outer.schedule;
    old.user = outer.user;
    old.directory = old.directory.or(outer.directory);
    let runner = format!("{}{}", outer.first, outer.run_by);
    old.left_out
        .extend(Some(runner.trim_end().to_owned()).filter(|runner| !runner.is_empty()));
    old.left_out.extend_from_slice(after.get(1..).unwrap_or_default());
    Ok(old)
}

impl OldLine {
    /// Reads what stands before the program.
    fn read_before(&mut self, before: &[String]) {
        // `DIR;` is a word to the reader of quotes.
        let mut words: Vec<String> = Vec::new();
        for word in before {
            match word.strip_suffix(';') {
                Some(word) if !word.is_empty() => words.extend([word.to_owned(), ";".to_owned()]),
                _ => words.push(word.clone()),
            }
        }
        let mut words = words.as_slice();
        self.schedule = schedule(&mut words);
        if self.schedule.is_some() {
            self.user = user(&mut words);
        }
        words = without_interpreter(words);
        if let Some(at) = words.iter().position(|word| word == "cd") {
            let (first, rest) = words.split_at(at);
            let (cd, rest) = rest.split_at(rest.len().min(2));
            self.first = self.quoted(first);
            self.directory = cd.get(1).map(PathBuf::from);
            words = match rest.split_first() {
                Some((operator, rest)) if is_operator(operator) => rest,
                _ => rest,
            };
        }
        self.run_by = self.quoted(words);
    }

    /// Words as a shell reads them again, and a space behind; what is for Perl is left out.
    fn quoted(&mut self, words: &[String]) -> String {
        let mut text = String::new();
        for word in words {
            if word.starts_with("PERL") && word.contains('=') {
                self.left_out.push(word.clone());
                continue;
            }
            let plain = is_operator(word) || is_of_the_shell(word) || is_variable(word);
            match shlex::try_quote(word) {
                Ok(quoted) if !plain => text += &quoted,
                _ => text += word,
            }
            text.push(' ');
        }
        text
    }
}

/// Five fields, or one word that begins with an `@`.
fn schedule(words: &mut &[String]) -> Option<String> {
    let fields = match words.first() {
        Some(word) if word.starts_with('@') => 1,
        Some(word) if word.starts_with(|c: char| c.is_ascii_digit() || c == '*') => 5,
        _ => return None,
    };
    let (fields, rest) = words.split_at_checked(fields)?;
    let field = |word: &String| word.chars().all(|c| c.is_ascii_alphanumeric() || "*/,-@".contains(c));
    if !fields.iter().all(field) {
        return None;
    }
    *words = rest;
    Some(fields.join(" "))
}

/// The sixth field of a crontab of the system: a name that is no program.
fn user(words: &mut &[String]) -> Option<String> {
    let (name, rest) = words.split_first()?;
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    if !plain || RUNNERS.split(' ').any(|runner| runner == name) {
        return None;
    }
    *words = rest;
    Some(name.clone())
}

/// The words without the Perl at their end, and its options.
fn without_interpreter(words: &[String]) -> &[String] {
    let options = words.iter().rev().take_while(|word| word.starts_with('-')).count();
    match words.split_at_checked(words.len() - options) {
        Some(([before @ .., program], _)) if Path::new(program).file_name().is_some_and(|name| name == "perl") => {
            before
        }
        _ => words,
    }
}

fn is_operator(word: &str) -> bool {
    matches!(word, ";" | "&&" | "||" | "|" | "&")
}

fn is_variable(word: &str) -> bool {
    let name = word.split_once('=').map(|(name, _)| name);
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "_=./:-".contains(c));
    plain && name.is_some_and(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
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
        assert_eq!(old.user.as_deref(), Some("root"));
        assert_eq!(old.directory, Some("/usr/local/qualys".into()));
        assert_eq!(old.program, Some("/usr/local/qualys/qualys_connector.pl".into()));
        assert_eq!((old.first.as_str(), old.run_by.as_str()), ("", ""));
        assert_eq!(old.arguments, ["-server", "10.10.10.10", "-pk", "Cert File.pkcs12"]);
        assert_eq!(old.left_out, words(">> /var/log/qualys 2>&1"));
    }

    #[test]
    fn what_runs_the_program_is_kept_and_what_is_for_perl_is_not() {
        let old = apart(
            "@daily umask 077; cd '/usr/local/qualys connector'; PERL5LIB=/opt/lib HTTPS_PROXY=http://proxy:3128 nice -n 10 \
             flock -n /run/lock/q perl -w qualys_connector.pl -server h",
        );
        assert_eq!(old.schedule.as_deref(), Some("@daily"));
        assert_eq!(old.first, "umask 077 ; ");
        assert_eq!(old.directory, Some("/usr/local/qualys connector".into()));
        assert_eq!(
            old.run_by,
            "HTTPS_PROXY=http://proxy:3128 nice -n 10 flock -n /run/lock/q "
        );
        assert_eq!(old.left_out, ["PERL5LIB=/opt/lib"]);
        assert_eq!(old.arguments, words("-server h"));

        let old = apart("nice -n 10 flock -n /run/q perl qualys_connector.pl -server h");
        assert_eq!(
            (old.schedule, old.run_by.as_str()),
            (None, "nice -n 10 flock -n /run/q ")
        );
    }

    #[test]
    fn a_command_for_another_shell_is_opened() {
        let old = apart(
            "5 4 * * 0 qualys flock -n /run/q -c 'cd /opt/q && perl qualys_connector.pl -server h -c \"a b\"' > /dev/null",
        );
        assert_eq!(
            (old.schedule.as_deref(), old.user.as_deref()),
            (Some("5 4 * * 0"), Some("qualys"))
        );
        assert_eq!(old.directory, Some("/opt/q".into()));
        assert_eq!(old.arguments, ["-server", "h", "-c", "a b"]);
        assert_eq!(old.left_out, ["flock -n /run/q -c", ">", "/dev/null"]);
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
