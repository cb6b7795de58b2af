//! What the documentation promises of spans, held against what a collector received.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::span::{CLIENT, INTERNAL, Span, tree};

/// A row of the table in `docs/traces.md`.
struct Promise {
    names: Vec<String>,
    parents: String,
    always: BTreeSet<String>,
    sometimes: BTreeSet<String>,
}

impl Promise {
    /// `GET …` stands for every name that begins so.
    fn is_of(&self, name: &str) -> bool {
        self.names.iter().any(|promised| match promised.strip_suffix('…') {
            Some(start) => name.starts_with(start),
            None => name == promised,
        })
    }
}

/// Asserts that spans, of one run, are as they are promised, and gives their tree.
pub(crate) fn kept(spans: &[Span]) -> String {
    let promises = promises();
    let tree = tree(spans);
    let traces: BTreeSet<&str> = spans.iter().map(|span| span.trace.as_str()).collect();
    let ids: BTreeSet<&str> = spans.iter().map(|span| span.id.as_str()).collect();
    let instances: BTreeSet<_> = spans
        .iter()
        .map(|span| span.resource.get("service.instance.id"))
        .collect();
    assert_eq!(
        (traces.len(), ids.len(), instances.len()),
        (1, spans.len(), 1),
        "{tree}"
    );
    for span in spans {
        let promise = promises.iter().find(|promise| promise.is_of(&span.name));
        let promise = promise.unwrap_or_else(|| panic!("nobody promised a span {}:\n{tree}", span.name));
        let has: BTreeSet<String> = span.attributes.keys().cloned().collect();
        let name = &span.name;
        let missing: Vec<_> = promise.always.difference(&has).collect();
        assert!(missing.is_empty(), "{name} lacks {missing:?}");
        let may = promise.always.union(&promise.sometimes).cloned().collect();
        let too_many: Vec<_> = has.difference(&may).collect();
        assert!(too_many.is_empty(), "nobody promised {too_many:?} on {name}");

        let parent = spans.iter().find(|parent| parent.id == span.parent);
        let parent = parent.map_or("none", |parent| parent.name.as_str());
        let promised = promise.parents.contains(parent);
        assert!(promised, "{name} is a child of {parent}:\n{tree}");
        let client = promise.names.iter().any(|name| name.ends_with('…') || name == "frames");
        assert_eq!(span.kind, if client { CLIENT } else { INTERNAL }, "kind of {name}");
        assert!(span.begun <= span.ended, "{name}");
        assert_eq!(span.events, 0, "events of {name}");
        if has.contains("qualys_connector.stage") {
            assert_eq!(span.get("qualys_connector.stage"), name);
        }
    }
    let resource = &spans[0].resource;
    assert_eq!(resource["service.name"], "qualys-connector");
    assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(resource["telemetry.sdk.language"], "rust");
    tree
}

fn promises() -> Vec<Promise> {
    let docs = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/traces.md")).unwrap();
    let (_, rest) = docs.split_once("<!-- spans -->\n").unwrap();
    let (table, _) = rest.split_once("<!-- /spans -->").unwrap();
    let rows = table.lines().skip(2).map(|row| {
        let cells: Vec<&str> = row.split('|').collect();
        assert_eq!(cells.len(), 6, "{row}");
        Promise {
            names: quoted(cells[1]),
            parents: cells[2].to_owned(),
            always: quoted(cells[3]).into_iter().collect(),
            sometimes: quoted(cells[4]).into_iter().collect(),
        }
    });
    rows.collect()
}

/// What stands between backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_documentation_has_the_table() {
    assert!(promises().len() > 10);
}
