//! Files with secrets that everybody can read are named, by an import and by a preflight; and imported with.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use support::{connector, report, run, small};

/// A folder that everybody may enter, with secrets of every kind, laid out as Kubernetes does.
fn folder(mode: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let secrets = folder.path().join("mounted");
    fs::create_dir_all(secrets.join("..2026")).unwrap();
    symlink("..2026", secrets.join("..data")).unwrap();
    for (name, text) in [
        ("settings.yaml", "qualys:\n  proxy:\n    password: t0w3L\n"),
        ("push", "t0w3L"),
        ("token", "t0w3L"),
        ("client.pkcs12", "t0w3L"),
        ("mounted/..2026/qualys.password", "t0w3L"),
        ("mounted/..2026/qualys.user_id", "dirk_g"),
        ("empty", ""),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
        fs::set_permissions(folder.path().join(name), Permissions::from_mode(mode)).unwrap();
    }
    for name in ["qualys.password", "qualys.user_id"] {
        symlink(format!("..data/{name}"), secrets.join(name)).unwrap();
    }
    folder
}

fn given<'c>(command: &'c mut Command, folder: &Path) -> &'c mut Command {
    command
        .args(["--config", "settings.yaml", "--set", "qualys.token_file=token"])
        .args(["--set", "management_center.pkcs12=client.pkcs12"])
        .env("QC_SECRETS_DIR", folder.join("mounted"))
        .env("QC_TELEMETRY__PUSHGATEWAY__PASSWORD_FILE", "push")
        .env("QC_MANAGEMENT_CENTER__PKCS12_PASSWORD_FILE", "empty")
}

#[tokio::test]
async fn a_secret_that_everybody_can_read_is_named_with_its_mode_and_the_remedy() {
    for (mode, exposed) in [(0o644, true), (0o640, false), (0o600, false)] {
        let folder = folder(mode);
        let (path, _) = report(folder.path(), small(5));
        let mut command = connector(folder.path());
        given(&mut command, folder.path())
            .args(["--csvfile", "Output.csv", "--report"])
            .arg(&path);
        let import = run(command).await;
        import.assert_code(0);
        let mut command = Command::new(env!("CARGO_BIN_EXE_qualys-connector"));
        command
            .current_dir(folder.path())
            .env_clear()
            .args(["check", "--set", "csv.file=Output.csv"]);
        given(&mut command, folder.path()).args(["--set", "report.file=report.xml"]);
        let check = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let mounted = folder.path().join("mounted/qualys.password").display().to_string();
        let names = ["settings.yaml", "push", "token", "client.pkcs12", &mounted];
        for name in names {
            let what = format!("{name} holds a secret, and every user of this machine can read it (mode 0644)");
            let remedy = format!("take that from them: chmod o-rwx {name}, in Kubernetes defaultMode: 0440");
            for said in [&import.stderr, &check] {
                let lines = said.split_whitespace().collect::<Vec<_>>().join(" ");
                assert_eq!(lines.contains(&what), exposed, "{name} {mode:o}\n{said}");
                assert_eq!(lines.contains(&remedy), exposed, "{name} {mode:o}\n{said}");
            }
        }
        let count = import.stderr.matches("holds a secret").count();
        assert_eq!(count, if exposed { names.len() } else { 0 }, "{}", import.stderr);
    }
}
