//! The commands are written to a CSV file.

use std::fs;
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use support::{Ended, Running, connector, report, small, until};

use crate::from_file::names;
use crate::limits::{Disk, with_descriptors};

/// A report, and a folder for the file, which holds the one of yesterday.
struct Writing {
    folder: tempfile::TempDir,
    report: PathBuf,
}

const YESTERDAY: &str = "of yesterday";

impl Writing {
    fn of(hosts: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (report, _) = report(folder.path(), small(hosts));
        fs::create_dir(folder.path().join("out")).unwrap();
        let writing = Writing { folder, report };
        fs::write(writing.file(), YESTERDAY).unwrap();
        writing
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn file(&self) -> PathBuf {
        self.out().join("Output.csv")
    }

    fn command(&self, file: &Path) -> Command {
        let mut command = connector(self.folder.path());
        command
            .args(["--summary", "json", "--report"])
            .arg(&self.report)
            .arg("--csvfile")
            .arg(file)
            .env("TMPDIR", self.folder.path());
        command
    }

    fn start(&self) -> Running {
        Running::of(self.command(&self.file()))
    }

    /// Asserts that the file is the one of yesterday, and that there is no other.
    fn assert_unchanged(&self) {
        assert_eq!(names(&self.out()), ["Output.csv"]);
        assert_eq!(fs::read_to_string(self.file()).unwrap(), YESTERDAY);
    }

    /// Asserts that the next import writes the file, and gives it.
    async fn next_completes(&self) -> Vec<u8> {
        self.start().ended().await.assert_code(0);
        assert_eq!(names(&self.out()), ["Output.csv"]);
        let written = fs::read(self.file()).unwrap();
        assert!(written.starts_with(b"SetSource,Qualys\n") && written.ends_with(b"\n"));
        written
    }

    /// An import that is halted while it writes.
    async fn halted(&self) -> Running {
        // A process that hides itself shows what it has open to root alone, but a folder tells everyone of writes to its files,
        // those without a name included.
        let watch = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).unwrap();
        inotify::add_watch(&watch, self.out(), WatchFlags::MODIFY).unwrap();
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = inotify::Reader::new(&watch, &mut buffer);
        let running = self.start();
        until("bytes are written", || events.next().is_ok()).await;
        running.signal("STOP");
        self.assert_yesterdays();
        running
    }

    fn assert_yesterdays(&self) {
        assert_eq!(fs::read_to_string(self.file()).unwrap(), YESTERDAY);
    }
}

/// 73: a folder that takes no file is found before the report is read.
#[tokio::test]
async fn refused() {
    let writing = Writing::of(5);
    let out = writing.out();
    for (file, says) in [
        (out.join("missing/Output.csv"), "No such file or directory"),
        (out.join("Output.csv/Output.csv"), "Not a directory"),
        (out.clone(), "it is a folder"),
    ] {
        let ended: Ended = Running::of(writing.command(&file)).ended().await;
        ended.assert_code(73).assert_says("can't create").assert_says(says);
        assert_eq!(ended.summary()["stages"], serde_json::json!({}));
        writing.assert_unchanged();
    }
}

/// 74: the file of before stays, and nothing is left of the new one.
#[tokio::test]
async fn disk_full() {
    let writing = Writing::of(2000);
    let mounted = writing.folder.path().join("disk");
    let Some(disk) = Disk::small(&mounted) else { return };
    let file = mounted.join("Output.csv");
    fs::write(&file, YESTERDAY).unwrap();
    let ended = Running::of(writing.command(&file)).ended().await;
    ended
        .assert_code(74)
        .assert_says("No space left on device")
        .assert_says("what was written has been removed");
    assert_eq!(names(disk.0), ["Output.csv"]);
    assert_eq!(fs::read_to_string(file).unwrap(), YESTERDAY);
}

/// 73: without a descriptor there is no file, which is found before the report is read.
#[tokio::test]
async fn descriptor_limit() {
    let writing = Writing::of(5);
    let mut seen = 0;
    for limit in 4..24 {
        let command = writing.command(&writing.file());
        let ended = Running::of(with_descriptors(limit, &command)).ended().await;
        if ended.code == Some(0) {
            break;
        }
        ended.assert_says("Too many open files");
        seen += usize::from(ended.code == Some(73));
        writing.assert_unchanged();
    }
    assert!(seen > 0);
    writing.next_completes().await;
}

/// 0: a file that is being written is finished.
#[tokio::test]
async fn sigterm() {
    let writing = Writing::of(3000);
    let running = writing.halted().await;
    running.signal("TERM");
    running.signal("CONT");
    running.ended().await.assert_code(0);
    assert_eq!(names(&writing.out()), ["Output.csv"]);
    let written = fs::read(writing.file()).unwrap();
    assert_eq!(written, writing.next_completes().await);
}

/// 137: the file of before stays, and nothing is left of the new one.
#[tokio::test]
async fn sigkill() {
    let writing = Writing::of(3000);
    let running = writing.halted().await;
    running.signal("KILL");
    running.ended().await.assert_code(137);
    writing.assert_unchanged();
    writing.next_completes().await;
}

/// 0: of two imports into one file, the file of one is there, whole.
#[tokio::test]
async fn two_at_once() {
    let writing = Writing::of(500);
    let (first, second) = (writing.start(), writing.start());
    let (first, second) = tokio::join!(first.ended(), second.ended());
    first.assert_code(0);
    second.assert_code(0);
    assert_eq!(names(&writing.out()), ["Output.csv"]);
    let written = fs::read(writing.file()).unwrap();
    assert_eq!(written, writing.next_completes().await);
}
