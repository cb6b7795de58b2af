//! One page of a list, made while it is sent.

use std::sync::Arc;

use super::elements::Elements;
use super::filter::Filter;
use super::oddity::Oddity;
use super::records::Asked;
use super::warning::Warning;
use crate::report::Report;
use crate::report::estate::Host;
use crate::report::xml::Xml;

/// Which elements of an answer's list.
pub(super) enum Records {
    /// Ids alone.
    Ids,
    /// Hosts.
    Hosts,
    /// Hosts with what was found on them.
    Detections(Filter),
}

/// A page on its way.
pub(super) struct Page {
    pub(super) report: Arc<Report>,
    pub(super) asked: Arc<Asked>,
    pub(super) records: Records,
    pub(super) elements: Elements,
    /// Everything up to the list, until it is written.
    pub(super) head: Option<Vec<u8>>,
    pub(super) root: &'static str,
    pub(super) warning: Warning,
    /// How many records are processed; `None`: all.
    pub(super) limit: Option<u64>,
    /// Hosts in the list so far.
    pub(super) shown: u64,
    pub(super) processed: u64,
    /// The record to go on with.
    pub(super) next: u64,
}

impl Page {
    /// Writes the next record, or the end; says whether there is more.
    pub(super) fn write(&mut self, xml: &mut Xml) -> bool {
        if let Some(head) = self.head.take() {
            xml.raw(&String::from_utf8_lossy(&head));
            return true;
        }
        let (report, asked) = (Arc::clone(&self.report), Arc::clone(&self.asked));
        let Some(mut host) = asked.records(&report, self.next).next() else {
            self.end(xml, None);
            return false;
        };
        let is_full = self.limit.is_some_and(|limit| self.processed >= limit);
        if is_full && (self.shown > 0 || self.elements.has(Oddity::EmptyPages)) {
            self.end(xml, Some(host.id()));
            return false;
        }
        self.processed += 1;
        self.next = host.id() + 1;
        if let Records::Detections(filter) = &self.records {
            report.estate().examine(&mut host);
            host.findings.retain(|finding| filter.takes(finding));
            if host.findings.is_empty() {
                return true;
            }
        }
        let times = if self.elements.has(Oddity::Twice) { 2 } else { 1 };
        for _ in 0..times {
            self.host(&host, xml);
        }
        true
    }

    fn host(&mut self, host: &Host<'_>, xml: &mut Xml) {
        if self.shown == 0 {
            xml.descend(2);
            xml.open(self.list());
        } else {
            xml.descend(3);
        }
        self.shown += 1;
        if self.elements.has(Oddity::Comments) {
            xml.raw("<!-- This is an evaluation account: <HOST> and </HOST> are no tags here. -->\n");
        }
        let elements = &self.elements;
        match &self.records {
            Records::Ids => xml.number("ID", host.id()),
            Records::Hosts => xml.within("HOST", |xml| elements.record(host, xml)),
            Records::Detections(_) => xml.within("HOST", |xml| {
                elements.record(host, xml);
                xml.within("DETECTION_LIST", |xml| {
                    for finding in &host.findings {
                        xml.within("DETECTION", |xml| elements.detection(host, finding, xml));
                    }
                });
            }),
        }
        xml.ascend(3);
    }

    fn list(&self) -> &'static str {
        match self.records {
            Records::Ids => "ID_SET",
            Records::Hosts | Records::Detections(_) => "HOST_LIST",
        }
    }

    /// Closes the list; names the record that the next page begins with, if there is one.
    fn end(&self, xml: &mut Xml, next: Option<u64>) {
        xml.descend(3);
        if self.shown > 0 {
            xml.close(self.list());
        } else {
            xml.ascend(1);
        }
        if let Some(next) = next {
            self.warning.write(self.limit.unwrap_or_default(), next, xml);
        }
        xml.close("RESPONSE");
        xml.close(self.root);
    }
}
