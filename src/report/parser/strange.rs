//! Elements that may hold hosts or findings, and that nobody knows how to read.

use super::Parser;
use crate::report::counts::LeftOut;
use crate::report::grammar::{Element, local};
use crate::report::remarks::Remark;

impl Parser<'_> {
    /// Takes note of such an element, which has just begun. What it stands in isn't known whole; outside of hosts it may be
    /// of any of them.
    pub(super) fn note_strange(&mut self, name: &str) {
        let within = self.path.split_last().map_or(&[][..], |(_, within)| within);
        if !within.contains(&Element::Strange) {
            self.remarks.add_example(Remark::StrangeElement, name);
        }
        let is = |known: &str| local(name).eq_ignore_ascii_case(known);
        let is_host = |element: &Element| matches!(element, Element::Host | Element::DetectedHost | Element::ScanHost);
        let lists_hosts =
            |element: &Element| matches!(element, Element::HostList | Element::DetectedHosts | Element::Scan);
        let in_host = within.iter().any(is_host);
        let of_a_host = is("HOST") || is("IP");
        if of_a_host && (in_host || within.last().is_some_and(lists_hosts)) {
            self.about.hosts += 1;
            self.hosts_left_out.add(LeftOut::BadAddress, 1);
        }
        if in_host && (is("VULN_INFO") || is("DETECTION")) {
            self.host.unreadable += 1;
        }
        self.host.strange |= in_host;
        self.unnamed.any |= of_a_host || !in_host;
    }
}
