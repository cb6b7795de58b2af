//! What is remembered of an import into elsewhere.

use super::*;

#[tokio::test]
async fn a_run_into_elsewhere_that_comes_to_nothing_forgets_nothing() {
    let place = Place::new().await;
    place.imported(Source::Detections, &[LAST], 0).await;
    place.becomes(1);
    place.a_minute_passes();
    let remembered = place.remembered().await;
    let elsewhere = "give each import a state.dir of its own";
    for (other, sentence) in [
        (["--set", "commands.scanner=Other"], elsewhere),
        (["--set", "commands.domain=Global\\Other"], elsewhere),
        (["--server", "localhost"], elsewhere),
        (
            ["--set", "selection.min_severity=2"],
            "the settings that decide what is imported have changed",
        ),
    ] {
        let mut import = place.import(Source::Detections, &[LAST]);
        import.args(other).env("QC_QUALYS__PASSWORD", "wrong");
        let refused = run(import).await;
        refused.assert_code(77).assert_says(sentence);
        let mut after = place.remembered().await;
        // Whoever opens it may tidy it up.
        after["bytes"] = remembered["bytes"].clone();
        assert_eq!(after, remembered, "{other:?}");
    }
    let delta = place.imported(Source::Detections, &[LAST], 0).await;
    delta.assert_says("hosts are asked for that changed since the last good import");
    place.assert_holds_estate(1).await;
    let full = place.imported(Source::Detections, &[], 0).await;
    assert!(left(&full) > Some(0));
    place.assert_is_estate(Source::Detections, 1).await;
}

/// It begins and ends with words that are easily found.
const HOSTILE: &str = "Elsewhere:8307\nknown hosts       999\r\u{1b}[2J\u{9b}31m\u{7}its end";

/// The hostile destination is shown, on a line of its own, and nothing that a terminal obeys.
fn assert_shown_on_one_line(text: &str) {
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    let mut lines = text.lines().filter(|line| line.contains("Elsewhere:8307")).peekable();
    assert!(lines.peek().is_some(), "{text:?}");
    assert!(lines.all(|line| line.contains("its end")), "{text:?}");
}

#[tokio::test]
async fn whatever_destination_is_remembered_shows_on_one_line() {
    let place = Place::new().await;
    let import = || place.import(Source::Detections, &[]);
    run(import()).await.assert_code(0);
    place.rewrite(|header| header.destination = HOSTILE.to_owned());

    let mut state = connector(place.folder.path());
    state.args(["state", "--set", "state.dir=state"]);
    assert_shown_on_one_line(&Running::of(state).ended().await.assert_code(0).stdout);

    let mut check = import();
    check.arg("check");
    assert_shown_on_one_line(&Running::of(check).ended().await.stdout);

    let ended = Running::of(import()).ended().await;
    ended
        .assert_code(0)
        .assert_says("what is remembered is of an import into Elsewhere:8307");
    assert_shown_on_one_line(&ended.stderr);
    assert_shown_on_one_line(&ended.stdout);
}
