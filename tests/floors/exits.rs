//! An exit code is what a run ends with, and decides nothing before: what a problem means stands in the table of problems.

use crate::source::Source;

/// The table, the codes themselves, and the process that ends with one.
const ROOMS: [&str; 3] = ["exit", "problem", "process"];

#[test]
fn only_the_process_and_the_table_name_an_exit_code() {
    let source = Source::read();
    let mut named = Vec::new();
    for (module, file) in source
        .0
        .iter()
        .filter(|(module, _)| !module.first().is_some_and(|room| ROOMS.contains(&room.as_str())))
    {
        for words in file.words.windows(3) {
            if words[0] == "Exit" && words[1] == "::" && words[2] != "ALL" {
                named.push(format!("{}: Exit::{}", module.join("/"), words[2]));
            }
        }
    }
    assert_eq!(named, [""; 0]);
}
