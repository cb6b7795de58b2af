//! A scan says the same as a report in other words: in attributes, and of each finding all at once.

use super::{Parser, Tag};
use crate::report::error::Error;
use crate::report::finding::Kind;
use crate::report::glossary::Details;
use crate::report::remarks::Remark;
use crate::report::text;
use crate::report::values::{LINE, address, date, host_name, qid, some_line};

impl Parser<'_> {
    /// A scan says of a host in attributes what a report says in elements.
    pub(super) fn scan_host(&mut self, tag: &Tag<'_>) -> Result<(), Error> {
        self.host.clear();
        self.host.network = self.network(tag)?;
        self.host.address = self.attribute(tag, "value")?.and_then(|text| address(&text));
        if self.keep.names {
            self.host.name = self
                .attribute(tag, "name")?
                .map(|text| host_name(&text))
                .unwrap_or_default();
        }
        Ok(())
    }

    /// Each finding of a scan carries its own description; only the first of a QID is read.
    pub(super) fn scan_item(&mut self, tag: &Tag<'_>, kind: Kind) -> Result<(), Error> {
        let number = self.attribute(tag, "number")?.unwrap_or_default();
        self.finding.qid = qid(&number);
        if self.finding.qid.is_none() {
            self.remarks.add_example(Remark::UnreadableQid, &number);
        }
        self.finding.kind = Some(Some(kind));
        self.finding.scan = true;
        self.close_finding()?;
        self.details = Details::default();
        self.describing = self.finding.qid.is_some_and(|qid| !self.glossary.contains(qid));
        if self.describing {
            self.details.qid = self.finding.qid;
            self.details
                .severity(&self.attribute(tag, "severity")?.unwrap_or_default());
            let cves = self.attribute(tag, "cveid")?.unwrap_or_default();
            cves.split(',').for_each(|cve| self.details.cve(cve, &mut self.remarks));
        }
        Ok(())
    }

    /// One of the pairs in its header.
    pub(super) fn scan_key(&mut self) {
        let text = self.text.trim();
        match self.key.as_str() {
            "TITLE" => self.about.title = some_line(text),
            "DATE" => self.about.generated = date(text),
            "STATUS" if !text.eq_ignore_ascii_case("FINISHED") => {
                let status = text::shown(text, LINE);
                self.remarks.add(Remark::ScanStatus(status.as_str().into()), 1);
                self.about.unfinished = Some(status);
            }
            _ => {}
        }
    }
}
