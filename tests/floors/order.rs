//! A module uses only those that `src/lib.rs` lists below it.

use std::collections::BTreeSet;
use std::fs;

use crate::source::{Source, folder};

#[test]
fn modules_use_only_what_stands_below_them() {
    let list = fs::read_to_string(folder().join("lib.rs")).unwrap();
    let rows = list.lines().filter_map(|line| line.strip_prefix("//! | "));
    let floors: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
    let floor = |room: &str| floors.iter().position(|other| *other == room);
    let source = Source::read();
    let (mut rooms, mut upward) = (BTreeSet::new(), Vec::new());
    for module in source.0.keys().filter(|module| !module.is_empty()) {
        let room = &module[0];
        let from = floor(room).unwrap_or_else(|| panic!("the list in lib.rs has no {room}"));
        rooms.insert(room.as_str());
        for (used, path) in source.used_by(module) {
            if floor(&used[0]).is_some_and(|to| to < from) {
                upward.push(format!("{} uses {path}", module.join("/")));
            }
        }
    }
    assert_eq!(upward, [""; 0], "modules use what lib.rs lists above them");
    let gone: Vec<_> = floors.iter().filter(|floor| !rooms.contains(**floor)).collect();
    assert!(gone.is_empty(), "{gone:?} are listed, and not there");
}
