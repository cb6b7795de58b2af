//! Lists of hosts that may lack some: answers that are written by hand.

use std::ops::RangeInclusive;

use support::scripted::{Reply, Scripted};

use super::*;

const WARNING: &str = "<WARNING><CODE>1981</CODE><TEXT>Some hosts are not shown.</TEXT></WARNING>";
const STRANGE: &str = "<Host_List><HOST><ID>7</ID></HOST></Host_List>";
const ELSEWHERE: &str = "<AGENT_LIST><HOST><ID>5</ID><IP>192.0.2.5</IP></HOST></AGENT_LIST>";

/// Both ends of an import, of which one is played by a script.
struct Played {
    folder: tempfile::TempDir,
    center: ManagementCenter,
    qualys: Scripted,
}

fn document(root: &str, response: &str) -> Reply {
    Reply::ok(format!("<{root}><RESPONSE>{response}</RESPONSE></{root}>"))
}

/// The list of all hosts, and what else stands in it.
fn listed(hosts: RangeInclusive<u8>, besides: &str) -> Reply {
    let hosts = hosts.map(|host| format!("<HOST><ID>{host}</ID><IP>192.0.2.{host}</IP></HOST>"));
    let hosts: String = hosts.collect();
    document("HOST_LIST_OUTPUT", &format!("<HOST_LIST>{hosts}</HOST_LIST>{besides}"))
}

/// The list of the hosts that changed: the first one.
fn changed(besides: &str) -> Reply {
    document("HOST_LIST_OUTPUT", &format!("<ID_SET><ID>1</ID></ID_SET>{besides}"))
}

/// Each of the hosts has one vulnerability.
fn found(hosts: RangeInclusive<u8>) -> Reply {
    let hosts = hosts.map(|host| {
        format!(
            "<HOST><ID>{host}</ID><IP>192.0.2.{host}</IP><DETECTION_LIST><DETECTION><QID>11</QID>\
             <TYPE>Confirmed</TYPE><STATUS>Active</STATUS></DETECTION></DETECTION_LIST></HOST>"
        )
    });
    let hosts: String = hosts.collect();
    document(
        "HOST_LIST_VM_DETECTION_OUTPUT",
        &format!("<HOST_LIST>{hosts}</HOST_LIST>"),
    )
}

impl Played {
    async fn new() -> Self {
        Played {
            folder: tempfile::tempdir().unwrap(),
            center: center(management_center::Options::default()).await,
            qualys: Scripted::start(),
        }
    }

    /// An import to which Qualys answers this, call by call.
    async fn imported(&self, answers: impl IntoIterator<Item = Reply>, settings: &[&str]) -> Ended {
        for answer in answers {
            self.qualys.then("list", answer);
        }
        let mut command = sending(self.folder.path(), &self.center);
        let url = format!("qualys.url={}", self.qualys.url());
        let always = [
            "qualys.api=detections",
            "detections.knowledge_base=n",
            "state.dir=state",
            "commands.max_cleared=50%",
            &url,
        ];
        for setting in always.iter().chain(settings) {
            command.args(["--set", setting]);
        }
        command
            .env("QC_QUALYS__USER_ID", support::USER)
            .env("QC_QUALYS__PASSWORD", support::PASSWORD);
        let ended = run(command).await;
        ended.assert_code(0);
        // Times are remembered in whole seconds.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        ended
    }

    /// When the last good import was, and the last one of every host.
    async fn last(&self) -> [Value; 2] {
        let remembered = remembered(self.folder.path()).await;
        ["last_import", "last_full_import"].map(|run| remembered[run].clone())
    }

    /// How many hosts hold results.
    async fn held(&self) -> usize {
        self.center.idle().await;
        held(&self.center.network_map()).len()
    }
}

#[tokio::test]
async fn a_list_that_may_lack_hosts_clears_nobody_and_is_no_good_import() {
    for (besides, sentence) in [
        (WARNING, "Qualys warns in its list of hosts: Some hosts are not shown."),
        (STRANGE, "<Host_List> where it means nothing, so it may lack hosts"),
        (ELSEWHERE, "<HOST> where it means nothing, so it may lack hosts"),
    ] {
        let played = Played::new().await;
        played.imported([listed(1..=6, ""), found(1..=6)], &[]).await;
        let before = played.last().await;
        let lacking = played.imported([listed(1..=4, besides), found(1..=4)], &[]).await;
        lacking.assert_says(sentence);
        assert_eq!(left(&lacking), None);
        assert_eq!((played.held().await, played.last().await), (6, before.clone()));
        let next = played.imported([listed(1..=4, ""), found(1..=4)], &[]).await;
        assert_eq!(left(&next), Some(2));
        assert_eq!(played.held().await, 4);
        let after = played.last().await;
        assert!(before.iter().zip(&after).all(|(before, after)| before != after));
    }
}

/// The list says another address of a host than its detections do, or two.
#[tokio::test]
async fn a_host_that_moves_while_it_is_looked_at_has_not_left() {
    let again = "<HOST_LIST><HOST><ID>3</ID><IP>192.0.2.33</IP></HOST></HOST_LIST>";
    let other = again.replace("33", "3").replace("<ID>3<", "<ID>4<");
    for (listed, answered, left_hosts) in [
        (listed(1..=4, &other), 4, 0),
        (listed(1..=4, again), 4, 0),
        (listed(1..=2, again), 3, 1),
    ] {
        let played = Played::new().await;
        played.imported([self::listed(1..=4, ""), found(1..=4)], &[]).await;
        let moved = played.imported([listed, found(1..=answered)], &[]).await;
        assert_eq!(left(&moved), Some(left_hosts), "{}", moved.stdout);
        assert_eq!(played.held().await as u64, 4 - left_hosts);
    }
}

#[tokio::test]
async fn a_list_of_changes_that_may_lack_some_is_no_good_import() {
    let played = Played::new().await;
    played.imported([listed(1..=3, ""), found(1..=3)], &[LAST]).await;
    let [before, full] = played.last().await;
    let delta = |besides| [listed(1..=3, ""), changed(besides), found(1..=1)];
    for besides in [WARNING, STRANGE] {
        let lacking = played.imported(delta(besides), &[LAST]).await;
        lacking.assert_says("hosts are asked for that changed since the last good import");
        assert_eq!(played.last().await, [before.clone(), full.clone()]);
    }
    played.imported(delta(""), &[LAST]).await;
    let [after, still] = played.last().await;
    assert_ne!(after, before);
    assert_eq!(still, full);
}
