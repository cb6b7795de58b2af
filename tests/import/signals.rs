//! SIGTERM ends an import at a host boundary.

use std::process::Stdio;
use std::time::{Duration, Instant};

use connector_lab::management_center::Faults;

use crate::support::{Ended, faulty, held, meant, report, sending, small};

#[tokio::test]
async fn a_terminated_import_leaves_only_whole_hosts() {
    let folder = tempfile::tempdir().unwrap();
    let (path, expected) = report(folder.path(), small(300));
    let faults = Faults {
        slow_answers: Duration::from_millis(50),
        ..Faults::default()
    };
    let center = faulty(faults).await;
    let mut command = sending(folder.path(), &center);
    command
        .arg("--report")
        .arg(&path)
        .args(["--set", "management_center.max_frame=2048"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while center.network_map().counters.frames < 12 {
        assert!(begun.elapsed() < Duration::from_secs(30), "nothing is sent");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut kill = std::process::Command::new("kill");
    assert!(
        kill.args(["-TERM", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    let output = tokio::task::spawn_blocking(move || child.wait_with_output());
    Ended::new(output.await.unwrap().unwrap()).assert_code(143);
    center.idle().await;
    let (held, meant) = (held(&center.network_map()), meant(&expected));
    assert!(
        !held.is_empty() && held.len() < meant.len(),
        "{} of {}",
        held.len(),
        meant.len()
    );
    for (address, results) in &held {
        assert_eq!(meant.get(address), Some(results), "{address}");
    }
}
