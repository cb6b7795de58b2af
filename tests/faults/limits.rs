//! What the system withholds: memory, threads, descriptors, space on a disk, the right time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A control group for one program. Gone at the end.
pub(crate) struct Group(PathBuf);

impl Group {
    /// A group that may have so many bytes of memory.
    pub(crate) fn memory(bytes: u64) -> Option<Self> {
        Self::new("memory", ["memory.limit_in_bytes", "memory.max"], bytes)
    }

    /// A group that may have so many threads.
    pub(crate) fn threads(threads: u64) -> Option<Self> {
        Self::new("pids", ["pids.max", "pids.max"], threads)
    }

    /// The name of the limit differs between the two versions of control groups.
    fn new(controller: &str, [first, second]: [&str; 2], limit: u64) -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let root = Path::new("/sys/fs/cgroup");
        let name = format!(
            "faults-{}-{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        let (path, file) = match root.join(controller).is_dir() {
            true => (root.join(controller).join(name), first),
            false => (root.join(name), second),
        };
        let made = fs::create_dir(&path).and_then(|()| fs::write(path.join(file), limit.to_string()));
        match made {
            Ok(()) => Some(Group(path)),
            Err(error) => {
                connector_lab::testing::skipped_for("root, and control groups that can be written", &error);
                None
            }
        }
    }

    /// The program as part of the group.
    pub(crate) fn holding(&self, command: &Command) -> Command {
        let enter = format!("echo $$ > '{}'", self.0.join("cgroup.procs").display());
        behind(&enter, command)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

/// The program with so many descriptors, those of standard input and output included.
pub(crate) fn with_descriptors(limit: u64, command: &Command) -> Command {
    behind(&format!("ulimit -n {limit}"), command)
}

/// From now on a program that runs gets no further descriptor.
pub(crate) fn no_more_descriptors(id: u32) {
    let set = Command::new("prlimit")
        .args([&format!("--pid={id}"), "--nofile=4:4"])
        .status();
    assert!(set.unwrap().success());
}

/// The program, in the place of a shell that has run a line first.
fn behind(line: &str, command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.env_clear();
    shell
        .args(["-c", &format!("{line}; exec \"$0\" \"$@\"")])
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(command.get_current_dir().unwrap());
    for (name, value) in command.get_envs() {
        shell.env(name, value.unwrap());
    }
    shell
}

/// A wall clock that can be set while a program runs; the time that passes is the real one.
pub(crate) struct Clock {
    library: PathBuf,
    file: PathBuf,
}

impl Clock {
    /// One that is right. `file` holds by how much it is wrong.
    pub(crate) fn new(file: PathBuf) -> Option<Self> {
        let library = fs::read_dir("/usr/lib")
            .unwrap()
            .map(|entry| entry.unwrap().path().join("faketime/libfaketime.so.1"))
            .find(|path| path.exists());
        let Some(library) = library else {
            return skipped("libfaketime");
        };
        let clock = Clock { library, file };
        clock.is_wrong_by("+0");
        Some(clock)
    }

    /// Sets it: `+1d` is tomorrow.
    pub(crate) fn is_wrong_by(&self, difference: &str) {
        fs::write(&self.file, difference).unwrap();
    }

    /// The program looks at this clock from now on.
    pub(crate) fn is_seen_by(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAKETIME_TIMESTAMP_FILE", &self.file)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    }
}

/// A disk of 64 KiB.
pub(crate) struct Disk<'a>(pub(crate) &'a Path);

impl<'a> Disk<'a> {
    /// One that is mounted at this folder, which is made.
    pub(crate) fn small(folder: &'a Path) -> Option<Self> {
        fs::create_dir(folder).unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
            .arg(folder)
            .output();
        match mount.is_ok_and(|output| output.status.success()) {
            true => Some(Disk(folder)),
            false => skipped("root, and mount(8)"),
        }
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

fn skipped<T>(needs: &str) -> Option<T> {
    connector_lab::testing::skipped(needs);
    None
}
