//! For fuzzers only: what is made of a body that comes with a status.

use super::fault::Fault;
use super::reports::list::{ReportList, Template};
use super::transport::Received;
use super::transport::answer::{self, Document};

/// Reads a small body and says what it is: in words for people, or in those of its fault.
pub fn answer(status: u16, body: &[u8]) -> Result<String, String> {
    let document = answer::read(status, body.to_vec()).map_err(|fault| fault.to_string())?;
    let described = match document {
        Document::Done(done) => Ok(format!("done {:?}", done.id())),
        Document::Element(root, body) if root == "REPORT_LIST_OUTPUT" => list(Document::Element(root, body)),
        Document::Element(root, body) if root == "REPORT_TEMPLATE_LIST" => {
            let templates = Template::read_all(Received::Document(Document::Element(root, body)));
            templates.map(|templates| format!("{} templates", templates.len()))
        }
        other => Ok(format!("other {}", other.found())),
    };
    described.map_err(|fault| fault.to_string())
}

fn list(document: Document) -> Result<String, Fault> {
    let list = ReportList::read(Received::Document(document))?;
    let head = format!("{:?} {}", list.now(), list.is_truncated());
    let reports = list.into_reports().into_iter().map(|report| {
        let (id, state, launched) = (report.id, report.state(), report.launched_at());
        format!("{id} {state:?} {launched:?} {} {}", report.progress(), report.message())
    });
    Ok(std::iter::once(head).chain(reports).collect::<Vec<_>>().join("; "))
}
