//! `connector-lab report`: writes a generated report.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::PathBuf;

use super::{Options, Report};

/// Write a generated report
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    options: Options,
    /// Where to; standard output when it's left out
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Arguments {
    /// Writes the report, as fast as it's taken.
    pub fn run(self) -> io::Result<()> {
        let report = Report::new(self.options).map_err(io::Error::other)?;
        match self.output {
            Some(path) => report.write_to(&mut File::create(path)?)?,
            // Not locked line by line as standard output is by itself.
            None => report.write_to(&mut BufWriter::with_capacity(1 << 20, io::stdout()))?,
        };
        Ok(())
    }
}

/// What the command line gives when nothing is said: the one place where defaults stand.
pub(crate) fn defaults<T: clap::Args>() -> T {
    let command = T::augment_args(clap::Command::new("defaults"));
    #[expect(clippy::expect_used, reason = "no argument of the lab is required")]
    T::from_arg_matches(&command.get_matches_from(["defaults"])).expect("every argument has a default")
}
