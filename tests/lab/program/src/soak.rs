//! The soak: many imports in a row by the real program, with faults that a seed draws, and an oracle that knows every
//! finding.
//!
//! Each import starts from a network map that its seed builds: an import of an earlier report, without faults. Then comes
//! the one that is looked at, and if that fails, another try without faults, which must put everything right. So any of
//! them can be repeated alone. What is promised, and checked, stands in `oracle.rs`.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;

use connector_lab::report::Report;

mod accounts;
mod child;
mod draw;
mod oracle;
mod place;
mod tally;

use self::child::Ended;
use self::draw::{Import, Template};
use self::oracle::{Findings, Marks, Met, Piece};
use self::place::Place;
use self::tally::Tally;

/// Whatever keeps the soak from going on.
type Failure = Box<dyn Error + Send + Sync>;

/// How long, and from which seed.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Imports in a row
    #[arg(long, value_name = "N", default_value_t = 500)]
    imports: u64,
    /// The same seed draws the same imports
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// This one alone, and what was drawn for it
    #[arg(long, value_name = "K")]
    only: Option<u64>,
    /// The program that is run [default: qualys-connector beside this one]
    #[arg(long, value_name = "FILE")]
    connector: Option<PathBuf>,
}

/// Runs them all, says what came of them, and fails if a promise was broken.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let connector = match arguments.connector {
        Some(path) => path,
        None => std::env::current_exe()?.with_file_name("qualys-connector"),
    };
    if !connector.exists() {
        return Err(format!("{} is missing: cargo build --release", connector.display()).into());
    }
    let place = Place::new(&connector.canonicalize()?)?;
    let numbers = match arguments.only {
        Some(only) => only..=only,
        None => 1..=arguments.imports,
    };
    let seed = arguments.seed;
    let mut tally = Tally::default();
    for number in numbers {
        let import = Import::draw(seed, number);
        if arguments.only.is_some() {
            say(&format!("{import}"))?;
        }
        let broken = one(&place, &import, &mut tally).await;
        if let Some(broken) = broken.unwrap_or_else(|failure| Some(format!("the lab: {failure}"))) {
            tally.broken += 1;
            say(&format!(
                "seed {seed}, import {number}: {broken}\n{import}\nrepeat it: connector-lab soak --seed {seed} --only {number}\n"
            ))?;
        }
        tally.descriptors(place::descriptors().await?);
    }
    let grown = tally.growth();
    say(&tally.table())?;
    match (tally.broken, grown) {
        (0, None) => Ok(()),
        (0, Some(grown)) => Err(format!("seed {seed}: {grown}").into()),
        (broken, _) => Err(format!("seed {seed}: {broken} imports broke a promise").into()),
    }
}

/// One import from its beginning; says which promise it broke.
async fn one(place: &Place, import: &Import, tally: &mut Tally) -> Result<Option<String>, Failure> {
    let mut marks = Marks::default();
    let report = |template: &Template| Ok((template.id, Report::new(template.report.clone())?));
    let reports: Vec<_> = import.templates.iter().map(report).collect::<Result<_, Failure>>()?;
    let pieces: Vec<Piece> = match (import.detections, import.apart()) {
        (Some(_), _) => reports
            .iter()
            .map(|(_, estate)| Piece::of_estate(estate, &mut marks))
            .collect(),
        (None, false) => vec![Piece::of(&reports, &mut marks)],
        (None, true) => reports.chunks(1).map(|one| Piece::of(one, &mut marks)).collect(),
    };
    let other = import.other.as_ref().map(report).transpose()?;
    let other = other.map(|other| Piece::of(&[other], &mut marks));
    let mut far_ends = place.far_ends(import).await?;

    // Of templates that share hosts, only the first was imported before.
    let before_it = import.templates.iter().take(if import.shared { 1 } else { usize::MAX });
    for template in before_it.chain(&import.other) {
        let report = Report::new(template.earlier.clone())?;
        let earlier = match import.detections {
            Some(_) => Piece::of_estate(&report, &mut marks),
            None => Piece::of_file(&report, &mut marks),
        };
        let ended = [far_ends.earlier(import, &report).await?];
        let held = far_ends.held(&marks).await?;
        let met = Met {
            merges: import.merges,
            ..Met::default()
        };
        let built = oracle::succeeded(&ended, &Findings::new(), &earlier, &held, met);
        if let Err(broken) = built.and_then(|()| place.tidy(&ended)) {
            return Ok(Some(told("an import before it", &broken, &ended)));
        }
    }
    let before = far_ends.held(&marks).await?;

    far_ends.faults(import)?;
    let (ended, beside) = tokio::join!(far_ends.import(import), far_ends.other(import));
    let (ended, beside) = (ended?, beside?.map(|ended| vec![ended]));
    far_ends.no_faults();
    let after = far_ends.held(&marks).await?;
    let met = Met {
        connections: far_ends.connections(),
        merges: import.merges,
        refused: import.refuses(),
        drops_flush: import.drops_flush(),
        delta: import.is_delta(),
        remembers: import.remembers(),
    };
    tally.import(import, &ended);
    for piece in &pieces {
        match oracle::judge(&ended, &before, piece, &after, met) {
            Ok(hosts) => tally.hosts(&hosts),
            Err(broken) => return Ok(Some(told("the import", &broken, &ended))),
        }
    }
    if let (Some(ended), Some(piece)) = (&beside, &other) {
        match oracle::judge(ended, &before, piece, &after, met) {
            Ok(hosts) => tally.hosts(&hosts),
            Err(broken) => return Ok(Some(told("the import beside it", &broken, ended))),
        }
    }
    if let Err(broken) = place.tidy(&ended) {
        return Ok(Some(told("the import", &broken, &ended)));
    }

    for (runs, pieces) in [(Some(&ended), &pieces[..]), (beside.as_ref(), other.as_slice())] {
        if runs.is_none_or(|runs| runs.iter().all(|ended| ended.code == Some(0))) {
            continue;
        }
        let again = match pieces.first().map(|piece| &piece.templates) {
            Some(templates) if import.other.as_ref().is_some_and(|other| templates.contains(&other.id)) => {
                far_ends.other(import).await?.into_iter().collect()
            }
            _ => far_ends.again(import).await?,
        };
        let repaired = far_ends.held(&marks).await?;
        tally.again();
        for piece in pieces {
            let judged = oracle::succeeded(&again, &before, piece, &repaired, met);
            if let Err(broken) = judged {
                return Ok(Some(told("the import after it", &broken, &again)));
            }
        }
        if let Err(broken) = place.tidy(&again) {
            return Ok(Some(told("the import after it", &broken, &again)));
        }
    }
    Ok(None)
}

fn told(which: &str, broken: &str, runs: &[Ended]) -> String {
    let mut text = format!("{which}: {broken}");
    for ended in runs {
        let (how, summary) = (ended.how(), ended.stdout.trim());
        text += &format!("\n  it ended with {how}; summary: {summary}\n{}", ended.stderr);
    }
    text
}

fn say(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}
