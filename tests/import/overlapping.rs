//! Templates that share hosts: each host is sent once, with what all of them report of it, or keeps what it has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use connector_lab::management_center::{AnswerFault, Faults, ManagementCenter, Options};
use connector_lab::qualys::{self as lab, Qualys, Times};
use support::{Ended, Running, center, connector, count, from_qualys, held, qualys, run, sending, until};

/// QIDs by host.
type Map = BTreeMap<IpAddr, BTreeSet<u32>>;

/// What a template reports of a host: open QIDs, and fixed ones.
type Host<'a> = (u8, &'a [u32], &'a [u32]);

fn address(host: u8) -> IpAddr {
    [192, 0, 2, host].into()
}

fn map(hosts: &[(u8, &[u32])]) -> Map {
    let hosts = hosts.iter();
    hosts
        .map(|(host, qids)| (address(*host), qids.iter().copied().collect()))
        .collect()
}

/// A report of these hosts; another kind of document if it is `broken`.
fn xml(title: &str, hosts: &[Host<'_>], broken: bool) -> String {
    let finding = |qid: &u32, status: &str| {
        format!("<VULN_INFO><QID>{qid}</QID><TYPE>Vuln</TYPE><VULN_STATUS>{status}</VULN_STATUS></VULN_INFO>")
    };
    let hosts: String = hosts
        .iter()
        .map(|(host, open, fixed)| {
            let open = open.iter().map(|qid| finding(qid, "Active"));
            let fixed = fixed.iter().map(|qid| finding(qid, "Fixed"));
            let findings: String = open.chain(fixed).collect();
            format!(
                "<HOST><IP>{}</IP><VULN_INFO_LIST>{findings}</VULN_INFO_LIST></HOST>",
                address(*host)
            )
        })
        .collect();
    let root = if broken {
        "COMPLIANCE_POLICY_REPORT"
    } else {
        "ASSET_DATA_REPORT"
    };
    format!("<{root}><HEADER><TEMPLATE>{title}</TEMPLATE></HEADER><HOST_LIST>{hosts}</HOST_LIST></{root}>")
}

/// Two templates at Qualys, 11 and 22.
struct Pair {
    folder: tempfile::TempDir,
    center: ManagementCenter,
}

impl Pair {
    async fn new() -> Self {
        Pair {
            folder: tempfile::tempdir().unwrap(),
            center: center(Options::default()).await,
        }
    }

    /// Qualys, whose templates report this from now on; `None`: nothing that can be read.
    async fn qualys(&self, reports: [Option<&[Host<'_>]>; 2]) -> Qualys {
        self.qualys_with(reports, lab::Options::default()).await
    }

    async fn qualys_with(&self, reports: [Option<&[Host<'_>]>; 2], options: lab::Options) -> Qualys {
        let mut files = Vec::new();
        for (template, hosts) in [11, 22].into_iter().zip(reports) {
            let file = self.folder.path().join(format!("{template}.xml"));
            let text = xml(&template.to_string(), hosts.unwrap_or_default(), hosts.is_none());
            fs::write(&file, text).unwrap();
            files.push(format!("{template}={}", file.display()).parse().unwrap());
        }
        qualys(lab::Options {
            times: Times {
                build_time: options.times.build_time.min(Duration::from_millis(300)),
                ..Times::instant()
            },
            files,
            ..options
        })
        .await
    }

    async fn import(&self, reports: [Option<&[Host<'_>]>; 2], settings: &[&str]) -> Ended {
        let qualys = self.qualys(reports).await;
        let mut command = from_qualys(sending(self.folder.path(), &self.center), &qualys, "11,22");
        for setting in settings {
            command.args(["--set", setting]);
        }
        let ended = run(command).await;
        self.center.idle().await;
        ended
    }

    fn held(&self) -> Map {
        qids(&self.center)
    }
}

fn qids(center: &ManagementCenter) -> Map {
    let held = held(&center.network_map()).into_iter();
    let held = held.map(|(address, results)| {
        let qids = results.into_iter().map(|result| result.0.parse().unwrap());
        (address, qids.collect())
    });
    held.collect()
}

/// What the two templates say at first: hosts 1 and 2 stand in both.
const BEFORE: [&[Host<'_>]; 2] = [
    &[(1, &[11], &[]), (2, &[12], &[]), (3, &[13], &[])],
    &[(1, &[21], &[]), (2, &[22], &[]), (4, &[24], &[])],
];
/// What they say later: everything of the second is fixed.
const LATER: [&[Host<'_>]; 2] = [
    &[(1, &[11], &[]), (2, &[112], &[12]), (3, &[113], &[13])],
    &[(1, &[], &[21]), (2, &[], &[22]), (4, &[], &[24])],
];

#[tokio::test]
async fn each_host_is_sent_once_with_what_all_templates_report_of_it() {
    let pair = Pair::new().await;
    let ended = pair.import(BEFORE.map(Some), &[]).await;
    let summary = ended.assert_code(0).whole_summary();
    assert_eq!(
        pair.held(),
        map(&[(1, &[11, 21]), (2, &[12, 22]), (3, &[13]), (4, &[24])])
    );
    let merged = &summary["merged"];
    assert_eq!(merged["templates"], serde_json::json!(["11", "22"]));
    assert_eq!(
        (&merged["hosts"]["read"], &merged["hosts"]["acknowledged"]),
        (&6.into(), &4.into())
    );
    assert_eq!(summary["templates"][0]["hosts"], serde_json::json!({ "read": 3 }));
    assert_eq!(merged["connections"], 1);
    // What is fixed in all templates leaves the map; what another reports stays.
    let ended = pair.import(LATER.map(Some), &[]).await;
    let summary = ended.assert_code(0).whole_summary();
    assert_eq!(pair.held(), map(&[(1, &[11]), (2, &[112]), (3, &[113])]));
    assert_eq!(summary["merged"]["hosts"]["cleared"], 1, "{summary}");
}

#[tokio::test]
async fn where_a_template_fails_nothing_is_replaced_or_cleared() {
    for (broken, names) in [([None, Some(LATER[1])], "11"), ([Some(LATER[0]), None], "22")] {
        let pair = Pair::new().await;
        pair.import(BEFORE.map(Some), &[]).await.assert_code(0);
        let before = pair.held();
        let ended = pair.import(broken, &[]).await;
        let summary = ended.assert_code(65).whole_summary();
        let after = pair.held();
        for (host, results) in &before {
            assert!(after[host].is_superset(results), "{host} held {results:?}: {after:?}");
        }
        if broken[0].is_some() {
            assert!(
                after[&address(2)].contains(&112),
                "what the other says is merged: {after:?}"
            );
        }
        let said = &summary["merged"]["remarks"][0];
        let sentence = format!(
            "template {names} is missing: what the others report is added to what is held of their hosts; nothing is \
             replaced or cleared"
        );
        assert_eq!(said, &sentence);
        ended.assert_says(&sentence);
        assert_eq!((&summary["merged"]["exit"], &summary["exit"]), (&65.into(), &65.into()));
    }
}

/// A Management Center that goes away leaves hosts that are old, and hosts that hold what all templates say.
#[tokio::test]
async fn a_delivery_that_ends_early_leaves_no_host_with_half_the_truth() {
    let hosts: Vec<u8> = (1..=40).collect();
    let report = |qids: &'static [u32]| {
        hosts
            .iter()
            .map(|host| (*host, qids, &[][..]))
            .collect::<Vec<Host<'_>>>()
    };
    let (first, second) = (report(&[11]), report(&[21]));
    let pair = Pair::new().await;
    pair.import([Some(&first), Some(&second)], &[]).await.assert_code(0);
    let (first, second) = (report(&[111]), report(&[121]));
    pair.center.set_faults(Faults {
        refuse_connections_after: Some(2),
        ..Faults::default().answer(3, AnswerFault::CloseAfter)
    });
    let settings = ["management_center.max_frame=2000", "management_center.deadline=4s"];
    let ended = pair.import([Some(&first), Some(&second)], &settings).await;
    ended.assert_code(69).whole_summary();
    let (old, new) = (BTreeSet::from([11, 21]), BTreeSet::from([111, 121]));
    let held = pair.held();
    // What was queued when the connection ended joins what is held.
    let halves: Vec<_> = held.values().filter(|qids| ![&old, &new].contains(qids)).collect();
    assert!(
        halves.len() <= 1 && halves.iter().all(|qids| qids.is_superset(&old)),
        "{held:?}"
    );
    assert!(held.values().any(|qids| *qids == old) && held.values().any(|qids| *qids == new));
}

#[tokio::test]
async fn disjoint_templates_are_delivered_one_by_one_and_one_that_fails_costs_the_others_nothing() {
    let pair = Pair::new().await;
    let disjoint = ["commands.templates=disjoint"];
    let (first, second): ([Host<'_>; 1], [Host<'_>; 1]) = ([(1, &[11], &[])], [(2, &[22], &[])]);
    pair.import([Some(&first), Some(&second)], &disjoint)
        .await
        .assert_code(0);
    let fixed: [Host<'_>; 1] = [(2, &[], &[22])];
    let ended = pair.import([None, Some(&fixed)], &disjoint).await;
    let summary = ended.assert_code(65).whole_summary();
    assert_eq!(pair.held(), map(&[(1, &[11])]));
    assert_eq!(summary["templates"][1]["hosts"]["cleared"], 1);
    assert!(summary.get("merged").is_none());
}

#[tokio::test]
async fn a_plan_foretells_the_merged_delivery() {
    let pair = Pair::new().await;
    for reports in [BEFORE.map(Some), [None, Some(LATER[1])], [Some(LATER[0]), None]] {
        let qualys = pair.qualys(reports).await;
        let mut command = from_qualys(sending(pair.folder.path(), &pair.center), &qualys, "11,22");
        command.arg("--plan");
        let planned = run(command).await;
        let done = pair.import(reports, &[]).await;
        let (planned, done) = (planned.whole_summary(), done.whole_summary());
        let (plan, done) = (&planned["merged"]["plan"], &done["merged"]);
        assert_eq!(
            (&plan["frames"], &plan["commands"]),
            (&done["frames"], &done["commands"]["sent"])
        );
    }
}

/// Files of several templates, imported one after the other by anybody, say what all templates say.
#[tokio::test]
async fn a_file_for_each_template_replaces_a_host_once() {
    let pair = Pair::new().await;
    let written = async |reports| {
        let qualys = pair.qualys(reports).await;
        let mut command = from_qualys(sending(pair.folder.path(), &pair.center), &qualys, "11,22");
        command.args(["--csvfile", "Output.csv"]);
        let ended = run(command).await;
        assert_eq!(count(&qualys, "launch"), 2);
        ended
    };
    let send = async |folder: &Path, file: &str| {
        let mut command = sending(folder, &pair.center);
        command.args(["send", file]);
        run(command).await.assert_code(0);
        pair.center.idle().await;
    };
    for (reports, meant) in [
        (BEFORE, map(&[(1, &[11, 21]), (2, &[12, 22]), (3, &[13]), (4, &[24])])),
        (LATER, map(&[(1, &[11]), (2, &[112]), (3, &[113])])),
    ] {
        let summary = written(reports.map(Some)).await.assert_code(0).whole_summary();
        assert_eq!(summary["meaning"], "all written, nothing was sent");
        send(pair.folder.path(), "11_Output.csv").await;
        send(pair.folder.path(), "22_Output.csv").await;
        assert_eq!(pair.held(), meant);
    }
    // One that fails leaves the file of before, and the other replaces nothing.
    let before = fs::read(pair.folder.path().join("22_Output.csv")).unwrap();
    let ended = written([Some(BEFORE[0]), None]).await;
    let summary = ended.assert_code(65).whole_summary();
    assert_eq!(fs::read(pair.folder.path().join("22_Output.csv")).unwrap(), before);
    let first = fs::read_to_string(pair.folder.path().join("11_Output.csv")).unwrap();
    assert!(
        !first.contains("ScanFlush") && !first.contains("DeleteScanResult"),
        "{first}"
    );
    assert_eq!(summary["templates"][0]["hosts"]["written"], 3);
}

/// A single report that can't be read changes nothing, as ever.
#[tokio::test]
async fn where_all_templates_fail_nothing_is_sent() {
    let pair = Pair::new().await;
    let ended = pair.import([None, None], &[]).await;
    let summary = ended.assert_code(65).whole_summary();
    assert_eq!(pair.center.network_map().counters.connections, 0);
    assert_eq!(summary["merged"]["templates"], serde_json::json!([]));
    let mut command = connector(pair.folder.path());
    command.args(["--report", "11.xml", "--csvfile", "out.csv"]);
    run(command).await.assert_code(65);
}

/// What was asked of Qualys, but for its lists.
fn asked(qualys: &Qualys) -> Vec<String> {
    let asked = qualys.requests();
    let asked = asked.iter().map(|request| request.action.to_string());
    asked.filter(|action| action != "list").collect()
}

#[tokio::test]
async fn reports_are_made_at_the_same_time_and_deleted_once_all_is_delivered() {
    for (at_once, order) in [
        ("1", ["launch", "fetch", "launch", "fetch", "delete", "delete"]),
        ("2", ["launch", "launch", "fetch", "fetch", "delete", "delete"]),
    ] {
        let pair = Pair::new().await;
        let qualys = pair.qualys(BEFORE.map(Some)).await;
        let mut command = from_qualys(sending(pair.folder.path(), &pair.center), &qualys, "11,22");
        command.args(["--set", &format!("qualys.reports_at_once={at_once}")]);
        run(command).await.assert_code(0).whole_summary();
        assert_eq!(asked(&qualys), order, "{at_once} at once");
    }
}

/// The next run goes on with all of them.
#[tokio::test]
async fn reports_stay_at_qualys_until_their_delivery_is_done() {
    let pair = Pair::new().await;
    let runs_forever = lab::Options {
        faults: vec!["runs-forever@launch:2".parse().unwrap()],
        ..lab::Options::default()
    };
    let qualys = pair.qualys_with(BEFORE.map(Some), runs_forever).await;
    let mut command = from_qualys(sending(pair.folder.path(), &pair.center), &qualys, "11,22");
    command.args(["--set", "qualys.deadline=6s", "--set", "qualys.reports_at_once=1"]);
    let ended = run(command).await;
    ended.assert_code(75).whole_summary();
    pair.center.idle().await;
    assert_eq!(
        pair.held(),
        map(&[(1, &[11]), (2, &[12]), (3, &[13])]),
        "{}",
        ended.stderr
    );
    assert_eq!(count(&qualys, "delete"), 0);
    assert_eq!(qualys.reports().len(), 2);
}

#[tokio::test]
async fn told_to_stop_before_all_reports_are_there_nothing_is_sent() {
    let pair = Pair::new().await;
    pair.import(BEFORE.map(Some), &[]).await.assert_code(0);
    let (before, connections) = (pair.held(), pair.center.network_map().counters.connections);
    let runs_forever = lab::Options {
        faults: vec!["runs-forever@launch:2".parse().unwrap()],
        ..lab::Options::default()
    };
    let qualys = pair.qualys_with(LATER.map(Some), runs_forever).await;
    let mut command = from_qualys(sending(pair.folder.path(), &pair.center), &qualys, "11,22");
    command.args(["--set", "qualys.reports_at_once=1", "--summary", "json"]);
    let running = Running::of(command);
    until("two launches", || count(&qualys, "launch") == 2).await;
    running.signal("TERM");
    let summary = running.ended().await.assert_code(143).whole_summary();
    assert_eq!(pair.held(), before);
    assert_eq!(pair.center.network_map().counters.connections, connections);
    assert_eq!(summary["merged"]["error"], "interrupted before anything was sent");
}

/// Nobody who tells a run to stop waits as long for each report as for one.
#[tokio::test]
async fn told_to_stop_while_tidying_up_it_ends_soon_however_many_reports_there_are() {
    let pair = Pair::new().await;
    let silent = lab::Options {
        faults: vec!["hang@delete".parse().unwrap()],
        ..lab::Options::default()
    };
    let qualys = pair.qualys_with(BEFORE.map(Some), silent).await;
    let command = from_qualys(sending(pair.folder.path(), &pair.center), &qualys, "11,22");
    let running = Running::of(command);
    until("a deletion", || count(&qualys, "delete") > 0).await;
    let told = Instant::now();
    running.signal("TERM");
    running.ended().await.assert_code(0);
    assert!(told.elapsed() < Duration::from_secs(15), "{:?}", told.elapsed());
}
