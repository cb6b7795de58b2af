//! Explaining: what an exit code, a code of Qualys', an HTTP status or a text of the Management Center's means, and what
//! to do about it. For whoever is called at night and has nothing but a number.

use std::fmt::Write as _;

use crate::exit::Exit;
use crate::host_input::answer::texts;
use crate::qualys::codes::{self, Explained};

/// What a shell and Kubernetes call a process that SIGKILL ended. It says nothing itself, so it is no [`Exit`].
const KILLED: u32 = 137;

/// Explains what is given: a number, or a part of a text.
///
/// # Errors
/// Nothing is known of it; the sentence names what comes nearest.
pub fn explain(given: &str) -> Result<String, String> {
    let given = given.trim();
    let told = match given.parse::<u32>() {
        Ok(number) => number_told(number),
        Err(_) => match (text_told(given), only_number(given)) {
            // As the program itself writes: (code 1903), HTTP status 503.
            (told, Some(number)) if told.is_empty() => number_told(number),
            (told, _) => told,
        },
    };
    match told.is_empty() {
        false => Ok(told),
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

fn number_told(number: u32) -> String {
    let mut told = String::new();
    // Writing to a String can't fail.
    if number == KILLED {
        let _ = writeln!(told, "Exit code {number} (killed)");
        let _ = writeln!(
            told,
            "  to do:      look at the pod's state: OOMKilled asks for a higher memory limit, else it didn't end in time"
        );
        let _ = writeln!(
            told,
            "  try again?  yes; what was sent is whole, and the next run sends the rest"
        );
    }
    let exits = Exit::ALL.into_iter();
    for exit in exits.filter(|exit| u32::from(exit.code()) == number) {
        let _ = writeln!(told, "Exit code {exit}");
        let _ = writeln!(told, "  to do:      {}", exit.remedy());
        let _ = writeln!(told, "  try again?  {}", exit.try_again());
    }
    if let Some(explained) = codes::explain(number) {
        qualys(&mut told, &format!("Qualys' code {number}"), &explained);
    }
    if let Some(explained) = u16::try_from(number).ok().and_then(codes::explain_status) {
        qualys(
            &mut told,
            &format!("HTTP status {number} without a code of Qualys'"),
            &explained,
        );
    }
    told
}

fn qualys(told: &mut String, title: &str, explained: &Explained) {
    let again = if explained.tried_again {
        "yes, by itself, until the deadline"
    } else {
        "no"
    };
    let _ = writeln!(told, "{title}: {}", explained.meaning);
    let _ = writeln!(told, "  to do:      {}", explained.remedy);
    let _ = writeln!(told, "  try again?  {again}");
    let _ = writeln!(told, "  ends with   exit code {}", explained.exit);
}

fn text_told(text: &str) -> String {
    match texts::explain(text) {
        Some(known) => format!(
            "The Management Center answers \"… {} …\": {}\n  to do:      {}\n",
            known.part, known.meaning, known.remedy
        ),
        None => String::new(),
    }
}

fn unknown(given: &str) -> String {
    let exits = Exit::ALL.map(|exit| u32::from(exit.code()));
    let near = match given.parse::<u32>() {
        Ok(number) => {
            let nearest = exits
                .into_iter()
                .chain(codes::known())
                .min_by_key(|known| known.abs_diff(number));
            nearest.map(|known| known.to_string())
        }
        Err(_) => {
            let given = given.to_lowercase();
            let parts = texts::TEXTS.iter().map(|known| known.part);
            let nearest = parts.max_by(|a, b| {
                let likeness = |part: &str| strsim::jaro_winkler(&given, part);
                likeness(a).total_cmp(&likeness(b))
            });
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
        insta::assert_snapshot!(
            [
                "77",
                "2000",
                "1965",
                "409",
                "137",
                "(code 1903)",
                "x is not a leaf domain"
            ]
            .map(|code| explain(code).unwrap())
            .join("\n")
        );
    }

    #[test]
    fn what_isnt_known_is_said_with_the_nearest() {
        insta::assert_snapshot!(
            ["79", "2001", "is not a leave domain"]
                .map(|code| explain(code).unwrap_err())
                .join("\n")
        );
    }
}
