//! What goes on of a report: hosts in the order of their addresses, each with its findings.

use std::net::IpAddr;

use super::counts::{Counts, LeftOut};
use super::finding::Finding;
use super::hosts::{Hosts, Unpacked, Wholeness};
use super::numbers::NO_NETWORK;
use super::selection::{Means, Rejected, Selection, has_cve};
use super::vulnerability::Vulnerability;
use super::without_findings::WithoutFindings;
use super::{About, Format, Report, Unnamed};

/// What goes on of a report, and the counts of what doesn't.
#[derive(Debug)]
pub struct Selected {
    about: About,
    selection: Selection,
    hosts: Hosts,
    /// The first entry of each host that goes on.
    chosen: Vec<u32>,
    /// For each different finding: the index of its vulnerability, or why it stays behind.
    verdicts: Vec<Result<u32, Rejected>>,
    vulnerabilities: Vec<Vulnerability>,
    undescribed: Undescribed,
    unnamed: Unnamed,
    without_findings: WithoutFindings,
    /// What the report's template may leave out of what is asked for.
    filtered: Option<String>,
    /// Others say which vulnerabilities aren't described.
    explained: bool,
    counts: Counts,
}

/// A host that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host<'s> {
    /// Its address; never of 0.0.0.0/8.
    pub address: IpAddr,
    /// Its DNS name, if names are [kept](super::Keep::names). Of several the first in the order of letters, so that the
    /// order in which Qualys lists entries makes no difference. The same goes for the operating system.
    pub name: Option<&'s str>,
    /// What Qualys takes its operating system for, if those are [kept](super::Keep::operating_systems).
    pub operating_system: Option<&'s str>,
    /// The report lists the host whole, something that the selection asks for is fixed, and nothing that it asks for is
    /// open: results that a Management Center still holds are out of date.
    pub clean: bool,
    /// The report says all of it: no entry of its address is an error, and nothing of them is unreadable. What a Management
    /// Center holds of another host may be true though the report doesn't say it.
    pub whole: bool,
}

/// Vulnerabilities of findings that go on and that the report doesn't describe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Undescribed {
    qids: u64,
    /// It describes none at all.
    all: bool,
}

impl Selection {
    /// Decides about every host and finding of `report`.
    pub fn apply(&self, report: Report) -> Selected {
        Selected::new(self, report)
    }
}

impl Selected {
    fn new(selection: &Selection, report: Report) -> Self {
        let Report {
            about,
            hosts,
            mut glossary,
            hosts_left_out,
            findings_left_out,
            unnamed,
            filters,
            without_findings,
            explained,
            ..
        } = report;
        let judged = hosts
            .keys()
            .iter()
            .map(|key| selection.judge(*key, &glossary).map(|()| key.qid()));
        let judged: Vec<_> = judged.collect();
        let mut qids: Vec<u32> = judged.iter().filter_map(|verdict| verdict.ok()).collect();
        qids.sort_unstable();
        qids.dedup();
        let index = |qid: u32| qids.partition_point(|other| *other < qid) as u32;
        let undescribed = Undescribed {
            qids: qids.iter().filter(|qid| !glossary.contains(**qid)).count() as u64,
            all: glossary.says_nothing(),
        };
        let mut selected = Selected {
            verdicts: judged.into_iter().map(|verdict| verdict.map(index)).collect(),
            vulnerabilities: qids.iter().map(|qid| glossary.take(*qid)).collect(),
            undescribed,
            unnamed,
            without_findings,
            filtered: filters.missing(selection),
            explained,
            counts: Counts {
                hosts_read: about.hosts,
                hosts_left_out,
                findings_read: about.findings,
                findings_left_out,
                ..Counts::default()
            },
            about,
            selection: selection.clone(),
            hosts,
            chosen: Vec::new(),
        };
        selected.choose();
        selected
    }

    /// Decides about every host and counts.
    fn choose(&mut self) {
        let mut counts = std::mem::take(&mut self.counts);
        let mut findings = Vec::new();
        let mut first = 0;
        while let Some((address, next)) = self.hosts.group(first) {
            let (mut entries, mut fixed, mut unknown) = (0, false, false);
            findings.clear();
            for host in (first..next).filter_map(|index| self.hosts.get(index)) {
                unknown |= self.hides_something(host);
                if host.wholeness == Wholeness::Error {
                    continue;
                }
                if let Some(reason) = self.selection.leaves_out(address, host.network) {
                    counts.hosts_left_out.add(reason, 1);
                    counts.findings_left_out.add(reason, host.findings.into());
                    continue;
                }
                entries += 1;
                self.gather(host, &mut findings, |Rejected { reason, means }| {
                    counts.findings_left_out.add(reason, 1);
                    fixed |= means == Means::Fixed;
                    unknown |= means == Means::Unknown;
                });
            }
            if entries > 0 {
                let all = findings.len();
                tidy(&mut findings);
                counts
                    .findings_left_out
                    .add(LeftOut::Duplicate, (all - findings.len()) as u64);
                counts.hosts_left_out.add(LeftOut::Duplicate, entries - 1);
                unknown |= fixed
                    && (self.unnamed.may_be(address) || self.about.unfinished.is_some() || self.filtered.is_some());
                let left_out = match (findings.is_empty(), unknown, fixed) {
                    (false, ..) => None,
                    (true, true, _) => Some(LeftOut::Unknown),
                    (true, false, true) => None,
                    (true, false, false) => Some(LeftOut::NoFindings),
                };
                match left_out {
                    Some(reason) => counts.hosts_left_out.add(reason, 1),
                    None if findings.is_empty() => counts.hosts_clean += 1,
                    None => counts.hosts_selected += 1,
                }
                if left_out.is_none() {
                    self.chosen.push(first as u32);
                }
                self.count(&findings, &mut counts);
            }
            first = next;
        }
        self.counts = counts;
    }

    fn count(&self, findings: &[Finding], counts: &mut Counts) {
        counts.findings_selected += findings.len() as u64;
        for finding in findings {
            let Some(vulnerability) = self.vulnerability(finding) else {
                continue;
            };
            let severity = vulnerability.severity.unwrap_or_default();
            if let Some(sum) = counts.by_severity.get_mut(usize::from(severity)) {
                *sum += 1;
            }
            counts.with_cve += u64::from(has_cve(vulnerability));
            if let Some(sum) = counts.by_kind.get_mut(finding.kind as usize) {
                *sum += 1;
            }
        }
    }

    /// Whether an entry may keep open findings from us that are asked for.
    fn hides_something(&self, host: Unpacked<'_>) -> bool {
        match self.selection.networks.contains(host.network) {
            true => host.wholeness != Wholeness::Whole,
            // Nobody knows whose it is.
            false => host.network == NO_NETWORK,
        }
    }

    /// Adds the findings of `host` that go on to `findings`, and tells of each other one why it doesn't.
    fn gather(&self, host: Unpacked<'_>, findings: &mut Vec<Finding>, mut left_out: impl FnMut(Rejected)) {
        for (number, key, port) in host.findings() {
            match self.verdicts.get(number as usize) {
                Some(Ok(vulnerability)) => findings.push(Finding {
                    vulnerability: *vulnerability,
                    port,
                    protocol: key.protocol(),
                    kind: key.kind(),
                }),
                Some(Err(rejected)) => left_out(*rejected),
                None => {}
            }
        }
    }

    /// Hosts that go on, clean ones included.
    pub fn len(&self) -> usize {
        self.chosen.len()
    }

    /// Whether no host goes on.
    pub fn is_empty(&self) -> bool {
        self.chosen.is_empty()
    }

    /// The host at `index` below [`len`](Selected::len), in the order of addresses. `findings` becomes its findings,
    /// sorted and each once.
    pub fn host(&self, index: usize, findings: &mut Vec<Finding>) -> Option<Host<'_>> {
        findings.clear();
        let first = *self.chosen.get(index)? as usize;
        let (address, next) = self.hosts.group(first)?;
        let (mut name, mut operating_system) = (None, None);
        let mut whole = self.about.unfinished.is_none();
        for host in (first..next).filter_map(|index| self.hosts.get(index)) {
            whole &= !self.hides_something(host);
            if self.selection.networks.contains(host.network) {
                name = least(name, host.name);
                operating_system = least(operating_system, host.system);
                self.gather(host, findings, |_| {});
            }
        }
        tidy(findings);
        Some(Host {
            address,
            name,
            operating_system,
            // Hosts without findings are chosen for what was fixed only.
            clean: findings.is_empty(),
            whole,
        })
    }

    /// The address of the host at `index` below [`len`](Selected::len).
    pub fn address(&self, index: usize) -> Option<IpAddr> {
        let (address, _) = self.hosts.group(*self.chosen.get(index)? as usize)?;
        Some(address)
    }

    /// Every address that the report lists and that is asked for, whatever it says of it.
    pub fn listed(&self) -> impl Iterator<Item = IpAddr> {
        let mut first = 0;
        std::iter::from_fn(move || {
            let (address, next) = self.hosts.group(first)?;
            let entries = std::mem::replace(&mut first, next)..next;
            let mut entries = entries.filter_map(|index| self.hosts.get(index));
            let is_listed = entries.any(|host| {
                let network = if host.wholeness == Wholeness::Error {
                    NO_NETWORK
                } else {
                    host.network
                };
                self.selection.out_of_scope(address, network).is_none()
            });
            Some(is_listed.then_some(address))
        })
        .flatten()
    }

    /// Whether the report names an address among those of which nothing passes its template's filters.
    pub fn is_without_findings(&self, address: IpAddr) -> bool {
        self.without_findings.contains(address)
    }

    /// Whether the report may hold more of an address than can be read, also if it doesn't list it.
    pub fn may_hide(&self, address: IpAddr) -> bool {
        let entries = self
            .hosts
            .find(address)
            .and_then(|first| Some((first, self.hosts.group(first)?.1)));
        let (first, next) = entries.unwrap_or_default();
        let mut entries = (first..next).filter_map(|index| self.hosts.get(index));
        self.about.unfinished.is_some()
            || self.unnamed.may_be(address)
            || entries.any(|host| self.hides_something(host))
    }

    /// Vulnerabilities that findings refer to, in the order of QIDs.
    pub fn vulnerabilities(&self) -> &[Vulnerability] {
        &self.vulnerabilities
    }

    /// The vulnerability of a finding of [`host`](Selected::host).
    pub fn vulnerability(&self, finding: &Finding) -> Option<&Vulnerability> {
        self.vulnerabilities.get(finding.vulnerability as usize)
    }

    /// What became of everything that the report says.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Which report it is.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Whether findings go on, and the report describes no vulnerability at all.
    pub fn describes_nothing(&self) -> bool {
        self.undescribed.all && self.undescribed.qids > 0
    }

    /// A sentence about the vulnerabilities that the report doesn't describe, if there are any and nobody else says it.
    pub fn undescribed(&self) -> Option<String> {
        if self.explained {
            return None;
        }
        let Undescribed { qids, all } = self.undescribed;
        let (them, are) = if qids == 1 { ("1 QID", "is") } else { ("QIDs", "are") };
        let detections = self.about.format == Format::Detections;
        match (qids, all) {
            (0, _) => None,
            (_, true) if detections => Some(
                "no vulnerability is described, since report.knowledge_base names no saved answer of the KnowledgeBase with \
                 entries: findings go on as 'QID n', without CVE ids, so no event's impact can follow from them"
                    .to_owned(),
            ),
            (_, false) if detections => Some(format!(
                "{} missing from the KnowledgeBase: findings go on as 'QID n' without title and CVE ids",
                if qids == 1 { "1 QID is".to_owned() } else { format!("{qids} QIDs are") }
            )),
            (_, true) => Some(
                "the report describes no vulnerability: its template prints no details (vulnerability details must be on in \
                 the template's Display). Findings go on as 'QID n', without CVE ids, so no event's impact can follow from them"
                    .to_owned(),
            ),
            (1, false) => Some(format!(
                "{them} {are} missing from the report's glossary, and goes on as 'QID n' without title, severity and CVE ids"
            )),
            (_, false) => Some(format!(
                "{qids} {them} {are} missing from the report's glossary, and go on as 'QID n' without title, severity and CVE ids"
            )),
        }
    }

    /// A sentence about what the report's template may leave out of what is asked for, if it does.
    pub fn filtered(&self) -> Option<String> {
        let missing = self.filtered.as_ref()?;
        Some(match self.about.format {
            Format::Detections => format!("no host is cleared: {missing}"),
            _ => format!(
                "no host is cleared, since the report's template may leave out open findings ({missing}). Let the template report \
                 them all, and choose with selection.* instead"
            ),
        })
    }
}

/// The lesser of those that are there.
fn least<'t>(one: Option<&'t str>, other: Option<&'t str>) -> Option<&'t str> {
    one.into_iter().chain(other).min()
}

/// Sorted, and each finding once, whatever its kind and status.
fn tidy(findings: &mut Vec<Finding>) {
    findings.sort_unstable();
    findings.dedup_by_key(|finding| finding.place());
}
