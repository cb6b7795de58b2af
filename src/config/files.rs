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

use super::collision::{Collision, Named};
use super::sections::Sections;
use super::templates::TemplateIds;
use super::value::Value;
use crate::host_input::csv_file;
use crate::host_input::trust::Trust;
use crate::state;
use crate::telemetry::logs::Syslog;
use crate::whole_file;

/// A file, independent of its names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum FileIdentity {
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

/// Everything that collides. `also` are files that were read already, or that other programs' variables name; paths are
/// below `directory`.
pub(super) fn collisions(
    sections: &Sections,
    directory: &Path,
    also: &[Named],
    secrets: Option<&Path>,
    work: Work,
) -> Vec<Collision> {
    let inputs = also.iter().cloned().chain(inputs(sections));
    let inputs = inputs.filter_map(|input| Some((identity(directory, &input.path)?, input)));
    // Of inputs that are one file, the first is named.
    let inputs: Vec<_> = inputs.collect();
    let inputs: HashMap<_, _> = inputs.into_iter().rev().collect();
    let secrets = secrets.and_then(|folder| fs::metadata(directory.join(folder)).ok());
    let (mut written, mut collisions) = (HashMap::new(), Vec::new());
    for output in outputs(sections, work) {
        if is_below(&directory.join(&output.path), secrets.as_ref()) {
            let output = output.clone();
            collisions.push(Collision::AmongSecrets { output });
        }
        let Some(identity) = identity(directory, &output.path) else {
            continue;
        };
        if let Some(input) = inputs.get(&identity).cloned() {
            collisions.push(Collision::Overwrites { output, input });
        } else if let Some(other) = written.get(&identity).cloned() {
            collisions.push(Collision::SameOutput { one: output, other });
        } else {
            written.insert(identity, output);
        }
    }
    collisions
}

/// `csv.file`, where it is none that could take the files of several templates: their names are made from its own.
pub(super) fn csv_stream(sections: &Sections, directory: &Path) -> Option<PathBuf> {
    let file = sections.csv.file.get().filter(|_| sections.has_csv_files())?;
    whole_file::is_stream(&directory.join(&file)).then_some(file)
}

/// The file that a setting names.
fn by(setting: &Value<PathBuf>) -> Option<Named> {
    Some(Named::new(setting.key(), setting.get()?))
}

fn inputs(sections: &Sections) -> Vec<Named> {
    let settings = [
        &sections.report.file,
        &sections.report.knowledge_base,
        &sections.management_center.pkcs12,
        &sections.qualys.token_file,
        &sections.qualys.ca_file,
        &sections.pushgateway.ca_file,
    ];
    let mut inputs: Vec<_> = settings.into_iter().filter_map(by).collect();
    let trust = &sections.management_center.trust;
    if let Some(Trust::CaFile { path, .. }) = trust.get() {
        inputs.push(Named::new(trust.key(), path));
    }
    let syslog = &sections.log.syslog;
    let sockets = match syslog.get() {
        Some(Syslog::Unix(path)) => vec![path],
        Some(Syslog::Local) => Syslog::LOCAL.map(str::to_owned).into(),
        _ => Vec::new(),
    };
    inputs.extend(sockets.into_iter().map(|path| Named::new(syslog.key(), path)));
    inputs
}

/// The files that are written, in the order in which they are compared.
fn outputs(sections: &Sections, work: Work) -> Vec<Named> {
    let (page, log) = (
        &sections.page.file,
        [&sections.log.file, &sections.log.termination_file],
    );
    let of_import = match work {
        Work::Import => (csv_files(sections), by(&sections.telemetry.metrics_file)),
        Work::Send => (Vec::new(), None),
    };
    let (csv, metrics) = of_import;
    let state = &sections.state.dir;
    let state = state.get().map(|dir| Named::new(state.key(), state::file(&dir)));
    let log = log.into_iter().filter_map(by);
    csv.into_iter()
        .chain(by(page))
        .chain(metrics)
        .chain(log)
        .chain(state)
        .collect()
}

fn csv_files(sections: &Sections) -> Vec<Named> {
    let setting = &sections.csv.file;
    let ids = sections.qualys.template_ids.get().map(TemplateIds::into_vec);
    match (setting.get(), ids) {
        (Some(file), Some(ids)) if sections.has_csv_files() => {
            let files = ids.iter().map(|id| csv_file::of_template(&file, &id.to_string()));
            files.map(|file| Named::new(setting.key(), file)).collect()
        }
        (file, _) => file.map(|file| Named::new(setting.key(), file)).into_iter().collect(),
    }
}

/// Nothing for what can be shared: devices, such as a terminal or `/dev/null`.
fn identity(directory: &Path, path: &Path) -> Option<FileIdentity> {
    let found = match path.as_os_str() == "-" {
        true => standard_input(),
        false => fs::metadata(directory.join(path)),
    };
    match found {
        Ok(found) if found.file_type().is_char_device() || found.file_type().is_block_device() => None,
        Ok(found) => Some(FileIdentity::There {
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

fn not_yet(path: PathBuf) -> FileIdentity {
    let folder = fs::metadata(whole_file::folder(&path));
    match (folder, path.file_name()) {
        (Ok(folder), Some(name)) => FileIdentity::NotYet {
            folder: (folder.dev(), folder.ino()),
            name: name.to_owned(),
        },
        _ => FileIdentity::Nowhere(path),
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
