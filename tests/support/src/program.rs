//! The program, started and ended.

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::time::{Duration, Instant};

use connector_lab::{accounts, testing};
use serde_json::Value;

/// The program that was built with the running test.
pub fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let built = test.ancestors().nth(2).unwrap();
    built.join("qualys-connector")
}

/// The program, in a folder of its own and with nothing of this process' environment.
pub fn connector(folder: &Path) -> Command {
    let mut command = Command::new(program());
    command.current_dir(folder).env_clear();
    command
}

/// Runs the program to its end, without holding up the endpoints.
pub async fn run(mut command: Command) -> Ended {
    if !command.get_args().any(|argument| argument == "--summary") {
        command.args(["--summary", "json"]);
    }
    Running::of(command).ended().await
}

/// A program that was started.
pub struct Running(Child);

impl Running {
    /// Starts it, with standard output and error in pipes.
    pub fn of(mut command: Command) -> Self {
        Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Standard input, where it is a pipe.
    pub fn stdin(&mut self) -> ChildStdin {
        self.0.stdin.take().unwrap()
    }

    /// Waits until it has a handler for a signal: `TERM`.
    pub async fn handles(&self, signal: &str) {
        until("a handler for the signal", || testing::handles(self.id(), signal)).await;
    }

    /// Sends a signal: `TERM`, `KILL`.
    pub fn signal(&self, signal: &str) {
        testing::signal(self.0.id(), signal);
    }

    /// Waits for its end, without holding up the endpoints.
    pub async fn ended(self) -> Ended {
        let output = tokio::task::spawn_blocking(move || self.0.wait_with_output());
        Ended::new(output.await.unwrap().unwrap())
    }
}

/// How a run ended.
pub struct Ended {
    /// The exit code. A program that a signal ended has the code that a shell gives it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Ended {
    /// From what the process left.
    pub fn new(output: Output) -> Self {
        let signal = output.status.signal();
        Ended {
            code: output.status.code().or(signal.map(|signal| 128 + signal)),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asserts the exit code.
    pub fn assert_code(&self, code: i32) -> &Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout: {}\nstderr: {}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Asserts that standard error holds this.
    pub fn assert_says(&self, sentence: &str) -> &Self {
        assert!(
            self.stderr.contains(sentence),
            "not said: {sentence}\nstderr: {}",
            self.stderr
        );
        self
    }

    /// The summary of the only template.
    pub fn summary(&self) -> Value {
        self.whole_summary()["templates"][0].clone()
    }

    /// The whole summary, whose numbers add up.
    pub fn whole_summary(&self) -> Value {
        let summary = serde_json::from_str(&self.stdout).unwrap();
        assert_eq!(accounts::check(&summary), Ok(()), "{summary}");
        summary
    }
}

/// Waits until something is so.
pub async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
