//! How many copies of a secret are in memory, as root may count them.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connector_lab::management_center::Faults;

use crate::canaries::{PKCS12, QUALYS};
use crate::place::Place;
use crate::process::{Waiting, is_root};

const PASSWORD: &str = "canary-in-memory-7c1e";

/// Copies of a text in what a process has written to its memory.
fn copies(process: u32, text: impl AsRef<[u8]>) -> usize {
    let text = text.as_ref();
    let memory = File::open(format!("/proc/{process}/mem")).unwrap();
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let regions = maps.lines().filter(|line| line.contains(" rw")).filter_map(|line| {
        let (start, end) = line.split_once(' ')?.0.split_once('-')?;
        let [start, end] = [start, end].map(|at| u64::from_str_radix(at, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        // A guard page can't be read.
        memory.read_exact_at(&mut bytes, start).ok().map(|()| bytes)
    });
    regions
        .map(|bytes| bytes.windows(text.len()).filter(|window| *window == text).count())
        .sum()
}

#[test]
fn a_password_that_is_not_needed_any_more_is_wiped() {
    if !is_root() {
        return;
    }
    let program = Path::new(env!("CARGO_BIN_EXE_qualys-connector"));
    for source in ["variable", "file", "folder", "yaml"] {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("secrets")).unwrap();
        fs::write(path("password"), PASSWORD).unwrap();
        fs::write(path("secrets/qualys.password"), PASSWORD).unwrap();
        fs::write(path("settings.yaml"), format!("qualys:\n  password: '{PASSWORD}'\n")).unwrap();
        let importing = Waiting::importing(program, folder.path(), 0, |command| {
            match source {
                "variable" => command.env("QC_QUALYS__PASSWORD", PASSWORD),
                "file" => command.env("QC_QUALYS__PASSWORD_FILE", "password"),
                "folder" => command.env("QC_SECRETS_DIR", "secrets"),
                _ => command.args(["--config", "settings.yaml"]),
            };
        });
        // The environment itself lasts as long as the process.
        let kept = usize::from(source == "variable");
        assert_eq!(copies(importing.id(), PASSWORD), kept, "{source}");
    }
}

#[tokio::test]
async fn a_password_that_is_in_use_has_few_copies() {
    if !is_root() {
        return;
    }
    for login in ["basic", "session"] {
        let place = Place::new(&["hang@list"], Faults::default()).await;
        let (qualys, pkcs12) = (place.secret("qualys", QUALYS), place.secret("pkcs12", PKCS12));
        let mut command = place.import();
        command
            .env_remove("QC_QUALYS__PASSWORD")
            .env_remove("QC_MANAGEMENT_CENTER__PKCS12_PASSWORD")
            .env("QC_QUALYS__PASSWORD_FILE", qualys)
            .env("QC_MANAGEMENT_CENTER__PKCS12_PASSWORD_FILE", pkcs12)
            .args(["--set", &format!("qualys.login={login}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        while !place.qualys.requests().iter().any(|request| request.action == "list") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let form: String = url::form_urlencoded::byte_serialize(QUALYS.as_bytes()).collect();
        let pair = STANDARD.encode(format!("dirk_g:{QUALYS}"));
        let pkcs12: Vec<u8> = PKCS12.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let found = [
            QUALYS.as_bytes(),
            pair.as_bytes(),
            form.as_bytes(),
            PKCS12.as_bytes(),
            &pkcs12,
        ];
        let found = found.map(|form| copies(child.id(), form));
        child.kill().unwrap();
        child.wait().unwrap();
        // In the settings, in the login and among what is never shown; in the header that is being sent; in the settings of what comes next.
        assert!(
            found.iter().zip([3, 3, 1, 1, 0]).all(|(found, most)| *found <= most),
            "{found:?}"
        );
    }
}
