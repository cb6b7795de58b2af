//! Reports shortened, as gzip, as a zip: always piece by piece.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};

use super::library::Content;

/// The name of the report inside a zip (a guess).
const NAME: &str = "Scan_Report.xml";

/// The first `length` bytes.
pub(super) fn truncated(content: Content, length: u64) -> Content {
    let mut left = length;
    Box::new(content.map_while(move |piece| {
        let mut piece = match piece {
            Ok(piece) if left > 0 => piece,
            Ok(_) => return None,
            error => return Some(error),
        };
        piece.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        left -= piece.len() as u64;
        Some(Ok(piece))
    }))
}

pub(super) fn gzip(content: Content) -> Content {
    Box::new(Gzip {
        content,
        encoder: Some(GzEncoder::new(Vec::new(), Compression::fast())),
    })
}

/// A zip that is written without going back: lengths follow the content.
pub(super) fn zip(content: Content) -> io::Result<Content> {
    let sink = Sink::default();
    let mut writer = ZipWriter::new_stream(sink.clone());
    writer.start_file(NAME, SimpleFileOptions::default().large_file(true))?;
    Ok(Box::new(Zip {
        content,
        writer: Some(writer),
        sink,
    }))
}

struct Gzip {
    content: Content,
    /// None: it's finished.
    encoder: Option<GzEncoder<Vec<u8>>>,
}

impl Iterator for Gzip {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let encoder = self.encoder.as_mut()?;
            match self.content.next() {
                None => return self.encoder.take().map(|encoder| encoder.finish().map(Bytes::from)),
                Some(piece) => {
                    if let Err(error) = piece.and_then(|piece| encoder.write_all(&piece)) {
                        return Some(Err(error));
                    }
                }
            }
            let out = std::mem::take(encoder.get_mut());
            if !out.is_empty() {
                return Some(Ok(out.into()));
            }
        }
    }
}

struct Zip {
    content: Content,
    /// None: it's finished.
    writer: Option<ZipWriter<StreamWriter<Sink>>>,
    sink: Sink,
}

impl Iterator for Zip {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let writer = self.writer.as_mut()?;
            let written = match self.content.next() {
                Some(piece) => piece.and_then(|piece| writer.write_all(&piece)),
                None => self.writer.take()?.finish().map(drop).map_err(io::Error::from),
            };
            if let Err(error) = written {
                return Some(Err(error));
            }
            let out = self.sink.take();
            if !out.is_empty() {
                return Some(Ok(out.into()));
            }
        }
    }
}

/// Where a zip is written to, and taken from.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    const TEXT: &[u8] = b"<ASSET_DATA_REPORT></ASSET_DATA_REPORT>";

    fn content() -> Content {
        Box::new(TEXT.chunks(10).map(|piece| Ok(Bytes::from_static(piece))))
    }

    fn bytes(content: Content) -> Vec<u8> {
        content.flat_map(|piece| piece.unwrap()).collect()
    }

    #[test]
    fn a_report_ends_at_the_byte_that_was_asked_for() {
        for length in [0, 9, 10, 11, 39, 99] {
            assert_eq!(
                bytes(truncated(content(), length)),
                &TEXT[..TEXT.len().min(length as usize)]
            );
        }
    }

    #[test]
    fn gzip_and_zip_hold_the_report() {
        let mut text = Vec::new();
        let gzip = bytes(gzip(content()));
        flate2::read::GzDecoder::new(&*gzip).read_to_end(&mut text).unwrap();
        assert_eq!(text, TEXT);

        text.clear();
        let zip = bytes(zip(content()).unwrap());
        let mut archive = zip::ZipArchive::new(io::Cursor::new(zip)).unwrap();
        archive.by_name(NAME).unwrap().read_to_end(&mut text).unwrap();
        assert_eq!(text, TEXT);
    }
}
