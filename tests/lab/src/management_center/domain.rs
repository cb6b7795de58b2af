//! Domains: Global, and what an administrator has put under it.
//!
//! A domain is named by its UUID or by a path with backslashes; a leading `Global` is dropped when the path has more
//! parts (likely). Hosts live in leaf domains only.

use super::digest::Digest;
use super::uuid;

/// UUID of the domain that every Management Center has (certain: it stands in the certificate it issued).
const GLOBAL: &str = "e276abec-e0f2-11e3-8169-6d9ed49b625f";

/// The domains of one Management Center.
#[derive(Debug, Clone)]
pub(crate) struct Domains {
    /// Paths below Global, such as `Europe\North`.
    paths: Vec<String>,
    /// The domain for which the client's certificate was made.
    certificate: String,
}

impl Domains {
    /// Every parent of a path is a domain too, and so is the certificate's.
    pub(crate) fn new(paths: &[String], certificate: &str) -> Self {
        let mut all: Vec<String> = Vec::new();
        for path in paths.iter().map(String::as_str).chain([certificate]) {
            let path = below_global(path);
            if path == ROOT {
                continue;
            }
            for (end, _) in path.match_indices('\\').chain([(path.len(), "")]) {
                let parent = path.get(..end).unwrap_or(path).to_owned();
                if !all.contains(&parent) {
                    all.push(parent);
                }
            }
        }
        Self {
            paths: all,
            certificate: below_global(certificate).to_owned(),
        }
    }

    /// Where a connection, and each of its frames, begins.
    pub(crate) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The path of the domain meant, if the certificate is good for it.
    pub(crate) fn find(&self, given: &str) -> Option<String> {
        let path = below_global(given);
        let known = self
            .all()
            .find(|domain| *domain == path || uuid_of(domain).eq_ignore_ascii_case(given))?;
        self.certificate_covers(known).then(|| known.to_owned())
    }

    /// Whether no domain is below this one.
    pub(crate) fn is_leaf(&self, path: &str) -> bool {
        !self.paths.iter().any(|other| is_below(other, path))
    }

    fn certificate_covers(&self, path: &str) -> bool {
        path == self.certificate || is_below(path, &self.certificate)
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        [ROOT].into_iter().chain(self.paths.iter().map(String::as_str))
    }
}

/// How the domain without a parent is called.
const ROOT: &str = "Global";

/// A domain's UUID: the well-known one, or one made of its path.
pub(crate) fn uuid_of(path: &str) -> String {
    if path == ROOT {
        return GLOBAL.to_owned();
    }
    let high = Digest::new().field(path);
    uuid::of(high.value(), high.field(path).value())
}

fn below_global(path: &str) -> &str {
    path.strip_prefix(r"Global\").unwrap_or(path)
}

fn is_below(path: &str, parent: &str) -> bool {
    if parent == ROOT {
        return path != ROOT;
    }
    path.strip_prefix(parent).is_some_and(|rest| rest.starts_with('\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domains(certificate: &str) -> Domains {
        Domains::new(&[r"Europe\North".to_owned(), r"Global\Asia".to_owned()], certificate)
    }

    #[test]
    fn a_domain_is_found_by_path_with_or_without_global_and_by_uuid() {
        let domains = domains("Global");
        assert_eq!(domains.find(r"Europe\North").as_deref(), Some(r"Europe\North"));
        assert_eq!(domains.find(r"Global\Europe\North").as_deref(), Some(r"Europe\North"));
        assert_eq!(domains.find(&uuid_of("Asia").to_uppercase()).as_deref(), Some("Asia"));
        assert_eq!(domains.find("Global").as_deref(), Some("Global"));
        assert_eq!(domains.find(GLOBAL).as_deref(), Some("Global"));
        assert_eq!(domains.find("North"), None);
    }

    #[test]
    fn only_a_domain_without_children_is_a_leaf() {
        let leaf = |path| domains("Global").is_leaf(path);
        assert!(leaf("Asia") && leaf(r"Europe\North"));
        assert!(!leaf("Europe") && !leaf("Global"));
        assert!(Domains::new(&[], "Global").is_leaf("Global"));
    }

    #[test]
    fn a_certificate_is_good_for_its_own_domain_and_those_below() {
        let domains = domains("Europe");
        assert_eq!(domains.certificate(), "Europe");
        assert!(domains.find(r"Europe\North").is_some());
        assert!(domains.find("Asia").is_none() && domains.find("Global").is_none());
    }
}
