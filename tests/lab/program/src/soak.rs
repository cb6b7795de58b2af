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
use self::draw::Import;
use self::oracle::{Findings, Marks, Meaning, Met};
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
    let (earlier, report) = (
        Report::new(import.earlier.clone())?,
        Report::new(import.report.clone())?,
    );
    let mut marks = Marks::default();
    let earlier = Meaning::of(&earlier, &mut marks);
    let meaning = Meaning::of(&report, &mut marks);
    let mut far_ends = place.far_ends(import, &report).await?;

    let ended = far_ends.earlier(import).await?;
    let before = far_ends.held(&marks).await?;
    let built = oracle::succeeded(&ended, &Findings::new(), &earlier, &before, import.merges);
    if let Err(broken) = built.and_then(|()| place.tidy(&ended)) {
        return Ok(Some(told("the import before it", &broken, &ended)));
    }

    far_ends.faults(import)?;
    let ended = far_ends.import(import).await?;
    far_ends.no_faults();
    let after = far_ends.held(&marks).await?;
    let met = Met {
        connections: far_ends.connections(),
        merges: import.merges,
        refused: import.refuses(),
    };
    tally.import(import, &ended);
    match oracle::judge(&ended, &before, &meaning, &after, met) {
        Ok(hosts) => tally.hosts(&hosts),
        Err(broken) => return Ok(Some(told("the import", &broken, &ended))),
    }
    if let Err(broken) = place.tidy(&ended) {
        return Ok(Some(told("the import", &broken, &ended)));
    }
    if ended.code == Some(0) {
        return Ok(None);
    }

    let ended = far_ends.again(import).await?;
    let repaired = far_ends.held(&marks).await?;
    tally.again();
    let judged = oracle::succeeded(&ended, &before, &meaning, &repaired, import.merges);
    Ok(match judged.and_then(|()| place.tidy(&ended)) {
        Ok(()) => None,
        Err(broken) => Some(told("the import after it", &broken, &ended)),
    })
}

fn told(which: &str, broken: &str, ended: &Ended) -> String {
    format!(
        "{which}: {broken}\n  it ended with {}; summary: {}\n{}",
        ended.how(),
        ended.stdout.trim(),
        ended.stderr
    )
}

fn say(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}
