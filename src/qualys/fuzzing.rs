//! For fuzzers only: what is made of a body that comes with a status.

use super::answer::{self, Document};

/// Reads a small body and says what it is: in words for people, or in those of its fault.
pub fn answer(status: u16, body: &[u8]) -> Result<String, String> {
    let document = answer::read(status, body).map_err(|fault| fault.to_string())?;
    Ok(match document {
        Document::Done(done) => format!("done {:?}", done.id()),
        Document::Reports(list) => {
            let head = format!("{:?} {}", list.now(), list.is_truncated());
            let reports = list.into_reports().into_iter().map(|report| {
                let (id, state, launched) = (report.id, report.state(), report.launched_at());
                format!("{id} {state:?} {launched:?} {} {}", report.progress(), report.message())
            });
            std::iter::once(head).chain(reports).collect::<Vec<_>>().join("; ")
        }
        Document::Templates(templates) => format!("{} templates", templates.len()),
        Document::Other(root) => format!("other {root}"),
    })
}
