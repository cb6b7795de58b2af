//! Scan results as the lab keeps them: sixteen bytes each, their texts once for all hosts, or not at all when the lab
//! only counts. 600,000 hosts with 40 results each fit in some 600 MB.

use std::collections::HashMap;
use std::sync::Arc;

use super::digest::Digest;
use super::network_map::{Protocol, ScanResult, ScannerResults, checksum, port_text};

/// A scan result whose texts are elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoredResult {
    pub(crate) key: Key,
    /// Digest of the whole result, and where its texts are.
    digest: u64,
}

/// What makes two results of one scanner and host the same one: the later replaces the earlier (a guess).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// Number of the vulnerability's id, or of the name if the result is generic.
    pub(crate) id: NameNumber,
    /// 0 for none.
    pub(crate) port: u16,
    pub(crate) proto: Option<Protocol>,
    pub(crate) generic: bool,
}

/// A scan result as a command line gives it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GivenResult<'a> {
    /// Empty for a generic result, of which the lists aren't used.
    pub(crate) id: &'a str,
    pub(crate) port: Option<u16>,
    pub(crate) proto: Option<Protocol>,
    pub(crate) name: &'a str,
    pub(crate) description: &'a str,
    /// Separated by blanks.
    pub(crate) cves: &'a str,
    /// Separated by blanks.
    pub(crate) bugtraqs: &'a str,
}

/// Place of a name in [`Names`].
pub(crate) type NameNumber = u32;

/// Names, each kept once.
#[derive(Debug, Default)]
pub(crate) struct Names {
    numbers: HashMap<Arc<str>, NameNumber>,
    names: Vec<Arc<str>>,
}

/// The texts of all results.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    pub(crate) ids: Names,
    texts: HashMap<u64, Arc<ScanResult>>,
    counts_only: bool,
}

impl Texts {
    pub(crate) fn new(counts_only: bool) -> Self {
        Self {
            counts_only,
            ..Self::default()
        }
    }

    pub(crate) fn store(&mut self, given: &GivenResult<'_>) -> StoredResult {
        let digest = given.digest();
        if !self.counts_only {
            self.texts.entry(digest).or_insert_with(|| Arc::new(given.result()));
        }
        let generic = given.id.is_empty();
        StoredResult {
            key: Key {
                id: self.ids.number(if generic { given.name } else { given.id }),
                port: given.port.unwrap_or(0),
                proto: given.proto,
                generic,
            },
            digest,
        }
    }

    pub(crate) fn listed(&self, stored: &[StoredResult]) -> ScannerResults {
        let checksum = checksum(stored.iter().map(|result| result.digest));
        if self.counts_only {
            return ScannerResults {
                count: stored.len(),
                checksum,
                results: Vec::new(),
            };
        }
        let texts = stored.iter().filter_map(|result| self.texts.get(&result.digest));
        ScannerResults::list(checksum, texts.map(Arc::clone).collect())
    }
}

/// Sorts by key and keeps the last of each. Returns how many were repeated.
pub(crate) fn settle(results: &mut Vec<StoredResult>) -> usize {
    let before = results.len();
    // Stable; reversed first, so that the last one leads its equals.
    results.reverse();
    results.sort_by_key(|result| result.key);
    results.dedup_by_key(|result| result.key);
    results.shrink_to_fit();
    before - results.len()
}

/// Adds settled results to settled ones; of two with the same key the new one stays.
pub(crate) fn merge(stored: &mut Vec<StoredResult>, new: Vec<StoredResult>) {
    stored.retain(|old| new.binary_search_by_key(&old.key, |result| result.key).is_err());
    stored.extend(new);
    stored.sort_by_key(|result| result.key);
}

impl Names {
    pub(crate) fn number(&mut self, name: &str) -> NameNumber {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let name: Arc<str> = name.into();
        // More than four billion names don't fit in memory anyway.
        let number = NameNumber::try_from(self.names.len()).unwrap_or(NameNumber::MAX);
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }

    pub(crate) fn find(&self, name: &str) -> Option<NameNumber> {
        self.numbers.get(name).copied()
    }

    pub(crate) fn name(&self, number: NameNumber) -> &str {
        self.names.get(number as usize).map_or("", |name| name)
    }
}

impl GivenResult<'_> {
    /// How many items of the lists aren't ids.
    pub(crate) fn unrecognised_ids(&self) -> u64 {
        let unrecognised = |list: &str, known: usize| list.split_ascii_whitespace().count() - known;
        (unrecognised(self.cves, self.cve_numbers().count()) + unrecognised(self.bugtraqs, self.bugtraq_ids().count()))
            as u64
    }

    /// The same as [`ScanResult::digest`], without making one.
    fn digest(&self) -> u64 {
        Digest::new()
            .field(self.id)
            .field(&port_text(self.port))
            .field(Protocol::text(self.proto))
            .field(self.name)
            .field(self.description)
            .list(self.cve_numbers())
            .list(self.bugtraq_ids())
            .value()
    }

    fn result(self) -> ScanResult {
        ScanResult {
            id: self.id.to_owned(),
            port: self.port,
            proto: self.proto,
            name: self.name.to_owned(),
            description: self.description.to_owned(),
            cves: self.cve_numbers().map(str::to_owned).collect(),
            bugtraqs: self.bugtraq_ids().map(str::to_owned).collect(),
        }
    }

    /// `CVE-` may be left out; `CAN-` isn't recognised, and a comma doesn't separate (likely).
    fn cve_numbers(&self) -> impl Iterator<Item = &str> {
        self.cves.split_ascii_whitespace().filter_map(|cve| {
            let number = cve.strip_prefix("CVE-").unwrap_or(cve);
            let (year, sequence) = number.split_once('-')?;
            (year.len() == 4 && sequence.len() >= 4 && is_number(year) && is_number(sequence)).then_some(number)
        })
    }

    fn bugtraq_ids(&self) -> impl Iterator<Item = &str> {
        self.bugtraqs.split_ascii_whitespace().filter(|id| is_number(id))
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given<'a>(id: &'a str, name: &'a str, cves: &'a str) -> GivenResult<'a> {
        GivenResult {
            id,
            port: Some(22),
            proto: Some(Protocol::Tcp),
            name,
            description: "",
            cves,
            bugtraqs: "1 x 2",
        }
    }

    #[test]
    fn only_ids_in_the_documented_form_are_kept() {
        let given = given(
            "1",
            "",
            "CVE-2020-1234 2021-99999 CAN-1999-0001 2020-1,2020-2 cve-2020-1234",
        );
        let result = given.result();
        assert_eq!(result.cves, ["2020-1234", "2021-99999"]);
        assert_eq!(result.bugtraqs, ["1", "2"]);
        assert_eq!(given.unrecognised_ids(), 4);
        assert_eq!(given.digest(), result.digest());
    }

    #[test]
    fn the_later_of_two_results_with_one_key_stays() {
        let mut texts = Texts::new(false);
        let mut batch: Vec<_> = [given("1", "old", ""), given("2", "two", ""), given("1", "new", "")]
            .iter()
            .map(|given| texts.store(given))
            .collect();
        assert_eq!(settle(&mut batch), 1);
        let names = |stored: &[StoredResult]| -> Vec<String> {
            let listed = texts.listed(stored).results;
            listed.iter().map(|result| result.name.clone()).collect()
        };
        assert_eq!(names(&batch), ["new", "two"]);

        let mut texts = Texts::new(false);
        let mut stored = vec![
            texts.store(&given("1", "old", "")),
            texts.store(&given("3", "three", "")),
        ];
        let new = vec![
            texts.store(&given("1", "newer", "")),
            texts.store(&given("", "generic", "")),
        ];
        merge(&mut stored, new);
        let listed = texts.listed(&stored).results;
        let names: Vec<&str> = listed.iter().map(|result| result.name.as_str()).collect();
        assert_eq!(names, ["newer", "three", "generic"]);
    }

    #[test]
    fn counting_only_gives_the_same_sums() {
        let listed = |counts_only| {
            let mut texts = Texts::new(counts_only);
            let stored = [texts.store(&given("1", "a", "")), texts.store(&given("2", "b", ""))];
            texts.listed(&stored)
        };
        assert_eq!(listed(true).checksum, listed(false).checksum);
        assert_eq!((listed(true).count, listed(true).results.len()), (2, 0));
        assert_eq!(size_of::<StoredResult>(), 16);
    }
}
