//! Files: everything that an invocation reads and writes, and whether two of them are one.
//!
//! An output that takes the place of an input destroys it, and of two outputs with one name only the later is left. So
//! files are compared before any is opened: by device and inode where they exist, by folder and name where they don't,
//! links resolved.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::mistake::Mistake;
use super::read::Reader;
use super::settings;
use super::templates::TemplateIds;
use crate::host_input::csv_file;
use crate::host_input::trust::Trust;
use crate::telemetry::logs::Syslog;
use crate::whole_file;

/// The settings of files that are written, in the order in which they are compared.
const OUTPUTS: [&str; 5] = [CSV, "page.file", METRICS, "log.file", TERMINATION];
const CSV: &str = "csv.file";
const METRICS: &str = "telemetry.metrics_file";
const TERMINATION: &str = "log.termination_file";

/// The settings of files that are read.
const INPUTS: [&str; 5] = [
    "report.file",
    "management_center.pkcs12",
    "qualys.token_file",
    "qualys.ca_file",
    "telemetry.pushgateway.ca_file",
];

/// A file that something names.
#[derive(Debug, Clone)]
pub(super) struct Named {
    /// What names it, in the words of errors: a setting, a variable, an argument.
    by: String,
    path: PathBuf,
}

impl Named {
    pub(super) fn new(by: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Named {
            by: by.into(),
            path: path.into(),
        }
    }
}

/// Which file it is, whatever its names are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Identity {
    /// One that exists.
    There { device: u64, inode: u64 },
    /// One that doesn't exist yet.
    NotYet { folder: (u64, u64), name: OsString },
    /// One in a folder that doesn't exist either.
    Nowhere(PathBuf),
}

/// What an invocation writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    Import,
    /// The sending of a file of commands, which writes neither CSV nor metrics.
    Send,
}

/// Two files that are one.
#[derive(Debug)]
pub(super) struct Collision {
    /// The settings of outputs that take part.
    keys: Vec<&'static str>,
    sentence: String,
}

impl Collision {
    pub(super) fn concerns(&self, key: &str) -> bool {
        self.keys.contains(&key)
    }
}

impl From<Collision> for Mistake {
    fn from(collision: Collision) -> Self {
        Mistake::Contradiction(collision.sentence)
    }
}

/// Everything that collides. `also` are files that were read already, or that other programs' variables name; paths are
/// below `directory`.
pub(super) fn collisions(
    read: Reader<'_>,
    directory: &Path,
    also: &[Named],
    secrets: Option<&Path>,
    work: Work,
) -> Vec<Collision> {
    let mut taken: HashMap<Identity, (Option<&'static str>, String)> = HashMap::new();
    for input in also.iter().cloned().chain(inputs(read)) {
        if let Some(identity) = identity(directory, &input.path) {
            taken.entry(identity).or_insert_with(|| (None, told(&input)));
        }
    }
    let secrets = secrets.and_then(|folder| fs::metadata(directory.join(folder)).ok());
    let mut collisions = Vec::new();
    for (key, output) in outputs(read, work) {
        let (first, output) = (told(&output), output.path);
        if is_below(&directory.join(&output), secrets.as_ref()) {
            collisions.push(Collision {
                keys: vec![key],
                sentence: format!(
                    "{first} would be written into the folder that QC_SECRETS_DIR names, where each file is read as a \
                     setting; name a file elsewhere"
                ),
            });
        }
        let Some(identity) = identity(directory, &output) else {
            continue;
        };
        match taken.get(&identity) {
            Some((None, input)) => collisions.push(Collision {
                keys: vec![key],
                sentence: format!("{first} would overwrite {input}: it is the same file; name another one"),
            }),
            Some((Some(other), second)) => collisions.push(Collision {
                keys: vec![key, other],
                sentence: format!("{first} and {second} are written to the same file; give each a file of its own"),
            }),
            None => {
                taken.insert(identity, (Some(key), first));
            }
        }
    }
    collisions
}

/// What takes the files of several templates has to be a file: names are made from its own.
pub(super) fn csv_mistake(read: Reader<'_>, directory: &Path) -> Option<Mistake> {
    let file = read.path(CSV).filter(|_| is_by_template(read))?;
    whole_file::is_stream(&directory.join(&file)).then(|| {
        Mistake::Contradiction(format!(
            "csv.file ({}) is a pipe or a device, which can't take the files of several templates; name a file, or import \
             one template (--multiinfo ID)",
            file.display()
        ))
    })
}

/// Whether each template gets a CSV file of its own.
pub(super) fn is_by_template(read: Reader<'_>) -> bool {
    let several = |ids: TemplateIds| ids.into_vec().len() > 1;
    !read.is_set("report.file") && read.parsed("qualys.template_ids").is_some_and(several)
}

fn told(file: &Named) -> String {
    format!("{} ({})", file.by, file.path.display())
}

fn inputs(read: Reader<'_>) -> Vec<Named> {
    let mut inputs: Vec<_> = INPUTS
        .into_iter()
        .filter_map(|key| Some(Named::new(key, read.path(key)?)))
        .collect();
    if let Some(Trust::CaFile { path, .. }) = read.parsed("management_center.trust") {
        inputs.push(Named::new("management_center.trust", path));
    }
    let sockets = match read.parsed("log.syslog") {
        Some(Syslog::Unix(path)) => vec![path],
        Some(Syslog::Local) => Syslog::LOCAL.map(str::to_owned).into(),
        _ => Vec::new(),
    };
    inputs.extend(sockets.into_iter().map(|path| Named::new("log.syslog", path)));
    inputs
}

fn outputs(read: Reader<'_>, work: Work) -> Vec<(&'static str, Named)> {
    let mut outputs = Vec::new();
    for key in OUTPUTS {
        let Some(path) = read.path(key) else { continue };
        match (key, work) {
            (CSV | METRICS, Work::Send) => {}
            (CSV, Work::Import) if is_by_template(read) => {
                let ids = read.parsed::<TemplateIds>("qualys.template_ids");
                for id in ids.map(TemplateIds::into_vec).unwrap_or_default() {
                    let file = csv_file::of_template(&path, &id.to_string());
                    outputs.push((key, Named::new(key, file)));
                }
            }
            _ => outputs.push((key, Named::new(key, path))),
        }
    }
    debug_assert!(
        OUTPUTS
            .into_iter()
            .chain(INPUTS)
            .all(|key| settings::find(key).is_some())
    );
    outputs
}

/// Nothing for what can be shared: devices, such as a terminal or `/dev/null`.
fn identity(directory: &Path, path: &Path) -> Option<Identity> {
    let found = match path.as_os_str() == "-" {
        true => standard_input(),
        false => fs::metadata(directory.join(path)),
    };
    match found {
        Ok(found) if found.file_type().is_char_device() || found.file_type().is_block_device() => None,
        Ok(found) => Some(Identity::There {
            device: found.dev(),
            inode: found.ino(),
        }),
        Err(_) => {
            let path = directory.join(path);
            Some(not_yet(whole_file::followed(&path).unwrap_or(path)))
        }
    }
}

fn standard_input() -> io::Result<Metadata> {
    use std::os::fd::AsFd as _;
    fs::File::from(io::stdin().as_fd().try_clone_to_owned()?).metadata()
}

fn not_yet(path: PathBuf) -> Identity {
    let folder = fs::metadata(whole_file::folder(&path));
    match (folder, path.file_name()) {
        (Ok(folder), Some(name)) => Identity::NotYet {
            folder: (folder.dev(), folder.ino()),
            name: name.to_owned(),
        },
        _ => Identity::Nowhere(path),
    }
}

/// Whether a file that isn't hidden would stand in this folder.
fn is_below(path: &Path, folder: Option<&Metadata>) -> bool {
    let hidden = path
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let of = fs::metadata(whole_file::folder(path));
    !hidden
        && folder
            .zip(of.ok())
            .is_some_and(|(folder, of)| (folder.dev(), folder.ino()) == (of.dev(), of.ino()))
}
