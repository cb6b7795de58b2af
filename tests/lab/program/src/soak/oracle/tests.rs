use super::*;

fn host(qids: &[u32]) -> Findings {
    let results = qids.iter().map(|qid| ((qid.to_string(), None, None), BTreeSet::new()));
    let mut findings = Findings::from([([10, 0, 0, 1].into(), results.collect::<Results>())]);
    findings.retain(|_, results| !results.is_empty());
    findings
}

fn meaning(qids: &[u32]) -> Meaning {
    Meaning {
        selected: host(qids),
        clean: BTreeSet::new(),
        listed: host(qids).into_keys().collect(),
    }
}

fn piece(qids: &[u32]) -> Piece {
    Piece {
        templates: vec![7],
        meaning: meaning(qids),
        networks: vec!["10.0.0.0/8".parse().unwrap()],
        ..Piece::default()
    }
}

/// An import that selected two findings of one host, and did this with the host.
fn ended(code: i32, what: &str) -> Ended {
    let hosts = |which: &str| u64::from(which == what);
    let stdout = serde_json::json!({ "exit": code, "templates": [{ "template": "7", "exit": code,
        "hosts": { "read": 1, "selected": 1, "clean": 0, "left_out": {}, "acknowledged": hosts("acknowledged"),
            "refused": hosts("refused"), "not_sent": hosts("not_sent") },
        "findings": { "read": 2, "selected": 2, "left_out": {}, "acknowledged": 2 * hosts("acknowledged"),
            "refused": 2 * hosts("refused"), "not_sent": 2 * hosts("not_sent") },
        "frames": 2, "refusals": [],
    }]});
    Ended {
        code: Some(code),
        stdout: stdout.to_string(),
        ..Ended::default()
    }
}

fn judged(ended: &Ended, after: &[u32]) -> Result<Hosts, String> {
    let met = Met {
        connections: 1,
        ..Met::default()
    };
    judge(
        std::slice::from_ref(ended),
        &host(&[1, 2]),
        &piece(&[2, 3]),
        &host(after),
        met,
    )
}

#[test]
fn an_import_that_succeeds_leaves_what_the_report_means() {
    let good = ended(0, "acknowledged");
    assert_eq!(judged(&good, &[2, 3]).map(|hosts| hosts.new), Ok(1));
    for lost in [&[1, 2][..], &[1, 2, 3]] {
        assert!(judged(&good, lost).unwrap_err().starts_with("silent loss"), "{lost:?}");
    }
}

#[test]
fn half_a_host_is_no_outcome_of_any_import() {
    for code in [0, 69, 76] {
        for half in [&[][..], &[2], &[3], &[1, 3]] {
            let broken = judged(&ended(code, "not_sent"), half).unwrap_err();
            assert!(broken.contains("neither old nor new"), "{broken}");
        }
    }
}

#[test]
fn only_a_kill_leaves_a_host_of_a_refused_frame_in_part() {
    let killed = Ended {
        signal: Some(9),
        sent: Some(nix::sys::signal::Signal::SIGKILL),
        ..Ended::default()
    };
    let judged = |ended: &Ended, refused| {
        let met = Met {
            connections: 1,
            refused,
            ..Met::default()
        };
        judge(
            std::slice::from_ref(ended),
            &host(&[1, 2]),
            &piece(&[2, 3]),
            &host(&[3]),
            met,
        )
        .map(|hosts| hosts.refused)
    };
    assert_eq!(judged(&killed, true), Ok(1));
    assert!(judged(&killed, false).is_err());
    assert!(judged(&ended(69, "not_sent"), true).is_err());
}

#[test]
fn what_is_missing_is_told() {
    for told in ["refused", "not_sent"] {
        assert!(judged(&ended(69, told), &[1, 2]).is_ok());
    }
    let broken = judged(&ended(69, "acknowledged"), &[1, 2]).unwrap_err();
    assert!(broken.starts_with("silent loss"), "{broken}");
}

#[test]
fn of_several_runs_each_answers_for_its_part() {
    let met = Met {
        connections: 1,
        ..Met::default()
    };
    let judged = |runs: &[Ended], after: &[u32]| judge(runs, &host(&[1, 2]), &piece(&[2, 3]), &host(after), met);
    let nothing = |code: i32| Ended {
        code: Some(code),
        stdout: serde_json::json!({ "exit": code, "templates": [] }).to_string(),
        ..Ended::default()
    };
    assert!(
        judged(&[ended(69, "not_sent"), nothing(69)], &[1, 2]).is_ok(),
        "the second may have had the host"
    );
    let half = judged(&[ended(69, "acknowledged"), nothing(69)], &[2]);
    assert!(half.unwrap_err().contains("neither old nor new"));
    let broken = judged(&[ended(69, "acknowledged"), ended(69, "acknowledged")], &[1, 2]);
    assert!(broken.unwrap_err().starts_with("silent loss"));
    assert!(
        judged(&[nothing(69), nothing(69)], &[2, 3]).is_err(),
        "nobody sent anything"
    );
}

#[test]
fn a_delta_selects_what_changed_and_no_more() {
    let judged = |delta, meant: &[u32], after: &[u32]| {
        let met = Met {
            connections: 1,
            delta,
            ..Met::default()
        };
        judge(
            &[ended(0, "acknowledged")],
            &host(after),
            &piece(meant),
            &host(after),
            met,
        )
    };
    assert!(judged(true, &[2, 3, 4], &[2, 3, 4]).is_ok());
    assert!(judged(false, &[2, 3, 4], &[2, 3, 4]).is_err());
    assert!(judged(true, &[2], &[2]).is_err());
}

#[test]
fn accounts_that_do_not_add_up_are_no_accounts() {
    assert!(judged(&ended(69, "nobody"), &[1, 2]).is_err());
}

#[test]
fn without_a_template_nothing_that_was_there_may_go() {
    let two = |obtained: &[u64]| {
        let templates: Vec<_> = obtained
            .iter()
            .map(|id| serde_json::json!({ "template": id.to_string(), "exit": 0, "hosts": { "read": 1 }, "findings": { "read": 1 } }))
            .collect();
        let one = u64::from(!obtained.is_empty());
        let stdout = serde_json::json!({ "exit": 65, "templates": templates, "merged": {
            "hosts": { "read": one, "selected": one, "clean": 0, "left_out": {}, "to_clear": 0, "acknowledged": one,
                "cleared": 0, "refused": 0, "not_sent": 0 },
            "findings": { "read": one, "selected": one, "left_out": {}, "acknowledged": one, "refused": 0, "not_sent": 0 },
            "frames": 2, "refusals": [],
        }});
        Ended {
            code: Some(65),
            stdout: stdout.to_string(),
            ..Ended::default()
        }
    };
    let piece = Piece {
        templates: vec![7, 8],
        parts: vec![([7].into(), meaning(&[2])), ([8].into(), meaning(&[3]))],
        ..piece(&[2, 3])
    };
    let judged = |after: &[u32]| {
        let met = Met {
            connections: 0,
            ..Met::default()
        };
        judge(&[two(&[7])], &host(&[1]), &piece, &host(after), met)
    };
    assert_eq!(judged(&[1, 2]).map(|hosts| hosts.new), Ok(1));
    for lost in [&[2][..], &[2, 3], &[]] {
        assert!(judged(lost).is_err(), "{lost:?}");
    }
}

#[test]
fn what_a_dropped_flush_leaves_is_excused_only_where_one_was_dropped_and_that_is_said() {
    let ended = |remark: &str| {
        let ended = ended(0, "acknowledged");
        Ended {
            stdout: ended.stdout.replace(
                "\"refusals\":[]",
                &format!("\"refusals\":[],\"remarks\":[\"{remark}\"]"),
            ),
            ..ended
        }
    };
    let unseen = "this Management Center doesn't count ScanFlush, so";
    let met = |drops_flush| Met {
        connections: 1,
        drops_flush,
        ..Met::default()
    };
    // The second host has all of its new findings already.
    for old in [&[1, 2][..], &[1, 2, 3]] {
        let judged = |remark, drops_flush| {
            judge(
                &[ended(remark)],
                &host(old),
                &piece(&[2, 3]),
                &host(&[1, 2, 3]),
                met(drops_flush),
            )
        };
        assert_eq!(judged(unseen, true).map(|hosts| hosts.joined), Ok(1));
        assert!(judged(unseen, false).is_err());
        assert!(judged("", true).is_err());
    }
    let not_cleared = judge(&[ended(unseen)], &host(&[1, 2]), &piece(&[]), &host(&[1, 2]), met(true));
    assert!(not_cleared.is_err());
}

#[test]
fn a_host_that_left_is_cleared_by_a_run_that_remembers_and_ends_well() {
    let (before, gone) = (host(&[1, 2]), Findings::new());
    let piece = Piece {
        meaning: Meaning::default(),
        ..piece(&[])
    };
    let met = Met {
        remembers: true,
        ..Met::default()
    };
    let judged = |code, after: &Findings| {
        let accounts = accounts::read(&ended(code, "acknowledged"), &[7]).unwrap();
        states(&accounts, &before, &piece.meaning, after, met)
    };
    assert!(judged(0, &gone).is_ok());
    assert!(judged(0, &before).unwrap_err().contains("wasn't cleared"));
    assert!(judged(69, &gone).is_ok() && judged(69, &before).is_ok());
    assert!(judged(69, &host(&[1])).is_err());
}
