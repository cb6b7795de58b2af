//! A file for node_exporter's textfile collector: complete at any moment, and remembering what a run doesn't say.
//!
//! As a POST to the Pushgateway, a run replaces the metrics that it has values for. So the time of the last success
//! survives a failed run.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;

use crate::whole_file::WholeFile;

/// Far more than we ever write.
const LIMIT: u64 = 1 << 20;

/// The file.
#[derive(Debug, Clone)]
pub(super) struct Textfile(pub(super) PathBuf);

impl Textfile {
    /// Replaces the file, or leaves it as it is.
    pub(super) fn write(&self, text: &str) -> io::Result<()> {
        let text = match self.former()? {
            Some(former) => format!("{text}{}", unsaid(&former, text)),
            None => text.to_owned(),
        };
        // The collector reads what ends in .prom, and runs as another user.
        let file = WholeFile::create(&self.0, 0o644)?;
        file.as_file().write_all(text.as_bytes())?;
        file.finish()
    }

    /// What an earlier run left.
    fn former(&self) -> io::Result<Option<String>> {
        let file = match fs::File::open(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        let mut former = String::new();
        match file.take(LIMIT).read_to_string(&mut former) {
            // Not our text; it is replaced.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
            read => read.map(|_| Some(former)),
        }
    }
}

/// The metrics of ours in `former` that `text` doesn't have.
fn unsaid(former: &str, text: &str) -> String {
    let said: BTreeSet<&str> = text.lines().filter_map(described).collect();
    let mut unsaid = String::new();
    let mut keep = false;
    for line in former.lines() {
        if let Some(name) = described(line) {
            keep = name.starts_with("qualys_connector_") && !said.contains(name);
        }
        if keep {
            unsaid.push_str(line);
            unsaid.push('\n');
        }
    }
    unsaid
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
    fn what_is_not_ours_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = Textfile(folder.path().join("q.prom"));
        for other in [&b"# HELP node_x x\nnode_x 1\n"[..], b"\xff\xfe", b"hello"] {
            fs::write(&file.0, other).unwrap();
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
