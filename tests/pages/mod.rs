//! Pages with parts that are made: a part stands between two comments that name it.

use std::fs;
use std::path::Path;
use std::sync::Mutex;

/// Tests run side by side, and some write into the same page.
static WRITING: Mutex<()> = Mutex::new(());

/// Holds a part of a page to what it is made of; writes it where `UPDATE_DOCS` is set.
pub(crate) fn holds(page: &str, part: &str, text: &str) {
    let _alone = WRITING.lock();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let (start, end) = (format!("<!-- {part} -->\n"), format!("<!-- /{part} -->"));
    let there = fs::read_to_string(&path).unwrap();
    let (before, rest) = there.split_once(&start).unwrap();
    let (old, after) = rest.split_once(&end).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path, format!("{before}{start}{text}{end}{after}")).unwrap();
    } else {
        assert_eq!(
            old, text,
            "{page} isn't what it is made of; UPDATE_DOCS=1 with this test writes it anew"
        );
    }
}
