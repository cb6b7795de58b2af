//! A disk that is full leaves nothing behind, neither half a file nor the whole of an old one's place.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{connector, report, run, small};

/// A disk of 64 KiB.
struct Disk<'a>(&'a Path);

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn small_disk(folder: &Path) -> Option<Disk<'_>> {
    let mount = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
        .arg(folder)
        .output();
    if mount.is_ok_and(|output| output.status.success()) {
        return Some(Disk(folder));
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "CI must be able to mount a small disk"
    );
    eprintln!("skipped: mounting a small disk needs root");
    None
}

#[tokio::test]
async fn a_full_disk_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mounted = folder.path().join("disk");
    fs::create_dir(&mounted).unwrap();
    let (path, _) = report(folder.path(), small(2000));
    let Some(disk) = small_disk(&mounted) else { return };
    fs::write(mounted.join("Output.csv"), "of yesterday").unwrap();
    let mut command = connector(folder.path());
    command.args(["-csvfile", "disk/Output.csv", "--report"]).arg(&path);
    run(command)
        .await
        .assert_code(74)
        .assert_says("what was written has been removed");
    let left: Vec<_> = fs::read_dir(disk.0)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["Output.csv"]);
    assert_eq!(fs::read_to_string(mounted.join("Output.csv")).unwrap(), "of yesterday");
}
