//! Small text files: configuration and mounted secrets.

use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use crate::input_file::{self, FileKind};

/// Why a file can't be taken in.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The file is missing, is not permitted, or is a directory.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Most often it is another file than was meant.
    #[error("it is larger than 1 MiB")]
    TooLarge,
    /// Values are text.
    #[error("it is not UTF-8 text (byte {0} is the first that isn't)")]
    NotText(usize),
}

/// Reads a whole file. What it held is wiped from memory when the text is dropped.
pub(super) fn read(path: &Path, kind: FileKind) -> Result<Zeroizing<String>, Unreadable> {
    let mut bytes = input_file::read(path, kind).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => Unreadable::TooLarge,
        _ => Unreadable::Io(error),
    })?;
    String::from_utf8(std::mem::take(&mut *bytes))
        .map(Zeroizing::new)
        .map_err(|error| {
            let first = error.utf8_error().valid_up_to() + 1;
            bytes = Zeroizing::new(error.into_bytes());
            Unreadable::NotText(first)
        })
}

/// The value that a file of its own holds: all of it, but for the one line end that editors and
/// `kubectl create secret --from-file` put there.
pub(super) fn value(text: &str) -> &str {
    text.strip_suffix("\r\n")
        .or_else(|| text.strip_suffix('\n'))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_line_end_is_no_part_of_a_value() {
        for (text, expected) in [
            (" x ", " x "),
            (" x \n", " x "),
            ("x\r\n", "x"),
            ("x\n\n", "x\n"),
            ("x\r", "x\r"),
            ("\n", ""),
            ("", ""),
        ] {
            assert_eq!(value(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_file_that_is_no_small_text_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let refused = |bytes: &[u8]| {
            std::fs::write(file.path(), bytes).unwrap();
            read(file.path(), FileKind::Stream)
                .map(|text| text.len())
                .map_err(|error| error.to_string())
        };
        assert_eq!(refused(b"x"), Ok(1));
        assert_eq!(
            refused(b"caf\xe9").unwrap_err(),
            "it is not UTF-8 text (byte 4 is the first that isn't)"
        );
        assert!(matches!(read(Path::new("/"), FileKind::Stream), Err(Unreadable::Io(_))));
        assert!(matches!(
            read(Path::new("/dev/zero"), FileKind::Stream),
            Err(Unreadable::TooLarge)
        ));
    }
}
