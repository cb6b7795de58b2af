//! A report as a sequence of pieces, each made when it's asked for.

use std::sync::Arc;

use super::Report;
use super::render::Section;
use super::xml::Xml;

/// How much is made at once, at least; one host more than that at most.
const PIECE: usize = 64 * 1024;

/// The bytes of a report, made as they are taken: some 64 kB a piece.
#[derive(Debug)]
pub struct Pieces {
    report: Arc<Report>,
    /// What is to come, the next section last.
    sections: Vec<Section>,
    /// The next item of that section.
    item: u32,
}

impl Pieces {
    pub(super) fn new(report: Arc<Report>) -> Self {
        let mut sections = vec![
            Section::Tail,
            Section::Glossary,
            Section::Hosts,
            Section::Risks,
            Section::Head,
        ];
        if report.options.glossary_first {
            sections.swap(1, 2);
        }
        Self {
            report,
            sections,
            item: 0,
        }
    }
}

impl Iterator for Pieces {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        self.sections.last()?;
        let mut xml = Xml::part(1, self.report.options.flat, PIECE + PIECE / 4);
        while xml.len() < PIECE {
            let Some(&section) = self.sections.last() else { break };
            if self.item < section.items(&self.report) {
                section.render(&self.report, self.item, &mut xml);
                self.item += 1;
            } else {
                self.sections.pop();
                self.item = 0;
            }
        }
        Some(xml.into_bytes())
    }
}
