//! In each folder, modules use each other one way. What a folder's modules share stands in one of them, or in the file that
//! is named as the folder; that file and those in the folder are one module to Rust, and may use each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Names, Source};

/// Who uses whom in a folder; what is below a module counts as the module.
type Uses<'s> = BTreeMap<&'s str, BTreeMap<&'s str, String>>;

#[test]
fn modules_of_a_folder_use_each_other_one_way() {
    let source = Source::read();
    let used: BTreeMap<&Names, BTreeMap<Names, String>> =
        source.0.keys().map(|module| (module, source.used_by(module))).collect();
    for folder in source.0.keys().filter(|folder| !folder.is_empty()) {
        let mut uses = Uses::new();
        let inside = |module: &Names| module.len() > folder.len() && module.starts_with(folder);
        for (module, used) in used.iter().filter(|(module, _)| inside(module)) {
            for (other, path) in used.iter().filter(|(other, _)| inside(other)) {
                let [from, to] = [module, other].map(|module| module[folder.len()].as_str());
                if from != to {
                    let example = format!("{} uses {path}", module.join("/"));
                    uses.entry(from).or_default().insert(to, example);
                }
            }
        }
        let circles = circles(&uses);
        assert!(circles.is_empty(), "circles in {}: {circles:#?}", folder.join("/"));
    }
}

/// An example for each step of each circle.
fn circles<'u>(uses: &'u Uses<'_>) -> Vec<&'u str> {
    let mut steps = Vec::new();
    for (from, used) in uses {
        steps.extend(
            used.iter()
                .filter(|(to, _)| reaches(uses, to, from))
                .map(|(_, example)| example.as_str()),
        );
    }
    steps
}

fn reaches(uses: &Uses<'_>, from: &str, to: &str) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(module) = next.pop() {
        if seen.insert(module) {
            next.extend(uses.get(module).into_iter().flat_map(|used| used.keys().copied()));
        }
    }
    seen.contains(to)
}
