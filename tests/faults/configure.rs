//! Arguments, configuration and certificate are read.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::time::Duration;

use connector_lab::management_center::Faults;
use futures_util::{StreamExt as _, stream};
use support::Running;

use crate::from_file::{Held, Import, Promise, cuts};
use crate::limits::{Clock, Disk, Group, with_descriptors};

/// Nobody is connected to.
const fn nothing_sent(exit: i32, says: &str) -> Promise<'_> {
    Promise {
        connections: 0..=0,
        ..Promise::fails(exit, says)
    }
}

/// The import with this PKCS12 file instead of the right one.
fn with_pkcs12(import: &Import, path: &str) -> Command {
    import.command_with(&[("--pkcs12", path)], &[])
}

/// The import with this configuration file.
fn with_config(import: &Import, path: &str) -> Command {
    import.command_with(&[("--config", path)], &[])
}

/// 78: a configuration file that isn't there, 77: a certificate that isn't.
#[tokio::test]
async fn refused() {
    let import = Import::into(Faults::default()).await;
    for (command, exit) in [
        (with_config(&import, "missing.yaml"), 78),
        (with_pkcs12(&import, "missing.pkcs12"), 77),
    ] {
        let ended = Running::of(command).ended().await;
        import.assert(&ended, &nothing_sent(exit, "missing.")).await;
    }
    import.next_completes().await;
}

/// 143: a file that nobody fills, as a pipe may be, is waited for until the program is told to stop. 77: but not where a pipe
/// makes no sense; 73: nor is one that nobody reads. `tests/cli/blocking.rs` walks through every file.
#[tokio::test]
async fn hang() {
    silenced("TERM", 143).await;

    let import = Import::into(Faults::default()).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let pipe = elsewhere.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (setting, exit) in [
        ("management_center.trust=ca_file:", 77),
        ("page.file=", 73),
        ("log.file=", 73),
    ] {
        let setting = format!("{setting}{}", pipe.display());
        let ended = Running::of(import.command(&[&setting])).ended().await;
        import.assert(&ended, &nothing_sent(exit, "pipe")).await;
    }
    import.next_completes().await;
}

/// 78: a configuration file that ends in the middle of a line, 77: a certificate that does.
#[tokio::test]
async fn half_a_message() {
    let import = Import::into(Faults::default()).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let (config, pkcs12) = (elsewhere.path().join("half.yaml"), elsewhere.path().join("half.pkcs12"));
    fs::write(&config, "management_center:\n  server: \"10.0").unwrap();
    let whole = fs::read(import.center.pkcs12()).unwrap();
    fs::write(&pkcs12, &whole[..whole.len() / 2]).unwrap();
    for (command, exit) in [
        (with_config(&import, config.to_str().unwrap()), 78),
        (with_pkcs12(&import, pkcs12.to_str().unwrap()), 77),
    ] {
        let ended = Running::of(command).ended().await;
        import.assert(&ended, &nothing_sent(exit, "half.")).await;
    }
}

/// 78: what isn't YAML, 77: what isn't PKCS12.
#[tokio::test]
async fn wrong_message() {
    let import = Import::into(Faults::default()).await;
    let pkcs12 = import.center.pkcs12();
    let pem = import.center.dir().join("ca.pem");
    for (command, exit) in [
        (with_config(&import, pkcs12.to_str().unwrap()), 78),
        (with_config(&import, "report.xml"), 78),
        (with_pkcs12(&import, pem.to_str().unwrap()), 77),
        (with_pkcs12(&import, "report.xml"), 77),
    ] {
        let ended = Running::of(command).ended().await;
        import.assert(&ended, &nothing_sent(exit, "")).await;
    }
}

/// 78: a configuration larger than 1 MiB is none, 77: a certificate either, even if it never ends.
#[tokio::test]
async fn huge_length() {
    let import = Import::into(Faults::default()).await;
    for (command, exit) in [
        (with_config(&import, "/dev/zero"), 78),
        (with_pkcs12(&import, "/dev/zero"), 77),
    ] {
        let ended = Running::of(command).ended().await;
        import.assert(&ended, &nothing_sent(exit, "larger than 1 MiB")).await;
    }
}

/// 77: a certificate that is cut off doesn't open, wherever that is.
#[tokio::test]
async fn close_at_every_byte() {
    let import = Import::into(Faults::default()).await;
    let import = &import;
    let whole = fs::read(import.center.pkcs12()).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let cut = async |end: u64| {
        let path = elsewhere.path().join(format!("{end}.pkcs12"));
        fs::write(&path, &whole[..end as usize]).unwrap();
        let ended = Running::of(with_pkcs12(import, path.to_str().unwrap())).ended().await;
        ended.assert_code(77).assert_says(&format!("{end}.pkcs12"));
    };
    stream::iter(cuts(whole.len() as u64, 60).map(cut))
        .buffer_unordered(4)
        .collect::<Vec<()>>()
        .await;
    assert_eq!(import.center.network_map().counters.connections, 0);
}

/// 77: by a clock that is wrong by decades, the certificate has expired or isn't valid yet.
#[tokio::test]
async fn clock_jumps() {
    let import = Import::into(Faults::default()).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let Some(clock) = Clock::new(elsewhere.path().join("clock")) else {
        return;
    };
    for (difference, says) in [("+30y", "expired on"), ("-30y", "is valid only from")] {
        clock.is_wrong_by(difference);
        let mut command = import.command(&[]);
        clock.is_seen_by(&mut command);
        let ended = Running::of(command).ended().await;
        import.assert(&ended, &nothing_sent(77, says)).await;
    }
    clock.is_wrong_by("+0");
    let mut command = import.command(&[]);
    clock.is_seen_by(&mut command);
    Running::of(command).ended().await.assert_code(0);
}

/// 0: a log that can't be written is said once, and no reason to fail.
#[tokio::test]
async fn disk_full() {
    let import = Import::into(Faults::default()).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let mounted = elsewhere.path().join("disk");
    let Some(disk) = Disk::small(&mounted) else { return };
    fs::write(disk.0.join("full"), vec![0; 1 << 17]).unwrap_err();
    let log = disk.0.join("import.log");
    let ended = import
        .ends(
            &[&format!("log.file={}", log.display())],
            Promise {
                exit: 0,
                says: "the log file",
                connections: 1..=1,
                held: Held::All,
            },
        )
        .await;
    assert_eq!(
        ended
            .stderr
            .matches("can't be written: No space left on device")
            .count(),
        1
    );
}

/// 74: without descriptors nothing begins, 77: or the certificate can't be read, 70: or a library gives up; it is said why.
#[tokio::test]
async fn descriptor_limit() {
    let import = Import::into(Faults::default()).await;
    let mut codes = BTreeSet::new();
    for limit in 4..24 {
        let ended = Running::of(with_descriptors(limit, &import.command(&[]))).ended().await;
        if ended.code == Some(0) {
            break;
        }
        ended.assert_says("Too many open files");
        import.assert_held(Held::None, &ended.stderr).await;
        codes.extend(ended.code);
    }
    assert_eq!(codes, BTreeSet::from([70, 74, 77]));
    import.next_completes().await;
}

/// 70: without a thread to work on, which is said, in the metrics too.
#[tokio::test]
async fn thread_limit() {
    let import = Import::into(Faults::default()).await;
    let Some(group) = Group::threads(1) else { return };
    let elsewhere = tempfile::tempdir().unwrap();
    let (metrics, left) = (
        elsewhere.path().join("import.prom"),
        elsewhere.path().join("termination-log"),
    );
    fs::write(&left, "").unwrap();
    let mut command = import.command(&[&format!("telemetry.metrics_file={}", metrics.display())]);
    command.env("QC_LOG__TERMINATION_FILE", &left);
    let ended = Running::of(group.holding(&command)).ended().await;
    import
        .assert(&ended, &nothing_sent(70, "OS can't spawn worker thread"))
        .await;
    ended.assert_says("a bug in qualys-connector");
    let metrics = fs::read_to_string(metrics).unwrap();
    assert!(
        metrics.contains("qualys_connector_last_exit_code{import=\"default\"} 70\n"),
        "{metrics}"
    );
    let left = fs::read_to_string(left).unwrap();
    assert!(left.starts_with("70 (a bug in qualys-connector): "), "{left}");
    import.next_completes().await;
}

/// 143: nothing has begun.
#[tokio::test]
async fn sigterm() {
    silenced("TERM", 143).await;
}

/// 137: nothing has begun, nothing is left.
#[tokio::test]
async fn sigkill() {
    silenced("KILL", 137).await;
}

/// A signal comes while the configuration is read, or the certificate.
async fn silenced(signal: &str, exit: i32) {
    for (name, of) in [
        ("pipe.yaml", with_config as fn(&Import, &str) -> Command),
        ("pipe.pkcs12", with_pkcs12),
    ] {
        let import = Import::into(Faults::default()).await;
        let elsewhere = tempfile::tempdir().unwrap();
        let pipe = elsewhere.path().join(name);
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let running = Running::of(of(&import, pipe.to_str().unwrap()));
        tokio::time::sleep(Duration::from_millis(300)).await;
        running.signal(signal);
        let ended = running.ended().await;
        import.assert(&ended, &nothing_sent(exit, "")).await;
        import.next_completes().await;
    }
}
