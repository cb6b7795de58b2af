//! What a user types and reads: options, configuration, and what is said about mistakes.
//!
//! Nothing here connects to anything. Every test has a working directory of its own and an empty environment.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what helps a test fails with it")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

mod around;
mod blocking;
mod contradictions;
mod errors;
mod files;
mod layers;
mod migrate;
mod perl;
mod rotation;
mod schema;
mod signals;
mod streams;
mod usage;

/// The sample file of the Perl connector's guide.
const SAMPLE: &str = include_str!("../fixtures/QualysGuard.yaml");

/// A working directory and an environment to run the program in.
struct Place {
    directory: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Place {
    /// With nothing in it.
    fn empty() -> Self {
        Place {
            // Nobody else may look in, so that nothing is said of the secrets in it.
            directory: tempfile::Builder::new()
                .permissions(Permissions::from_mode(0o700))
                .tempdir()
                .unwrap(),
            variables: Vec::new(),
        }
    }

    /// As someone leaves it who comes from the Perl connector.
    fn migrated() -> Self {
        Place::empty()
            .file("InputPlugins/QualysGuard.yaml", SAMPLE)
            .file("CertFile.pkcs12", "")
    }

    fn file(self, name: &str, text: &str) -> Self {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Runs the program: standard output, standard error, exit code.
    fn run(&self, arguments: &[&str]) -> (String, String, i32) {
        let output = Command::new(env!("CARGO_BIN_EXE_qualys-connector"))
            .args(arguments)
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.path())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr), output.status.code().unwrap())
    }

    /// What standard error says, and the exit code. Nothing may be on standard output.
    fn fails(&self, line: &str) -> String {
        let (stdout, stderr, code) = self.run(&line.split_whitespace().collect::<Vec<_>>());
        assert_eq!(stdout, "");
        format!("{stderr}exit {code}")
    }

    /// The lines of `config` that tell more than defaults, and what is said beside them.
    fn config(&self, line: &str) -> String {
        let arguments: Vec<_> = ["config"].into_iter().chain(line.split_whitespace()).collect();
        let (stdout, stderr, _) = self.run(&arguments);
        let told = |line: &&str| !line.ends_with("  default") && !line.ends_with("  not set");
        let lines: Vec<_> = stdout.lines().chain(stderr.lines()).filter(told).collect();
        lines.join("\n")
    }
}
