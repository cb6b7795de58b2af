//! A type's name means one thing in the crate.

use std::collections::BTreeMap;

use crate::source::{File, Source};

/// What each module may have of its own: why it failed, its section of the configuration, how far it is.
const OF_EACH_MODULE: [&str; 3] = ["Error", "Progress", "Settings"];

/// Names that mean two things, each on its own side: the findings of a report, and an entry of Qualys' list of reports. A name
/// leaves this list when it means one, and none comes in.
const TO_BE_MENDED: [&str; 1] = ["Report"];

#[test]
fn a_type_name_means_one_thing() {
    let source = Source::read();
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (module, file) in &source.0 {
        for name in types(file) {
            places.entry(name).or_default().push(module.join("/"));
        }
    }
    places.retain(|name, places| places.len() > 1 && !OF_EACH_MODULE.contains(name) && !TO_BE_MENDED.contains(name));
    assert!(places.is_empty(), "declared more than once: {places:#?}");
}

/// The types and traits that a file declares; those of traits and of functions aside.
fn types(file: &File) -> Vec<&str> {
    let mut depth = 0;
    let mut found = Vec::new();
    for words in file.words.windows(2) {
        match words[0].as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            "struct" | "enum" | "trait" | "type" | "union" if depth == 0 => found.push(words[1].as_str()),
            _ => {}
        }
    }
    found
}
