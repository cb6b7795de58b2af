use std::time::Duration;

use super::*;

fn read(status: u16, body: &[u8]) -> Result<Document, Fault> {
    super::read(status, body.to_vec())
}

fn refusal(status: u16, body: &str) -> Refusal {
    match read(status, body.as_bytes()) {
        Err(Fault::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

fn simple_return(code: &str, text: &str, items: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n\
         <!DOCTYPE SIMPLE_RETURN SYSTEM \"https://qualysapi.qualys.eu/api/2.0/simple_return.dtd\">\n\
         <SIMPLE_RETURN>\n <RESPONSE>\n <DATETIME>2026-01-01T12:00:00Z</DATETIME>\n {code}<TEXT>{text}</TEXT>{items}\n \
         </RESPONSE>\n</SIMPLE_RETURN>"
    )
}

#[test]
fn a_launch_tells_the_id() {
    let items = "<ITEM_LIST><ITEM><KEY>ID</KEY><VALUE> 4888438 </VALUE></ITEM></ITEM_LIST>";
    match read(200, simple_return("", "New report launched", items).as_bytes()) {
        Ok(Document::Done(done)) => assert_eq!(done.id(), Some(4_888_438)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_error_is_recognised_in_each_of_its_shapes_whatever_the_status() {
    let old = "<ASSET_DATA_REPORT><ERROR number=\"5101\">No <![CDATA[such]]> template</ERROR></ASSET_DATA_REPORT>";
    let generic = "<?xml version=\"1.0\"?><!DOCTYPE GENERIC_RETURN SYSTEM \"x\"><GENERIC_RETURN>\
        <API name=\"asset_data_report.php\" username=\"acme_ab\" at=\"2026-01-01T12:00:00Z\"/>\
        <RETURN status=\"FAILED\" number=\"2007\">\n Address not allowed\n</RETURN></GENERIC_RETURN>";
    for (status, body, code, text) in [
        (
            200,
            simple_return("<CODE>7001</CODE>", "Report cannot be fetched.", ""),
            7001,
            "Report cannot be fetched.",
        ),
        (
            401,
            simple_return("<CODE>2000</CODE>", "Bad Login/Password", ""),
            2000,
            "Bad Login/Password",
        ),
        (200, generic.to_owned(), 2007, "Address not allowed"),
        (200, old.to_owned(), 5101, "No such template"),
    ] {
        let refusal = refusal(status, &body);
        assert_eq!(
            (refusal.status, refusal.code, refusal.text.as_str()),
            (status, Some(code), text)
        );
    }
}

#[test]
fn items_belong_to_the_words_and_the_wait_is_read() {
    let items = "<ITEM_LIST><ITEM><KEY>SECONDS_TO_WAIT</KEY><VALUE>3300</VALUE></ITEM></ITEM_LIST>";
    let refusal = refusal(409, &simple_return("<CODE>1965</CODE>", "Too many calls.", items));
    assert_eq!(refusal.text.as_str(), "Too many calls. (SECONDS_TO_WAIT: 3300)");
    assert_eq!(refusal.wait, Some(Duration::from_secs(3300)));
}

#[test]
fn a_wait_longer_than_a_year_is_a_year() {
    let items = "<ITEM_LIST><ITEM><KEY>SECONDS_TO_WAIT</KEY><VALUE>18446744073709551615</VALUE></ITEM></ITEM_LIST>";
    let refusal = refusal(409, &simple_return("<CODE>1965</CODE>", "Too many calls.", items));
    assert_eq!(refusal.wait, Some(Duration::from_secs(366 * 24 * 3600)));
}

#[test]
fn without_a_code_the_status_decides() {
    assert_eq!(refusal(503, "<html><body>Maintenance</body></html>").status, 503);
    assert_eq!(refusal(502, "").code, None);
    assert_eq!(refusal(403, &simple_return("", "no", "")).text.as_str(), "no");
    assert!(matches!(read(200, b" \n"), Err(Fault::Plain(Kind::Empty, _))));
    assert!(matches!(
        read(200, b"<!DOCTYPE html><p>Hello"),
        Err(Fault::Plain(Kind::Html, _))
    ));
    assert!(matches!(
        read(200, b"<!-- x --><HTML lang='en'>"),
        Err(Fault::Plain(Kind::Html, _))
    ));
    assert!(matches!(read(200, b"Hello"), Ok(Document::Other(_))));
}

#[test]
fn a_document_that_ends_too_early_was_cut_off_wherever_it_ends() {
    let items = "<ITEM_LIST><ITEM><KEY>ID</KEY><VALUE>1</VALUE></ITEM></ITEM_LIST>";
    let whole = simple_return("", "New <![CDATA[report]]> &amp; launched", items);
    for end in 1..whole.len() {
        let read = read(200, &whole.as_bytes()[..end]);
        assert!(matches!(read, Err(Fault::CutOff { .. })), "{end}: {read:?}");
    }
}

#[test]
fn what_an_answer_is_called_steers_no_terminal() {
    for body in ["<a\u{1b}[2J/>", "<SIMPLE_RETURN></a\u{1b}[2J>"] {
        let sentence = match read(200, body.as_bytes()) {
            Ok(document) => document.found().to_string(),
            Err(fault) => fault.to_string(),
        };
        assert!(!sentence.contains(char::is_control), "{sentence:?}");
    }
}

#[test]
fn recorded_answers_are_understood() {
    let Some(samples) = connector_lab::testing::samples("qualys") else {
        return;
    };
    let sample = |status, name: &str| read(status, &std::fs::read(samples.join(name)).unwrap());
    assert!(matches!(sample(200, "rq_launch_ok.xml"), Ok(Document::Done(done)) if done.id() == Some(4_888_438)));
    assert!(matches!(sample(200, "rq_delete_ok.xml"), Ok(Document::Done(done)) if done.id() == Some(4_927_942)));
    assert!(matches!(sample(200, "rq_fetch_not_ready_7001.xml"), Err(Fault::Refused(r)) if r.code == Some(7001)));
    assert!(matches!(sample(401, "rq_bad_login_2000.xml"), Err(Fault::Refused(r)) if r.code == Some(2000)));
    let root = |name| match sample(200, name) {
        Ok(Document::Element(root, _)) => root,
        other => panic!("{other:?}"),
    };
    assert_eq!(root("rq_report_template_list.xml"), "REPORT_TEMPLATE_LIST");
    assert_eq!(root("rq_scan_report.xml"), "ASSET_DATA_REPORT");
}

#[test]
fn a_root_is_found_behind_declaration_comments_and_blank_lines() {
    let element = |name: &str| Root::Element(name.to_owned());
    for (body, expected) in [
        ("", Root::Empty),
        ("\u{feff}\n\n", Root::Empty),
        ("PK\x03\x04rest", Root::Zip),
        (
            "\n<?xml version=\"1.0\"?>\n\n<!DOCTYPE A SYSTEM \"x\">\n<!-- eval //-->\n<A>",
            element("A"),
        ),
        ("<A", Root::Unfinished),
        ("<!-- keep alive --", Root::Unfinished),
        ("<?xml version=\"1.0\"?>\n", Root::Unfinished),
        ("Internal Server Error", Root::Unknown),
    ] {
        assert_eq!(root(body.as_bytes()), expected, "{body}");
    }
}
