//! Explaining: what an exit code, a code of Qualys', an HTTP status, a text of the Management Center's or one of our own
//! means, and what to do about it. For whoever is called at night and has nothing but a number.

use std::fmt::Write as _;

use crate::exit::Exit;
use crate::host_input::answer::texts;
use crate::problem::Kind;

/// What a shell and Kubernetes call a process that SIGKILL ended. It says nothing itself, so it is no [`Exit`].
const KILLED: &str = "\
Exit code 137 (killed)
  to do:      look at the pod's state: OOMKilled asks for a higher memory limit, else it didn't end in time
  try again?  yes; what was sent is whole, and the next run sends the rest
";

/// Explains what is given: a number, or a part of a text.
///
/// # Errors
/// Nothing is known of it; the sentence names what comes nearest.
pub fn explain(given: &str) -> Result<String, String> {
    let given = given.trim();
    let explained = match given.parse::<u32>() {
        Ok(number) => of_number(number),
        Err(_) => match (of_text(given), only_number(given)) {
            // As the program itself writes: (code 1903), HTTP status 503.
            (explained, Some(number)) if explained.is_empty() => of_number(number),
            (explained, _) => explained,
        },
    };
    match explained.is_empty() {
        false => Ok(explained),
        true => Err(unknown(given)),
    }
}

/// The number that stands in a text, if there is just one.
fn only_number(text: &str) -> Option<u32> {
    let mut numbers = text
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok());
    numbers.next().filter(|_| numbers.next().is_none())
}

fn of_number(number: u32) -> String {
    let mut out = String::new();
    if number == 137 {
        out.push_str(KILLED);
    }
    for exit in Exit::ALL.into_iter().filter(|exit| u32::from(exit.code()) == number) {
        // Writing to a String can't fail.
        let _ = writeln!(out, "Exit code {exit}");
        let _ = writeln!(out, "  to do:      {}", exit.remedy());
        let _ = writeln!(out, "  try again?  {}", exit.try_again());
    }
    for (kind, words) in Kind::of_code(number) {
        let with = match words {
            "" => String::new(),
            words => format!(", with \"{words}\""),
        };
        of_kind(&mut out, &format!("Qualys' code {number}{with}"), kind);
    }
    let status = u16::try_from(number).ok();
    for kind in status.into_iter().flat_map(Kind::of_status) {
        of_kind(
            &mut out,
            &format!("HTTP status {number} without a code of Qualys'"),
            kind,
        );
    }
    out
}

fn of_kind(out: &mut String, title: &str, kind: Kind) {
    let row = kind.row();
    let _ = writeln!(out, "{title}: {}", row.meaning);
    let _ = writeln!(out, "  to do:      {}", row.remedy);
    let _ = writeln!(out, "  try again?  {}", row.retry.words());
    let _ = writeln!(out, "  ends with   exit code {}", row.exit);
}

fn of_text(text: &str) -> String {
    let mut out = match texts::explain(text) {
        Some(known) => format!(
            "The Management Center answers \"… {} …\": {}\n  to do:      {}\n",
            known.part, known.meaning, known.remedy
        ),
        None => String::new(),
    };
    if let Some(kind) = Kind::of_text(text) {
        of_kind(&mut out, "Qualys says so", kind);
    }
    if out.is_empty() {
        // The program's own words, or its word for it in metrics and logs.
        let said = text.to_lowercase();
        let is_meant = |kind: &Kind| {
            let row = kind.row();
            !row.remedy.is_empty() && (said == row.label || said.contains(&row.meaning.to_lowercase()))
        };
        for kind in Kind::ALL.iter().copied().filter(is_meant) {
            of_kind(&mut out, kind.row().label, kind);
        }
    }
    out
}

fn unknown(given: &str) -> String {
    let near = match given.parse::<u32>() {
        Ok(number) => {
            let exits = Exit::ALL.map(|exit| u32::from(exit.code()));
            let codes = Kind::ALL
                .iter()
                .flat_map(|kind| kind.row().codes)
                .map(|(code, _)| *code);
            let nearest = exits
                .into_iter()
                .chain(codes)
                .min_by_key(|known| known.abs_diff(number));
            nearest.map(|known| known.to_string())
        }
        Err(_) => {
            let given = given.to_lowercase();
            let likeness = |part: &str| strsim::jaro_winkler(&given, part);
            let parts = texts::TEXTS.iter().map(|known| known.part);
            let parts = parts.chain(Kind::ALL.iter().flat_map(|kind| kind.texts()));
            // Below that, it is none that anybody meant.
            let near = parts.filter(|part| likeness(part) > 0.8);
            let nearest = near.max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
            nearest.map(|part| format!("\"{part}\""))
        }
    };
    let near = near.map(|near| format!("; the nearest that is known is {near}"));
    format!(
        "nothing is known of \"{given}\"{}; exit codes, Qualys' codes, HTTP statuses and answers of the Management Center \
         are explained",
        near.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_code_is_explained() {
        let given = [
            "77",
            "2000",
            "2010",
            "1965",
            "1980",
            "409",
            "137",
            "(code 1903)",
            "x is not a leaf domain",
            "Bad Login/Password",
            "Bad login",
            "Internal error. (Incident Signature: Tried to launch invalid report.)",
            "Report cannot be fetched.",
            "no_hosts",
            "look up at qualysapi.example.com: the KnowledgeBase isn't given to this account (no (code 2012))",
        ];
        insta::assert_snapshot!(given.map(|code| explain(code).unwrap()).join("\n"));
    }

    #[test]
    fn what_isnt_known_is_said_with_the_nearest() {
        insta::assert_snapshot!(
            ["79", "2001", "is not a leave domain", "Blad Login", "foo bar", "report"]
                .map(|code| explain(code).unwrap_err())
                .join("\n")
        );
    }
}
