use super::*;

/// Two kinds may have one code only where Qualys' words tell them apart, and the words come first.
#[test]
fn every_code_and_every_status_leads_to_one_kind() {
    for kind in Kind::ALL {
        for &(code, words) in kind.row().codes {
            assert_eq!(Kind::of_answer(Some(code), words, 200), *kind, "{code} {words}");
        }
        for status in kind.row().statuses.iter().cloned().flatten() {
            assert_eq!(Kind::of_answer(None, "", status), *kind, "{status}");
            assert_eq!(Kind::of_status(status).count(), 1, "{status}");
        }
    }
}

#[test]
fn the_code_decides_before_the_status_and_the_words_where_no_code_does() {
    let of = |code, words, status| Kind::of_answer(code, words, status);
    assert_eq!(of(Some(2003), "", 409), Kind::Unregistered);
    assert_eq!(
        of(Some(999), "Tried to launch invalid report.", 200),
        Kind::InvalidReport
    );
    assert_eq!(
        of(Some(5555), "Your Report Share storage is full", 409),
        Kind::StorageFull
    );
    assert_eq!(of(Some(1920), "The storage limit is reached", 409), Kind::StorageFull);
    assert_eq!(of(Some(5555), "", 409), Kind::TooManyCalls);
    assert_eq!(of(Some(5555), "", 200), Kind::Refused);
}

/// The labels are values of metrics, which dashboards and alerts name.
#[test]
fn rows_are_complete() {
    for kind in Kind::ALL {
        let row = kind.row();
        assert!(!row.label.is_empty() && !row.meaning.is_empty(), "{kind:?}");
        assert_eq!(row.exit == Exit::Bug, *kind == Kind::Bug, "{kind:?}");
        assert!(row.codes.is_empty() || !row.remedy.is_empty(), "{kind:?}");
    }
}
