//! What an import writes tells which host is vulnerable to what: that isn't for everybody on a machine.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use support::{connector, report, run, small};

#[tokio::test]
async fn what_tells_of_findings_is_for_its_owner_and_group() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(5));
    let outputs = ["Output.csv", "run.html", "log"];
    let modes = async || {
        let mut command = connector(folder.path());
        command
            .args([
                "--csvfile",
                "Output.csv",
                "--report-html",
                "run.html",
                "--logfile",
                "log",
            ])
            .args(["--metrics-file", "metrics.prom", "--report"])
            .arg(&path);
        run(command).await.assert_code(0);
        let mode = |name| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
        // node_exporter reads as another user, and metrics know no host.
        assert_eq!(mode("metrics.prom") & !0o022, 0o644);
        outputs.map(mode)
    };
    assert!(modes().await.iter().all(|mode| mode & 0o137 == 0));
    for name in outputs {
        fs::set_permissions(folder.path().join(name), Permissions::from_mode(0o644)).unwrap();
    }
    // Beside the log, which is only added to, a file that others may read is replaced by one that they may not.
    let expected = outputs.map(|name| if name == "log" { 0o644 } else { 0o640 });
    assert_eq!(modes().await, expected);
}
