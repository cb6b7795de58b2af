//! A plan says what an import would do, and does none of it.

use connector_lab::management_center::{Faults, Options};
use connector_lab::qualys::{self as lab, Times};
use support::{Ended, center, connector, count, from_qualys, qualys, report, run, sending, small};

use crate::summary::steady;

#[tokio::test]
async fn a_person_reads_what_would_happen_and_needs_no_management_center_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(60));
    let mut command = connector(folder.path());
    command
        .args(["--plan", "--host-limit", "40", "--summary", "text"])
        .args(["--set", "commands.add_host=y", "--set", "management_center.deadline=1s"])
        .arg("--report")
        .arg(&path);
    let ended = run(command).await;
    ended.assert_code(0);
    insta::assert_snapshot!("plan", steady(&ended.stdout, folder.path()));
}

/// A plan is nothing but what it says.
#[tokio::test]
async fn a_quiet_plan_is_said_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(20));
    let mut command = connector(folder.path());
    command.args(["--plan", "--quiet", "--report"]).arg(&path);
    let output = tokio::task::spawn_blocking(move || command.output());
    let ended = Ended::new(output.await.unwrap().unwrap());
    ended.assert_code(0);
    assert!(ended.stdout.contains("  takes        "), "{}", ended.stdout);
}

#[tokio::test]
async fn a_plan_foretells_the_import_and_connects_to_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(300));
    let center = center(Options::default()).await;
    for settings in [
        &["commands.add_host=y"][..],
        &["management_center.max_frame=2048", "commands.hostname_attribute=DNS"],
        &["commands.mode=merge"],
    ] {
        let command = |plan: &[&str]| {
            let mut command = sending(folder.path(), &center);
            command.args(plan).arg("--report").arg(&path);
            for setting in settings {
                command.args(["--set", setting]);
            }
            command
        };
        let before = center.network_map().counters.connections;
        let planned = run(command(&["--plan"])).await;
        assert_eq!(center.network_map().counters.connections, before);
        let done = run(command(&[])).await;
        let (plan, done) = (planned.assert_code(0).summary(), done.assert_code(0).summary());
        let plan = &plan["plan"];
        assert_eq!(plan["frames"], done["frames"], "{settings:?}");
        assert_eq!(plan["commands"], done["commands"]["sent"], "{settings:?}");
        let number = |value: &serde_json::Value| value.as_u64().unwrap();
        let (replaced, merged) = (&plan["replaced"], &plan["merged"]);
        assert_eq!(
            number(&replaced["findings"]) + number(&merged["findings"]),
            number(&done["findings"]["acknowledged"])
        );
        assert_eq!(
            number(&replaced["hosts"]) + number(&merged["hosts"]),
            number(&done["hosts"]["acknowledged"])
        );
        assert_eq!(plan["cleared"]["hosts"], done["hosts"]["cleared"]);
        for sums in ["by_severity", "by_kind"] {
            let sum: u64 = plan[sums].as_object().unwrap().values().map(number).sum();
            assert_eq!(sum, number(&done["findings"]["selected"]), "{sums}");
        }
    }
}

#[tokio::test]
async fn hosts_of_several_templates_are_held_against_the_limit_once() {
    let folder = tempfile::tempdir().unwrap();
    let qualys = qualys(lab::Options {
        times: Times::instant(),
        distinct: true,
        report: small(60),
        ..lab::Options::default()
    })
    .await;
    let center = center(Options::default()).await;
    let mut command = from_qualys(sending(folder.path(), &center), &qualys, "424242,535353");
    command.args(["--plan", "--host-limit", "60"]);
    let ended = run(command).await;
    let summary = ended.assert_code(0).whole_summary();
    assert_eq!(summary["meaning"], "planned, nothing was sent");
    let plan = &summary["merged"]["plan"];
    let hosts = plan["replaced"]["hosts"].as_u64().unwrap();
    assert!(hosts > 40, "{plan}");
    assert_eq!((&plan["hosts"], &plan["merged"]["hosts"]), (&hosts.into(), &0.into()));
    assert_eq!(plan["exceeds_host_limit"], hosts > 60);
    assert_eq!(center.network_map().counters.connections, 0);
    assert_eq!(
        (count(&qualys, "launch"), count(&qualys, "delete")),
        (2, 2),
        "nothing stays at Qualys"
    );
}

#[tokio::test]
async fn a_plan_leaves_the_import_s_report_at_qualys() {
    let folder = tempfile::tempdir().unwrap();
    let qualys = qualys(lab::Options {
        times: Times::instant(),
        report: small(20),
        ..lab::Options::default()
    })
    .await;
    // The import can't deliver, so its report stays for the next one.
    let center = center(Options {
        faults: Faults {
            close_after_tls: true,
            ..Faults::default()
        },
        ..Options::default()
    })
    .await;
    let command = || {
        let mut command = from_qualys(sending(folder.path(), &center), &qualys, "424242");
        command.args(["--set", "management_center.connect_deadline=1s"]);
        command
    };
    let counts = || (count(&qualys, "launch"), count(&qualys, "delete"));
    run(command()).await.assert_code(77);
    assert_eq!(counts(), (1, 0));
    let mut plan = command();
    plan.arg("--plan");
    run(plan).await.assert_code(0);
    assert_eq!(counts(), (2, 1), "the plan made its own report, and deleted it");
    run(command()).await.assert_code(77);
    assert_eq!(counts(), (2, 1), "the import went on with its report");
}

#[tokio::test]
async fn too_many_hosts_are_warned_of_before_they_are_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = report(folder.path(), small(60));
    let center = center(Options::default()).await;
    let mut command = sending(folder.path(), &center);
    command.args(["--host-limit", "48", "--report"]).arg(&path);
    let ended = run(command).await;
    ended
        .assert_code(0)
        .assert_says("49 hosts are told of, and the network map holds 48");
}

#[tokio::test]
async fn a_file_of_commands_isnt_planned() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = connector(folder.path());
    command.args(["send", "commands.csv", "--server", "127.0.0.1", "--plan"]);
    run(command)
        .await
        .assert_code(64)
        .assert_says("--plan is for an import");
}
