//! How soon the program is there.

use std::io::Read;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::{Bench, Failure, median, say, size};

const RUNS: usize = 20;

/// From the start to a usage text, and to the first byte that Qualys gets.
pub(super) fn measure(bench: &Bench) -> Result<(), Failure> {
    let (mut usage, mut byte) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let mut command = Command::new(&bench.connector);
        command.env_clear().stdout(Stdio::null()).stderr(Stdio::null());
        let began = Instant::now();
        command.arg("--help").status()?;
        usage.push(began.elapsed().as_secs_f64() * 1e3);
    }
    for _ in 0..RUNS {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut command = bench.connector(&[&format!("qualys.url=https://{}", listener.local_addr()?)]);
        command
            .env("QC_QUALYS__USER_ID", "dirk_g")
            .env("QC_QUALYS__PASSWORD", "d0ntp@n1c");
        command.args(["--multiinfo", "424242", "--csv", "never.csv"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let began = Instant::now();
        let mut child = command.spawn()?;
        listener.accept()?.0.read_exact(&mut [0])?;
        byte.push(began.elapsed().as_secs_f64() * 1e3);
        child.kill()?;
        child.wait()?;
    }
    say(format_args!(
        "| start to usage text; to the first byte to Qualys; size of the program | - | {:.1} ms; {:.1} ms; {:.2} MB |",
        median(usage),
        median(byte),
        size(&bench.connector)?
    ))?;
    Ok(())
}
