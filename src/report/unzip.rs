//! A zip archive read as a stream: the one report in it.
//!
//! Qualys delivers big reports as a zip, and nothing of a download is stored, so the directory at the archive's end
//! can't be consulted first. A writer that didn't know a file's size beforehand gives size and checksum behind the
//! data (a data descriptor). The `zip` crate refuses such an entry of a stream and `rc-zip-sync` takes it for empty (read
//! in zip 9.8 and rc-zip 5.4), so that much of the format stands here; the inflating is flate2's.
//!
//! Source: PKWARE's APPNOTE.TXT, 4.3 to 4.5 (certain).

use std::io::{self, BufRead, ErrorKind, Read};

use flate2::{Crc, Decompress, FlushDecompress, Status};

use crate::printable::Text;

const LOCAL_HEADER: u32 = 0x0403_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;
/// What may follow the last file: extra data of the archive, its directory, the end of the directory.
const AFTER_FILES: [u32; 4] = [0x0806_4b50, 0x0201_4b50, 0x0605_4b50, 0x0606_4b50];

/// The size field of an entry whose sizes stand in an extra field.
const IN_EXTRA: u64 = u32::MAX as u64;
/// The extra field for sizes beyond 32 bits.
const ZIP64: u16 = 1;

/// Reads the one XML file of an archive, and makes sure that there is no other.
pub(super) struct Unzip<R> {
    archive: R,
    /// The file whose bytes come next.
    entry: Option<ZipEntry>,
    /// The report's name, once it was found.
    report: Option<Text>,
    /// Names of other files.
    others: Vec<Text>,
    ended: bool,
}

struct ZipEntry {
    name: Text,
    /// None: the bytes are stored as they are.
    inflate: Option<Decompress>,
    /// All its bytes were read.
    ended: bool,
    crc: Crc,
    packed: u64,
    unpacked: u64,
    expected: Option<Sizes>,
    /// Sizes behind the data have eight bytes instead of four.
    wide: bool,
}

#[derive(PartialEq, Eq)]
struct Sizes {
    crc: u32,
    packed: u64,
    unpacked: u64,
}

impl<R: BufRead> Unzip<R> {
    pub(super) fn new(archive: R) -> Self {
        Unzip {
            archive,
            entry: None,
            report: None,
            others: Vec::new(),
            ended: false,
        }
    }

    /// Goes on to the next file, or to the end of the archive.
    fn next(&mut self) -> io::Result<()> {
        let signature = self.u32()?;
        if AFTER_FILES.contains(&signature) {
            self.ended = true;
            // To its end, so that whoever counts the bytes of a download has them all.
            io::copy(&mut self.archive, &mut io::sink())?;
            return match &self.report {
                Some(_) => Ok(()),
                None => Err(invalid(format!(
                    "the zip archive holds no .xml file, only: {}",
                    self.others.iter().map(Text::as_str).collect::<Vec<_>>().join(", ")
                ))),
            };
        }
        if signature != LOCAL_HEADER {
            return Err(invalid("the zip archive is damaged: a file in it has no header"));
        }
        let entry = self.header()?;
        match &self.report {
            _ if !entry.name.as_str().to_ascii_lowercase().ends_with(".xml") => {
                if self.others.len() < 10 {
                    self.others.push(entry.name.clone());
                }
            }
            None => self.report = Some(entry.name.clone()),
            Some(first) => {
                let second = &entry.name;
                return Err(invalid(format!(
                    "the zip archive holds several .xml files ({first}, {second}); unpack the right one"
                )));
            }
        }
        self.entry = Some(entry);
        Ok(())
    }

    /// A file's header, behind the signature.
    fn header(&mut self) -> io::Result<ZipEntry> {
        let _version = self.u16()?;
        let flags = self.u16()?;
        let method = self.u16()?;
        let _time_and_date = self.u32()?;
        let crc = self.u32()?;
        let (mut packed, mut unpacked) = (self.u32()?.into(), self.u32()?.into());
        let (name, extra) = (self.u16()?, self.u16()?);
        let name = self.bytes(name)?;
        let name = Text::of(&name);
        let extra = self.bytes(extra)?;
        let wide = zip64(&extra, &mut packed, &mut unpacked);
        if flags & 1 != 0 {
            return Err(invalid(format!(
                "{name} in the zip archive is encrypted; unpack it first"
            )));
        }
        let behind = flags & 8 != 0;
        let inflate = match method {
            0 if !behind => None,
            8 => Some(Decompress::new(false)),
            method => {
                return Err(invalid(format!(
                    "{name} in the zip archive is packed by method {method}; unpack it first"
                )));
            }
        };
        let expected = Sizes { crc, packed, unpacked };
        Ok(ZipEntry {
            name,
            inflate,
            ended: false,
            crc: Crc::new(),
            packed: 0,
            unpacked: 0,
            expected: (!behind).then_some(expected),
            wide,
        })
    }

    /// Compares what was read of a file with what the archive says of it.
    fn finish(&mut self, entry: ZipEntry) -> io::Result<()> {
        let expected = match entry.expected {
            Some(expected) => expected,
            None => {
                let crc = match self.u32()? {
                    // The signature may be left out.
                    DESCRIPTOR => self.u32()?,
                    crc => crc,
                };
                let wide = entry.wide || entry.packed.max(entry.unpacked) > u32::MAX.into();
                let mut size = || if wide { self.u64() } else { self.u32().map(u64::from) };
                let (packed, unpacked) = (size()?, size()?);
                Sizes { crc, packed, unpacked }
            }
        };
        let found = Sizes {
            crc: entry.crc.sum(),
            packed: entry.packed,
            unpacked: entry.unpacked,
        };
        if found == expected {
            Ok(())
        } else {
            Err(invalid(format!(
                "the zip archive is damaged: {} doesn't agree with its checksum",
                entry.name
            )))
        }
    }

    fn u16(&mut self) -> io::Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    fn u32(&mut self) -> io::Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> io::Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.archive.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn bytes(&mut self, count: u16) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; count.into()];
        self.archive.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl<R: BufRead> Read for Unzip<R> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let mut skipped = [0; 4096];
        loop {
            match self.entry.take() {
                None if self.ended => return Ok(0),
                None => self.next()?,
                Some(entry) if entry.ended => self.finish(entry)?,
                Some(mut entry) => {
                    let wanted = self.report.as_ref() == Some(&entry.name);
                    let space = if wanted { &mut *space } else { &mut skipped };
                    let count = entry.read(&mut self.archive, space)?;
                    self.entry = Some(entry);
                    if wanted && count > 0 {
                        return Ok(count);
                    }
                }
            }
        }
    }
}

impl ZipEntry {
    /// Reads some bytes of the file. None of them, unless there is no space, means that some were read of the archive
    /// without yielding any, or that the file [ended](ZipEntry::ended).
    fn read(&mut self, archive: &mut impl BufRead, space: &mut [u8]) -> io::Result<usize> {
        let input = archive.fill_buf()?;
        let damaged = |name| invalid(format!("the zip archive is damaged: {name} can't be unpacked"));
        let (read, written) = match (&mut self.inflate, &self.expected) {
            (Some(inflate), _) => {
                let before = (inflate.total_in(), inflate.total_out());
                let status = inflate
                    .decompress(input, space, FlushDecompress::None)
                    .map_err(|_| damaged(&self.name))?;
                let read = (inflate.total_in() - before.0) as usize;
                let written = (inflate.total_out() - before.1) as usize;
                self.ended = status == Status::StreamEnd;
                if !self.ended && read == 0 && written == 0 {
                    let cut_off = input.is_empty();
                    return Err(if cut_off {
                        ErrorKind::UnexpectedEof.into()
                    } else {
                        damaged(&self.name)
                    });
                }
                (read, written)
            }
            (None, expected) => {
                let left = expected.as_ref().map_or(0, |expected| expected.packed - self.packed);
                if input.is_empty() && left > 0 {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
                let count = input
                    .len()
                    .min(space.len())
                    .min(usize::try_from(left).unwrap_or(usize::MAX));
                let (bytes, _) = input.split_at(count);
                space.split_at_mut(count).0.copy_from_slice(bytes);
                self.ended = count as u64 == left;
                (count, count)
            }
        };
        archive.consume(read);
        self.crc.update(space.get(..written).unwrap_or_default());
        self.packed += read as u64;
        self.unpacked += written as u64;
        Ok(written)
    }
}

/// Takes sizes from the extra field for big files, and tells whether there is one.
fn zip64(mut extra: &[u8], packed: &mut u64, unpacked: &mut u64) -> bool {
    while let Some(([kind_low, kind_high, low, high], rest)) = extra.split_first_chunk() {
        let length = u16::from_le_bytes([*low, *high]);
        let Some((mut field, rest)) = rest.split_at_checked(length.into()) else {
            return false;
        };
        if u16::from_le_bytes([*kind_low, *kind_high]) == ZIP64 {
            for size in [unpacked, packed] {
                if let (IN_EXTRA, Some((bytes, rest))) = (*size, field.split_first_chunk()) {
                    *size = u64::from_le_bytes(*bytes);
                    field = rest;
                }
            }
            return true;
        }
        extra = rest;
    }
    false
}

fn invalid(text: impl Into<String>) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, text.into())
}

#[cfg(test)]
mod tests;
