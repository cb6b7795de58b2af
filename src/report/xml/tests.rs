use proptest::prelude::*;

use super::*;
use std::time::{Duration, Instant};

/// Writes down what it is told; text whole.
#[derive(Default)]
struct Recorder(String);

impl Handler for Recorder {
    fn start(&mut self, tag: &BytesStart<'_>, _offset: u64) -> Result<(), Error> {
        self.0.push_str(&format!("<{}>", &**tag));
        Ok(())
    }

    fn text(&mut self, piece: &str) {
        self.0.push_str(piece);
    }

    fn end(&mut self) -> Result<(), Error> {
        self.0.push_str("</>");
        Ok(())
    }

    fn reached(&self, bytes: u64) -> ReadUpTo {
        ReadUpTo {
            bytes,
            ..ReadUpTo::default()
        }
    }
}

fn events(xml: impl AsRef<[u8]>) -> Result<String, Error> {
    let mut recorder = Recorder::default();
    read(xml.as_ref(), &mut recorder, &Progress::default()).map(|_| recorder.0)
}

fn refused(xml: impl AsRef<[u8]>) -> String {
    events(xml).unwrap_err().to_string()
}

/// Counts what it is told and keeps none of it.
struct Counter(u64);

impl Handler for Counter {
    fn start(&mut self, _: &BytesStart<'_>, _: u64) -> Result<(), Error> {
        Ok(())
    }

    fn text(&mut self, piece: &str) {
        self.0 += piece.len() as u64;
    }

    fn end(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn reached(&self, bytes: u64) -> ReadUpTo {
        ReadUpTo {
            bytes,
            ..ReadUpTo::default()
        }
    }
}

/// What becomes of `start`, then `filler` for as many bytes, then `end`, none of it ever stored.
fn endless(start: &'static str, filler: u8, count: u64, end: &'static str) -> Result<u64, String> {
    let source = start
        .as_bytes()
        .chain(std::io::repeat(filler).take(count))
        .chain(end.as_bytes());
    let mut counter = Counter(0);
    let begin = Instant::now();
    let result = read(source, &mut counter, &Progress::default());
    assert!(
        begin.elapsed() < Duration::from_secs(20),
        "{start} took {:?}",
        begin.elapsed()
    );
    result.map(|_| counter.0).map_err(|error| error.to_string())
}

#[test]
fn pieces_of_a_text_are_joined() {
    assert_eq!(
        events("<a>AT&amp;T &#233;&#xe9; <![CDATA[<B>]]]]><![CDATA[>]]>&lt;&gt;&quot;&apos;<!-- no --><b/></a>")
            .unwrap(),
        "<a>AT&T éé <B>]]><>\"'<b></></>"
    );
}

#[test]
fn what_may_stand_around_the_root_is_no_matter() {
    for around in [
        (
            "\u{feff}<?xml version=\"1.0\"?>\n\n<!DOCTYPE a SYSTEM \"https://e.example/a.dtd\">\n<!-- x -->",
            "",
        ),
        ("\n<?xml version=\"1.0\"?>", "\n<!-- CONFIDENTIAL //--> \n"),
        ("\u{feff}\r\n ", "<?pi?>"),
        ("<!DOCTYPE a PUBLIC \"-//x\" 'y>z'>", " "),
    ] {
        assert_eq!(
            events(format!("{}<a/>{}", around.0, around.1)).unwrap(),
            "<a></>",
            "{around:?}"
        );
    }
}

#[test]
fn anything_else_around_it_is() {
    for after in [
        "<b/>",
        "x",
        "&amp;",
        "<a>",
        "</a>",
        "<![CDATA[]]>x",
        "\u{0}",
        "<!-- ",
        "<b",
    ] {
        let error = refused(format!("<a></a>{after}"));
        assert!(
            error.ends_with("something follows the end of the report, or stands where its root element should"),
            "{after}: {error}"
        );
    }
    assert_eq!(refused("x<a/>"), "the report is no XML; export it from Qualys as XML");
    assert_eq!(
        refused("<!-- x -->y<a/>"),
        "the report is no XML; export it from Qualys as XML"
    );
    assert_eq!(refused(" \n"), "the report is empty (2 bytes)");
    assert_eq!(refused(""), "the report is empty (0 bytes)");
    assert_eq!(
        refused("PK\u{3}\u{4}..."),
        "the report is a zip archive instead of XML; unpack it first"
    );
    assert_eq!(
        refused(b"\x1f\x8b\x08"),
        "the report is gzip data instead of XML; unpack it first"
    );
    assert!(matches!(events("<!doctype html><html>"), Err(Error::Html)));
}

#[test]
fn what_is_not_well_formed_is_said_with_its_place() {
    insta::assert_snapshot!(refused("<a><b></a>"), @"the report can't be read at byte 6 (after 6 bytes and 0 hosts): it isn't well-formed XML: </a> closes <b>");
    insta::assert_snapshot!(refused("<a>&nbsp;</a>"), @"the report can't be read at byte 3 (after 3 bytes and 0 hosts): the entity &nbsp; isn't defined");
    insta::assert_snapshot!(refused("<a>R & D</a>"), @"the report can't be read at byte 5 (after 5 bytes and 0 hosts): it isn't well-formed XML: a lone &, which should be &amp;");
    insta::assert_snapshot!(refused("<a>&#xD800;</a>"), @"the report can't be read at byte 3 (after 3 bytes and 0 hosts): it isn't well-formed XML: invalid character reference: `55296` is not a valid codepoint");
    for xml in [
        "<a><!x></a>",
        "<a><![IGNORE[x]]></a>",
        "<a><!-x-></a>",
        "<a><></></a>",
        "<a><!DOCTYPE x></a>",
        "<!DOCTYPE>",
    ] {
        assert!(refused(xml).contains("it isn't well-formed XML"), "{xml}");
    }
}

#[test]
fn nothing_is_ever_defined() {
    let laughs = "<!DOCTYPE a [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;&lol;\">]><a>&lol2;</a>";
    insta::assert_snapshot!(refused(laughs), @"the report can't be read at byte 0 (after 0 bytes and 0 hosts): its DOCTYPE defines entities or elements, as no report of Qualys does; it is refused");
    assert_eq!(
        endless("<!DOCTYPE a [ ", b'x', 1 << 30, "").unwrap_err(),
        refused(laughs)
    );
    assert!(refused("<a>&lol;</a>").ends_with("the entity &lol; isn't defined"));
}

#[test]
fn another_encoding_is_named_with_its_first_byte() {
    insta::assert_snapshot!(refused(b"<a>caf\xe9 </a>"), @"the report isn't UTF-8: byte 6 (after 6 bytes and 0 hosts) belongs to another encoding; convert it first");
    for xml in [
        &b"<a><![CDATA[caf\xe9]]></a>"[..],
        b"<a b='\xe9'/>",
        b"<a><!-- \xff --></a>",
        b"<a\xe9/>",
        b"\xff\xfe<\0a\0",
    ] {
        assert!(matches!(events(xml), Err(Error::NotUtf8 { .. })), "{xml:?}");
    }
}

#[test]
fn cut_off_anywhere_it_is_cut_off() {
    let xml = "<?xml version=\"1.0\"?><!DOCTYPE a SYSTEM 'x'><!-- – --><a b=\"é\">é&amp;<b/><![CDATA[]]é]]]]></a>";
    assert!(events(xml).is_ok());
    for cut in 1..xml.len() {
        let error = events(&xml.as_bytes()[..cut]).unwrap_err();
        assert!(
            matches!(error, Error::CutOff(reached) if reached.bytes == cut as u64),
            "cut at {cut}: {error}"
        );
    }
}

#[test]
fn where_a_window_ends_makes_no_difference() {
    let xml = "é<b k=\"v>é\">&amp;</b><![CDATA[]é]]]]><![CDATA[>]]><!-- – -->&#233;\u{feff}<c/>";
    let expected = events(format!("<a>{xml}</a>")).unwrap();
    let expected = expected.strip_prefix("<a>").unwrap();
    let size = crate::report::window::SIZE;
    for filler in size - 3 - xml.len()..size {
        let found = events(format!("<a>{}{xml}</a>", "x".repeat(filler))).unwrap();
        let found = &found[3 + filler..];
        // A byte order mark at the start of a window is dropped, as it is in every kept text.
        assert_eq!(
            found.replace('\u{feff}', ""),
            expected.replace('\u{feff}', ""),
            "{filler}"
        );
    }
}

#[test]
fn a_text_of_any_length_passes_without_being_stored_but_not_without_end() {
    let limit = TEXT;
    assert_eq!(endless("<a>", b'x', limit, "</a>"), Ok(limit));
    assert_eq!(endless("<a><![CDATA[", b']', limit - 3, "]]></a>").unwrap(), limit - 3);
    for start in ["<a>", "<a><![CDATA["] {
        let error = endless(start, b'x', 1 << 30, "</a>").unwrap_err();
        assert!(
            error.ends_with("a text is longer than 67108864 bytes, as in no report of Qualys; it is refused"),
            "{error}"
        );
    }
}

#[test]
fn markup_without_end_is_refused() {
    for (start, what) in [
        ("<a", "tag"),
        ("<a b='", "tag"),
        ("</", "tag"),
        ("<!-- ", "comment or declaration"),
        ("<?x ", "comment or declaration"),
        ("<!DOCTYPE ", "comment or declaration"),
        ("<a>&", "reference"),
    ] {
        let error = endless(start, b'x', 1 << 30, ">").unwrap_err();
        assert!(error.contains(&format!("a {what} is longer than")), "{start}: {error}");
    }
    let long = format!("<a b='{}'/>", "x".repeat(MARKUP));
    assert!(refused(long).contains("a tag is longer than"));
}

#[test]
fn a_deep_document_is_refused() {
    let nested = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
    assert!(events(nested(DEPTH)).is_ok());
    insta::assert_snapshot!(refused(nested(100_000)), @"the report can't be read at byte 192 (after 192 bytes and 0 hosts): elements are nested deeper than 64, as in no report of Qualys; it is refused");
}

#[test]
fn a_source_that_fails_is_not_a_report_that_ends() {
    struct Failing(ErrorKind);
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(self.0.into())
        }
    }
    let fail = |kind| {
        let source = b"<a>".chain(Failing(kind));
        read(source, &mut Counter(0), &Progress::default()).unwrap_err()
    };
    assert!(matches!(fail(ErrorKind::ConnectionReset), Error::Read { reached, .. } if reached.bytes == 3));
    assert!(matches!(fail(ErrorKind::UnexpectedEof), Error::CutOff(reached) if reached.bytes == 3));
}

#[test]
fn an_error_repeats_nothing_that_steers_a_terminal_and_nothing_long() {
    let odd = "a\u{1b}[2J\u{7f}\u{202e}".repeat(1000);
    for xml in [
        format!("<SCAN></{odd}>"),
        format!("<{odd}></SCAN>"),
        "<SCAN>&a\u{1b}[2J;</SCAN>".to_owned(),
        "<SCAN>&#x\u{1b};</SCAN>".to_owned(),
        format!("<SCAN {odd}='1'><!{odd}>"),
    ] {
        let sentence = refused(&xml);
        assert!(
            !sentence.contains(|c: char| c.is_control() || c == '\u{202e}'),
            "{sentence:?}"
        );
        assert!(sentence.len() < 500, "{sentence}");
    }
}

/// Pieces of documents, of which the first are tags of elements that may be leaves.
const PIECES: [&str; 18] = [
    "<A>",
    "<B>",
    "</A>",
    "</B>",
    "</A>",
    "</B>",
    "x",
    "\n  ",
    "",
    "&amp;",
    "&no;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<B c='d'>",
    "<A/>",
    "</A >",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// A blank in its tag keeps an element from being a leaf, and changes nothing else.
    #[test]
    fn a_leaf_is_read_as_any_other_element(pieces in proptest::collection::vec(0..PIECES.len(), 0..14)) {
        let document = |tags: [&str; 2]| {
            let pieces = pieces.iter().map(|piece| tags.get(*piece).or(PIECES.get(*piece)).copied().unwrap_or_default());
            format!("<R>{}</R>", pieces.collect::<String>())
        };
        let same = |text: String| text.replace("<A >", "<A>").replace("<B >", "<B>");
        let (leaves, others) = (events(document(["<A>", "<B>"])), events(document(["<A >", "<B >"])));
        match (leaves, others) {
            (Ok(leaves), Ok(others)) => prop_assert_eq!(leaves, same(others)),
            (Err(leaves), Err(others)) => {
                // They say where, which a blank moves.
                let kind = |error: Error| error.to_string().replace(|c: char| c.is_ascii_digit(), "").replace(" >", ">");
                prop_assert_eq!(kind(leaves), kind(others));
            }
            (leaves, others) => prop_assert!(false, "{:?} and {:?}", leaves, others),
        }
    }
}
