//! A state that can't be used: the import goes on without it, and clears nobody that left.

use std::fs;

use super::*;

/// The state after an import; the estate has changed since.
async fn after_a_change() -> (Place, usize) {
    let place = Place::new().await;
    place.imported(Source::Detections, &[], 0).await;
    place.becomes(1);
    let stale = place.stale(1).await;
    assert!(stale > 0);
    (place, stale)
}

/// Everything else is imported, nobody is cleared, and the summary says what is wrong.
async fn assert_goes_on(place: &Place, stale: usize, sentence: &str) {
    let ended = place.imported(Source::Detections, &[], 0).await;
    ended.assert_says(sentence);
    let remarks = ended.summary()["remarks"].to_string();
    assert!(remarks.contains(sentence), "{remarks}");
    assert!(place.stale(1).await >= stale);
    place.assert_holds_estate(1).await;
}

#[tokio::test]
async fn a_damaged_one_is_set_aside() {
    let (place, stale) = after_a_change().await;
    let mut bytes = fs::read(place.state()).unwrap();
    let half = bytes.len() / 2;
    bytes.truncate(half);
    fs::write(place.state(), bytes).unwrap();
    assert_goes_on(&place, stale, "what was remembered is damaged").await;
    assert!(place.state().with_file_name("state.redb.damaged").exists());
    assert!(place.remembered().await["hosts"].as_u64() > Some(50));
}

#[tokio::test]
async fn a_lost_one_is_begun_anew() {
    let (place, stale) = after_a_change().await;
    fs::remove_file(place.state()).unwrap();
    let ended = place.imported(Source::Detections, &[], 0).await;
    assert_eq!(left(&ended), Some(0));
    assert!(place.stale(1).await >= stale);
    place.becomes(2);
    assert!(left(&place.imported(Source::Detections, &[], 0).await) > Some(0));
}

#[tokio::test]
async fn one_that_another_run_has_is_left_alone() {
    let (place, stale) = after_a_change().await;
    let held = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(place.state())
        .unwrap();
    rustix::fs::flock(&held, rustix::fs::FlockOperation::NonBlockingLockExclusive).unwrap();
    assert_goes_on(&place, stale, "another run is using it").await;
    let mut command = connector(place.folder.path());
    command.args(["state", "--set", "state.dir=state"]);
    let shown = Running::of(command).ended().await;
    shown.assert_code(75).assert_says("another run is using it; let it end");
    drop(held);
    assert!(left(&place.imported(Source::Detections, &[], 0).await) > Some(0));
}

#[tokio::test]
async fn one_that_somebody_has_for_two_seconds_is_waited_for() {
    let (place, _) = after_a_change().await;
    let before = place.remembered().await;
    let held = place.store();
    let mut import = place.import(Source::Detections, &[]);
    import.args(["--summary", "json"]);
    let running = Running::of(import);
    tokio::time::sleep(Duration::from_secs(2)).await;
    drop(held);
    let ended = running.ended().await;
    assert_eq!(ended.assert_code(0).whole_summary()["remembered"], true);
    assert!(left(&ended) > Some(0));
    assert_ne!(place.remembered().await["last_import"], before["last_import"]);
    place.assert_is_estate(Source::Detections, 1).await;
}

#[tokio::test]
async fn a_folder_that_is_none_costs_nothing_but_the_memory() {
    let (place, stale) = after_a_change().await;
    fs::remove_dir_all(place.folder.path().join("state")).unwrap();
    fs::write(place.folder.path().join("state"), "a file").unwrap();
    assert_goes_on(&place, stale, "state.dir can't be used").await;
}

#[tokio::test]
async fn a_disk_that_is_full_costs_nothing_but_the_memory() {
    let (place, stale) = after_a_change().await;
    fs::remove_dir_all(place.folder.path().join("state")).unwrap();
    std::os::unix::fs::symlink("/dev/full", place.folder.path().join("state.redb")).unwrap();
    fs::create_dir(place.folder.path().join("state")).unwrap();
    std::os::unix::fs::symlink("/dev/full", place.state()).unwrap();
    assert_goes_on(&place, stale, "state.dir can't be used").await;
}

#[tokio::test]
async fn it_is_forgotten_on_demand() {
    let (place, _) = after_a_change().await;
    let forget = || {
        let mut command = connector(place.folder.path());
        command.args(["state", "--forget", "--set", "state.dir=state"]);
        Running::of(command)
    };
    assert_eq!(forget().ended().await.assert_code(0).stdout, "state: forgotten\n");
    assert_eq!(
        forget().ended().await.assert_code(0).stdout,
        "state: nothing is remembered\n"
    );
    let mut unset = connector(place.folder.path());
    unset.arg("state");
    let unset = Running::of(unset).ended().await;
    unset.assert_code(78).assert_says("state.dir isn't set");
}
