use super::*;
use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Compressible, and longer than every buffer on its way.
fn xml() -> String {
    (0..40_000).map(|n| format!("<a>{n}</a>")).collect()
}

/// An archive of `files`; `streamed` by a writer that can't go back, so that sizes follow the data.
fn archive(files: &[(&str, &str)], method: CompressionMethod, streamed: bool) -> Vec<u8> {
    let options = SimpleFileOptions::default().compression_method(method);
    fn fill<W: Write + io::Seek>(zip: &mut ZipWriter<W>, files: &[(&str, &str)], options: SimpleFileOptions) {
        for (name, text) in files {
            zip.start_file(*name, options).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
    }
    if streamed {
        let mut zip = ZipWriter::new_stream(Vec::new());
        fill(&mut zip, files, options);
        zip.finish().unwrap().into_inner()
    } else {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        fill(&mut zip, files, options);
        zip.finish().unwrap().into_inner()
    }
}

fn unzip(archive: &[u8]) -> io::Result<String> {
    let mut text = String::new();
    Unzip::new(archive).read_to_string(&mut text).map(|_| text)
}

fn refused(archive: &[u8]) -> String {
    unzip(archive).unwrap_err().to_string()
}

#[test]
fn the_one_report_is_found_however_the_archive_was_written() {
    let xml = xml();
    let files = [("read.me", "not this"), ("folder/Report.XML", &*xml), ("empty.txt", "")];
    for (method, streamed) in [
        (CompressionMethod::Stored, false),
        (CompressionMethod::Deflated, false),
        (CompressionMethod::Deflated, true),
    ] {
        assert_eq!(
            unzip(&archive(&files, method, streamed)).unwrap(),
            xml,
            "{method:?} {streamed}"
        );
    }
}

#[test]
fn small_reads_see_the_same_bytes() {
    struct Dribble<'a>(&'a [u8]);
    impl Read for Dribble<'_> {
        fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
            let count = space.len().min(7);
            self.0.read(&mut space[..count])
        }
    }
    let archive = archive(&[("a.xml", &xml())], CompressionMethod::Deflated, true);
    let mut unzip = Unzip::new(io::BufReader::with_capacity(11, Dribble(&archive)));
    let (mut text, mut space) = (Vec::new(), [0; 13]);
    while let count @ 1.. = unzip.read(&mut space).unwrap() {
        text.extend_from_slice(&space[..count]);
    }
    assert_eq!(text, xml().as_bytes());
}

#[test]
fn none_or_several_reports_are_refused_by_name() {
    let zip = |files: &[(&str, &str)]| archive(files, CompressionMethod::Deflated, false);
    insta::assert_snapshot!(refused(&zip(&[("a.csv", "x"), ("b.pdf", "y")])), @"the zip archive holds no .xml file, only: a.csv, b.pdf");
    insta::assert_snapshot!(refused(&zip(&[("a.xml", "x"), ("b.xml", "y")])), @"the zip archive holds several .xml files (a.xml, b.xml); unpack the right one");
    assert!(refused(&zip(&[])).starts_with("the zip archive holds no .xml file"));
}

#[test]
fn a_damaged_archive_never_ends_well() {
    let xml = &xml()[..200];
    for streamed in [false, true] {
        let whole = archive(&[("a.xml", xml)], CompressionMethod::Deflated, streamed);
        let directory = whole.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
        for cut in 0..directory + 4 {
            let error = unzip(&whole[..cut]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "cut at {cut}: {error}");
        }
        for place in 14..directory {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x40;
            match unzip(&damaged) {
                // The name, the time in an extra field: nothing that says what the report is.
                Ok(text) => assert_eq!(text, xml, "damaged at {place}"),
                Err(error) => assert!(matches!(
                    error.kind(),
                    ErrorKind::InvalidData | ErrorKind::UnexpectedEof
                )),
            }
        }
    }
}

#[test]
fn what_cannot_be_unpacked_is_said() {
    let mut archive = archive(&[("a.xml", "x")], CompressionMethod::Stored, false);
    archive[6] |= 1;
    assert_eq!(
        refused(&archive),
        "a.xml in the zip archive is encrypted; unpack it first"
    );
    archive[6] &= !1;
    archive[8] = 12;
    assert_eq!(
        refused(&archive),
        "a.xml in the zip archive is packed by method 12; unpack it first"
    );
}

#[test]
fn sizes_beyond_32_bits_stand_in_an_extra_field() {
    let mut extra = vec![9, 0, 1, 0, 7, 1, 0, 16, 0];
    extra.extend(5_000_000_000_u64.to_le_bytes());
    extra.extend(4_000_000_u64.to_le_bytes());
    let (mut packed, mut unpacked) = (IN_EXTRA, IN_EXTRA);
    assert!(zip64(&extra, &mut packed, &mut unpacked));
    assert_eq!((packed, unpacked), (4_000_000, 5_000_000_000));
    let (mut packed, mut unpacked) = (3, 4);
    assert!(zip64(&extra, &mut packed, &mut unpacked));
    assert_eq!((packed, unpacked), (3, 4));
    assert!(!zip64(&extra[..12], &mut packed, &mut unpacked));
}
