//! Report files and streams: plain XML, gzip, or a zip with one XML, recognised by content and not by name.

use std::fs::File;
use std::io::{self, BufReader, Cursor, ErrorKind, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::error::{Error, ReadUpTo};
use super::unzip::Unzip;

/// Bytes that are read at once of packed input.
const CHUNK: usize = 64 * 1024;

/// Opens a report file and unpacks it as it is read; `-` is standard input.
///
/// # Errors
/// What the system says of the file, or [`Error::Directory`].
pub fn open(path: &Path) -> Result<Box<dyn Read + Send>, Error> {
    if path.as_os_str() == "-" {
        return decode(io::stdin());
    }
    let open = |source| Error::Open {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(open)?;
    if file.metadata().map_err(open)?.is_dir() {
        return Err(Error::Directory(path.to_owned()));
    }
    decode(file)
}

/// Unpacks a stream as it is read, if it is packed. Nothing of it is sought, stored, or read ahead but 64 KiB.
///
/// # Errors
/// What the stream says when its first bytes are read.
pub fn decode<'s>(mut stream: impl Read + Send + 's) -> Result<Box<dyn Read + Send + 's>, Error> {
    let mut magic = [0; 4];
    let mut filled = 0;
    while let Some(space @ [_, ..]) = magic.get_mut(filled..) {
        match stream.read(space) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(source) => {
                let reached = ReadUpTo::default();
                return Err(Error::Read { source, reached });
            }
        }
    }
    let start = Cursor::new(magic).take(filled as u64);
    let stream = start.chain(stream);
    Ok(match &magic {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(BufReader::with_capacity(CHUNK, stream))),
        [b'P', b'K', 3, 4] | [b'P', b'K', 5, 6] => Box::new(Unzip::new(BufReader::with_capacity(CHUNK, stream))),
        _ => Box::new(stream),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const XML: &str = "<SCAN/>";

    fn gzip(text: &str) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text.as_bytes()).unwrap();
        gzip.finish().unwrap()
    }

    fn unpacked(packed: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        decode(packed).unwrap().read_to_string(&mut text).map(|_| text)
    }

    fn refused(path: &Path) -> Error {
        open(path).err().unwrap()
    }

    #[test]
    fn content_decides_and_not_the_name() {
        assert_eq!(unpacked(XML.as_bytes()).unwrap(), XML);
        assert_eq!(unpacked(&gzip(XML)).unwrap(), XML);
        let members = [gzip("<SC"), gzip("AN/>")].concat();
        assert_eq!(unpacked(&members).unwrap(), XML);
        for short in ["", "P", "PK", "\u{1f}"] {
            assert_eq!(unpacked(short.as_bytes()).unwrap(), short);
        }
        let mut file = tempfile::Builder::new().suffix(".xml").tempfile().unwrap();
        file.write_all(&gzip(XML)).unwrap();
        let mut text = String::new();
        open(file.path()).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, XML);
    }

    #[test]
    fn a_gzip_cut_off_anywhere_never_ends_well() {
        let packed = gzip(XML);
        for cut in 3..packed.len() {
            let error = unpacked(&packed[..cut]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "cut at {cut}");
        }
    }

    #[test]
    fn what_is_no_file_is_said_plainly() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none.xml");
        assert!(
            refused(&missing)
                .to_string()
                .ends_with("none.xml can't be opened: No such file or directory (os error 2)")
        );
        assert!(matches!(refused(folder.path()), Error::Directory(_)));
        assert_eq!(
            crate::problem::Problem::kind(&refused(&missing)),
            crate::problem::Kind::Unreadable
        );
    }
}
