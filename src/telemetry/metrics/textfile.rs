//! A file for node_exporter's textfile collector: always complete, and keeping values that a run doesn't set.
//!
//! As a POST to the Pushgateway, a run replaces the metrics that it has values for. So the time of the last success
//! survives a failed run.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use rustix::fs::OFlags;

use crate::whole_file::{Readers, WholeFile};

/// Far more than we ever write.
const LIMIT: u64 = 1 << 20;

/// What all our metrics begin with.
const PREFIX: &str = "qualys_connector_";

/// The collector runs as another user and the file holds no secret, so the umask doesn't apply.
const READERS: Readers = Readers::Everybody;

/// The file.
#[derive(Debug, Clone)]
pub(super) struct Textfile(pub(super) PathBuf);

impl Textfile {
    /// Checks whether the file can be written, and changes nothing.
    pub(super) fn check(&self) -> io::Result<()> {
        self.former()?;
        WholeFile::create(&self.0, READERS).map(drop)
    }

    /// Whether what is there may be replaced.
    pub(super) fn check_content(&self) -> io::Result<()> {
        self.former().map(drop)
    }

    /// Replaces the file, or leaves it as it is.
    pub(super) fn write(&self, text: &str) -> io::Result<()> {
        let text = match self.former()? {
            Some(former) => format!("{text}{}", kept(&former, text)),
            None => text.to_owned(),
        };
        let file = WholeFile::create(&self.0, READERS)?;
        file.as_file().write_all(text.as_bytes())?;
        file.finish()
    }

    /// The metrics that an earlier run left. A file with anything else belongs to somebody, and is an error.
    fn former(&self) -> io::Result<Option<String>> {
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let file = match fs::OpenOptions::new().read(true).custom_flags(flags).open(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        let mut former = String::new();
        match file.take(LIMIT).read_to_string(&mut former) {
            Ok(_) if former.trim().is_empty() => Ok(None),
            Ok(_) if is_ours(&former) => Ok(Some(former)),
            Err(error) if error.kind() != io::ErrorKind::InvalidData => Err(error),
            _ => Err(io::Error::other(
                "it holds something else than metrics of this program, so it isn't overwritten; remove it, or name \
                 another file",
            )),
        }
    }
}

/// Whether a text is one that we wrote: metrics of ours, each described.
fn is_ours(text: &str) -> bool {
    let metric = |line: &str| {
        let name = ["# HELP ", "# TYPE "]
            .into_iter()
            .find_map(|comment| line.strip_prefix(comment));
        name.unwrap_or(line).starts_with(PREFIX)
    };
    text.lines().any(|line| line.starts_with("# TYPE ")) && text.lines().all(metric)
}

/// The metrics of ours in `former` that `text` doesn't have.
fn kept(former: &str, text: &str) -> String {
    let written: BTreeSet<&str> = text.lines().filter_map(described).collect();
    let mut kept = String::new();
    let mut keep = false;
    for line in former.lines() {
        if let Some(name) = described(line) {
            keep = name.starts_with(PREFIX) && !written.contains(name);
        }
        if keep {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// The metric whose lines begin here.
fn described(line: &str) -> Option<&str> {
    line.strip_prefix("# HELP ")?.split(' ').next()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const SUCCESS: &str = "# HELP qualys_connector_last_success x\n# TYPE qualys_connector_last_success gauge\n\
                           qualys_connector_last_success{import=\"x\"} 1\n";

    fn code(code: u8) -> String {
        format!("# HELP qualys_connector_code x\n# TYPE qualys_connector_code gauge\nqualys_connector_code {code}\n")
    }

    #[test]
    fn what_a_run_does_not_say_is_kept_from_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let file = Textfile(folder.path().join("q.prom"));
        file.write(&format!("{}{SUCCESS}", code(0))).unwrap();
        file.write(&code(69)).unwrap();
        assert_eq!(fs::read_to_string(&file.0).unwrap(), format!("{}{SUCCESS}", code(69)));
        let mode = fs::metadata(&file.0).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_not_ours_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = Textfile(folder.path().join("q.prom"));
        let mixed = format!("{}# TYPE node_x gauge\nnode_x 1\n", code(0));
        for other in [
            b"# HELP node_x x\nnode_x 1\n",
            &b"\xff\xfe"[..],
            b"hello",
            mixed.as_bytes(),
        ] {
            fs::write(&file.0, other).unwrap();
            let refused = file.check().unwrap_err().to_string();
            assert!(refused.contains("something else than metrics"), "{refused}");
            file.write(&code(0)).unwrap_err();
            assert_eq!(fs::read(&file.0).unwrap(), other);
        }
        for nothing in ["", "\n"] {
            fs::write(&file.0, nothing).unwrap();
            file.check().unwrap();
            assert_eq!(fs::read_to_string(&file.0).unwrap(), nothing);
            file.write(&code(0)).unwrap();
            assert_eq!(fs::read_to_string(&file.0).unwrap(), code(0));
        }
    }

    #[test]
    fn a_folder_that_is_missing_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Textfile(folder.path().join("no/q.prom")).write("").is_err());
        assert!(Textfile(folder.path().to_owned()).write("").is_err());
    }
}
