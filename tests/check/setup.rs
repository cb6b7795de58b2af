//! Both far ends, and a preflight between them.

use std::net::{SocketAddr, TcpListener};
use std::process::Command;

use connector_lab::management_center::{self, Faults, ManagementCenter};
use connector_lab::qualys::{self, Qualys, Times};
use serde_json::Value;

pub(crate) const PASSWORD: &str = "d0ntp@n1c";

/// A set-up that works, until a test breaks it.
pub(crate) struct Setup {
    pub(crate) center: ManagementCenter,
    pub(crate) qualys: Qualys,
    pub(crate) folder: tempfile::TempDir,
    settings: Vec<(String, String)>,
    variables: Vec<(String, String)>,
}

/// What a preflight said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Setup {
    /// Nothing is wrong.
    pub(crate) async fn right() -> Self {
        Self::new(management_center::Options::default(), &[]).await
    }

    /// With this Management Center.
    pub(crate) async fn center(options: management_center::Options) -> Self {
        Self::new(options, &[]).await
    }

    /// With a Management Center with which something goes wrong.
    pub(crate) async fn faulty(faults: Faults) -> Self {
        Self::center(management_center::Options {
            faults,
            ..management_center::Options::default()
        })
        .await
    }

    /// With a Qualys with which something goes wrong.
    pub(crate) async fn at_qualys(faults: &[&str]) -> Self {
        Self::new(management_center::Options::default(), faults).await
    }

    async fn new(center: management_center::Options, faults: &[&str]) -> Self {
        let password = center.pkcs12_password.clone();
        let center = ManagementCenter::start(center).await.unwrap();
        let qualys = Qualys::start(qualys::Options {
            user: Some("dirk_g".into()),
            password: Some(PASSWORD.into()),
            templates: ["424242", "2:manual", "3:Patch"].map(|it| it.parse().unwrap()).to_vec(),
            faults: faults.iter().map(|fault| fault.parse().unwrap()).collect(),
            times: Times::instant(),
            ..qualys::Options::default()
        })
        .await
        .unwrap();
        let settings = [
            ("management_center.server", "127.0.0.1".to_owned()),
            ("management_center.port", center.address().port().to_string()),
            ("management_center.pkcs12", center.pkcs12().display().to_string()),
            ("management_center.connect_timeout", "20s".into()),
            ("management_center.answer_timeout", "20s".into()),
            ("qualys.url", qualys.url()),
            ("qualys.ca_file", qualys.ca_pem_path().display().to_string()),
            ("qualys.template_ids", "424242".into()),
            ("qualys.connect_timeout", "20s".into()),
            ("qualys.idle_timeout", "20s".into()),
        ];
        let setup = Setup {
            settings: settings.map(|(key, value)| (key.to_owned(), value)).to_vec(),
            variables: Vec::new(),
            folder: tempfile::tempdir().unwrap(),
            center,
            qualys,
        };
        let setup = setup
            .variable("QC_QUALYS__USER_ID", "dirk_g")
            .variable("QC_QUALYS__PASSWORD", PASSWORD);
        match password.as_str() {
            "" => setup,
            password => setup.variable("QC_MANAGEMENT_CENTER__PKCS12_PASSWORD", password),
        }
    }

    /// With this setting, in the place of an earlier one.
    pub(crate) fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.settings.push((key.to_owned(), value.into()));
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(other, _)| other != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(other, _)| other != name);
        self.settings.retain(|(other, _)| other != name);
        self
    }

    /// Runs `check`, without holding up the far ends.
    pub(crate) async fn check(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_qualys-connector"));
        command
            .current_dir(self.folder.path())
            .env_clear()
            .arg("check")
            .args(arguments);
        for (key, value) in &self.settings {
            command.args(["--set", &format!("{key}={value}")]);
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let output = tokio::task::spawn_blocking(move || command.output())
            .await
            .unwrap()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let said = Said {
            code: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        for text in [&said.stdout, &said.stderr] {
            assert!(!text.contains(PASSWORD), "a password is shown: {text}");
        }
        said
    }

    /// All lines that aren't ✓, and the exit code.
    pub(crate) async fn problems(&self) -> String {
        let said = self.check(&[]).await;
        assert_eq!(said.stderr, "");
        let mut problems = String::new();
        let mut shown = false;
        for line in said.stdout.lines() {
            // A remedy belongs to the line above it.
            shown = if line.starts_with(' ') {
                shown
            } else {
                !line.starts_with('✓') && !line.contains("not needed")
            };
            if shown && !line.is_empty() {
                problems.push_str(line);
                problems.push('\n');
            }
        }
        format!("{problems}exit {}", said.code)
    }

    /// The findings of one status, each with its step, its sentence and its remedy.
    pub(crate) async fn findings(&self, status: &str) -> Vec<(String, String, String)> {
        let said: Value = serde_json::from_str(&self.check(&["--output", "json"]).await.stdout).unwrap();
        let steps = said["steps"].as_array().unwrap().iter();
        let text = |step: &Value, key: &str| step[key].as_str().unwrap_or_default().to_owned();
        steps
            .filter(|step| step["status"] == status)
            .map(|step| (text(step, "step"), text(step, "text"), text(step, "remedy")))
            .collect()
    }
}

/// A port of this machine where nobody listens.
pub(crate) fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A place that swallows whatever is sent there, as behind a firewall that drops packets.
pub(crate) struct BlackHole {
    pub(crate) address: SocketAddr,
    _listener: tokio::net::TcpListener,
    _connections: Vec<tokio::net::TcpStream>,
}

impl BlackHole {
    /// A listener whose queue is full: Linux drops what comes then.
    pub(crate) async fn new() -> Self {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut connections = Vec::new();
        for _ in 0..16 {
            let connect = tokio::net::TcpStream::connect(address);
            match tokio::time::timeout(std::time::Duration::from_millis(300), connect).await {
                Ok(connection) => connections.push(connection.unwrap()),
                Err(_) => break,
            }
        }
        BlackHole {
            address,
            _listener: listener,
            _connections: connections,
        }
    }
}

/// A proxy that answers every request in the same way.
pub(crate) async fn proxy(answer: &'static str) -> SocketAddr {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

/// What differs from run to run.
pub(crate) fn settled() -> insta::internals::SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    for (pattern, replacement) in [
        (r"fingerprint:[0-9a-f]{64}", "fingerprint:SHA256"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "DATE"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"/[^ ]*/client\.pkcs12", "client.pkcs12"),
    ] {
        settings.add_filter(pattern, replacement);
    }
    settings.bind_to_scope()
}
