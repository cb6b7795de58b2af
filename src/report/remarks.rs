//! Remarks: what is odd in a report without making it useless, each kind of it said once.

use std::collections::BTreeMap;

use super::limits::REFERENCES;
use super::text;

/// One kind of oddity, and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remark {
    /// A `TYPE` that is none of Vuln, Practice and Ig. Taken as potential: it goes on by default, and claims nothing.
    UnknownType(Box<str>),
    /// A `VULN_STATUS` that is none of New, Active, Re-Opened and Fixed. Taken as active.
    UnknownStatus(Box<str>),
    /// A scan that wasn't `FINISHED`: hosts may miss. Those that the report lists are imported.
    ScanStatus(Box<str>),
    /// What Qualys said in the place of a host.
    HostError(Box<str>),
    /// A `WARNING` of Qualys', whatever it means: no host is cleared.
    Warning(Box<str>),
    /// A host whose address the report doesn't say. It may be any, so no host is cleared.
    NoAddress,
    /// An IPv6 address that the report gives beside its stand-in, and that is used.
    TrueAddress,
    /// An element that may hold hosts or findings, where nobody knows how to read it. What it is in isn't cleared.
    StrangeElement,
    /// A finding without a numeric QID; left out, and its host isn't cleared.
    UnreadableQid,
    /// A finding of which one thing is said twice; left out, and its host isn't cleared.
    SaidTwice,
    /// Two descriptions of a QID that differ. Joined: the higher severity, every reference.
    TwoDescriptions,
    /// A text of which only the first mebibyte was read.
    LongText,
    /// A character that XML forbids, in a text that matters; left out.
    ControlCharacter,
    /// An entry of the glossary without a numeric QID.
    UnreadableDetails,
    /// A Bugtraq id that is no number; left out.
    BadBugtraqId,
    /// A CVE id of another form than `CVE-2026-0001`; left out.
    BadCveId,
    /// References of a QID that has more of them [than are kept](super::limits::REFERENCES).
    ManyReferences,
    /// More kinds of remarks than are kept.
    Others,
}

/// Characters of an example.
const EXAMPLE: usize = 80;

/// Kinds of remarks that are kept, so that a report of nothing but oddities doesn't fill the memory.
const KINDS: usize = 32;

/// The remarks on a report, with how often each was called for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remarks(BTreeMap<Remark, Occurrences>);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Occurrences {
    count: u64,
    /// The first of the texts that the remark is about, for remarks that show one.
    example: Box<str>,
}

impl Remarks {
    /// The remarks and how often each was called for.
    pub fn iter(&self) -> impl Iterator<Item = (&Remark, u64)> {
        self.0.iter().map(|(remark, occurrences)| (remark, occurrences.count))
    }

    /// One sentence for each, for a log.
    pub fn sentences(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(remark, occurrences)| remark.sentence(occurrences))
    }

    pub(super) fn add(&mut self, remark: Remark, count: u64) {
        if count > 0 {
            self.occurrences(remark).count += count;
        }
    }

    /// Adds one about a text, which is looked at only if it is the first.
    pub(super) fn add_example(&mut self, remark: Remark, text: &str) {
        let occurrences = self.occurrences(remark);
        if occurrences.count == 0 {
            occurrences.example = text::shown(text, EXAMPLE).into();
        }
        occurrences.count += 1;
    }

    fn occurrences(&mut self, remark: Remark) -> &mut Occurrences {
        let known = self.0.len() < KINDS || self.0.contains_key(&remark);
        self.0.entry(if known { remark } else { Remark::Others }).or_default()
    }

    /// Adds all that others say.
    pub fn join(&mut self, others: Remarks) {
        for (remark, others) in others.0 {
            let occurrences = self.occurrences(remark);
            if occurrences.count == 0 {
                occurrences.example = others.example;
            }
            occurrences.count += others.count;
        }
    }
}

impl Remark {
    fn sentence(&self, Occurrences { count, example }: &Occurrences) -> String {
        let times = if *count == 1 {
            "once".into()
        } else {
            format!("{count} times")
        };
        match self {
            Remark::UnknownType(text) => format!("unknown finding TYPE '{text}' ({times}), taken as potential"),
            Remark::UnknownStatus(text) => format!("unknown VULN_STATUS '{text}' ({times}), taken as active"),
            Remark::ScanStatus(text) => format!("the scan's status is '{text}' instead of FINISHED: hosts may miss"),
            Remark::HostError(text) => format!("a host is replaced by an error ({times}): {text}"),
            Remark::Warning(text) => format!("Qualys warns ({times}): {text}; no host is cleared"),
            Remark::NoAddress => format!("a host whose address the report doesn't say ({times}): no host is cleared"),
            Remark::TrueAddress => {
                format!("an IPv6 address beside its stand-in of 0.0.0.0/8 ({times}) is taken for the host's")
            }
            Remark::StrangeElement => {
                format!(
                    "an element that may hold hosts or findings can't be read ({times}; such as {example}): no host that it may be about is cleared"
                )
            }
            Remark::UnreadableQid => {
                format!(
                    "a finding without a numeric QID ({times}; such as '{example}') is left out: its host isn't cleared"
                )
            }
            Remark::SaidTwice => {
                format!(
                    "a finding of which QID, status or the like stands twice ({times}) is left out: its host isn't cleared"
                )
            }
            Remark::TwoDescriptions => {
                format!(
                    "a QID is described twice and differently ({times}): every reference and the higher severity are taken"
                )
            }
            Remark::LongText => format!("a text is longer than 1 MiB ({times}), only its beginning is read"),
            Remark::ControlCharacter => format!("a forbidden control character ({times}) is left out"),
            Remark::UnreadableDetails => format!("a glossary entry without a numeric QID ({times}) is left out"),
            Remark::BadBugtraqId => format!("a Bugtraq id that is no number ({times}) is left out"),
            Remark::BadCveId => format!("a CVE id of an unknown form ({times}) is left out"),
            Remark::ManyReferences => {
                format!("a CVE or Bugtraq id ({times}) is left out: its QID has more than {REFERENCES} of them")
            }
            Remark::Others => format!("more oddities like these ({times})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_oddity_is_said_once_with_its_count() {
        let mut remarks = Remarks::default();
        remarks.add(Remark::UnknownType("Potato".into()), 1);
        remarks.add(Remark::UnknownStatus("Sleeping".into()), 2);
        remarks.add(Remark::UnknownStatus("Sleeping".into()), 1);
        remarks.add(Remark::ControlCharacter, 0);
        insta::assert_snapshot!(remarks.sentences().collect::<Vec<_>>().join("\n"), @r"
        unknown finding TYPE 'Potato' (once), taken as potential
        unknown VULN_STATUS 'Sleeping' (3 times), taken as active
        ");
    }

    #[test]
    fn a_flood_of_oddities_stays_small() {
        let mut remarks = Remarks::default();
        for number in 0..1000 {
            remarks.add(Remark::UnknownType(number.to_string().into()), 1);
        }
        assert_eq!(remarks.iter().count(), KINDS + 1);
        assert_eq!(remarks.iter().map(|(_, count)| count).sum::<u64>(), 1000);
    }
}
