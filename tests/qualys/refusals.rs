use std::time::Duration;

use futures_util::future::join_all;
use qualys_connector::problem::Reason;
use qualys_connector::qualys::Settings;
use support::scripted::{Reply, Scripted};

use crate::{PASSWORD, POLL, failure, run, settings};

#[tokio::test]
async fn what_is_worth_no_second_try_gets_none() {
    for (status, code, exit) in [
        (400, 1901, 78),
        (400, 1903, 78),
        (400, 1904, 78),
        (400, 1905, 78),
        (400, 1907, 78),
        (400, 1908, 78),
        (409, 1920, 77),
        (400, 1922, 78),
        (200, 1982, 78),
        (401, 2000, 77),
        (401, 2002, 77),
        (409, 2003, 77),
        (200, 2007, 77),
        (409, 2010, 77),
        (409, 2011, 77),
        (409, 2012, 77),
        (409, 4242, 75),
    ] {
        let qualys = Scripted::start();
        qualys.times(20, "launch", &Reply::refusal(status, code, "No", ""));
        let mut settings = settings(&qualys.url());
        if code == 4242 {
            // Asked again until then.
            settings.deadline = Duration::from_secs(2);
        }
        let (sentence, code_of_exit) = failure(&settings).await;
        assert_eq!(code_of_exit.code(), exit, "{code}: {sentence}");
        assert!(!sentence.contains(PASSWORD));
        if code != 4242 {
            let launches = qualys.actions().iter().filter(|action| *action == "launch").count();
            assert_eq!(launches, 1, "{code}");
            assert!(sentence.contains(&format!("\"No\" (code {code}); ")), "{sentence}");
        }
        assert!(!qualys.actions().contains(&"delete".to_owned()));
    }
}

#[tokio::test]
async fn faults_that_may_pass_are_tried_seven_times_in_all_with_growing_pauses() {
    for (fault, exit) in [
        (Reply::refusal(200, 999, "Internal error", ""), 69),
        (Reply::new(500, "", ""), 69),
        (Reply::new(504, "", "<html>Gateway Timeout</html>"), 69),
        (Reply::ok(""), 69),
        (Reply::ok("<html>Log in</html>"), 69),
        (Reply::hang_up(), 69),
    ] {
        let qualys = Scripted::start();
        qualys.times(20, "list", &fault);
        let (sentence, code) = failure(&settings(&qualys.url())).await;
        assert_eq!(code.code(), exit, "{sentence}");
        assert_eq!(qualys.actions(), ["list"; 7]);
        let pauses = qualys.pauses("list");
        let least = [2, 4, 8, 16, 32, 64].map(Duration::from_millis);
        assert!(
            pauses.iter().zip(least).all(|(pause, least)| *pause >= least),
            "{pauses:?}"
        );
    }
}

#[tokio::test]
async fn a_limit_of_calls_is_waited_for_as_long_as_qualys_says_and_no_longer() {
    let waits = [
        (Reply::new(409, "X-RateLimit-ToWait-Sec: 1\r\n", ""), Reason::RateLimit),
        (
            Reply::refusal(409, 1965, "Too many calls", "SECONDS_TO_WAIT=1"),
            Reason::RateLimit,
        ),
        (
            Reply::refusal(409, 1960, "Too many", "SECONDS_TO_WAIT=1"),
            Reason::Concurrency,
        ),
        (Reply::new(429, "Retry-After: 1\r\n", ""), Reason::RateLimit),
        (Reply::new(503, "Retry-After: 1\r\n", ""), Reason::Maintenance),
    ];
    join_all(waits.map(async |(reply, reason)| {
        let qualys = Scripted::start();
        qualys.then("list", reply);
        let (report, usage) = run(&settings(&qualys.url())).await;
        report.unwrap();
        let pause = qualys.pauses("list")[0];
        assert!(
            pause >= Duration::from_secs(1) && pause < Duration::from_secs(10),
            "{pause:?}"
        );
        assert_eq!(qualys.actions(), ["list", "list", "launch", "list", "fetch", "delete"]);
        assert!(usage.waited[&reason] >= Duration::from_secs(1), "{usage:?}");
    }))
    .await;
}

#[tokio::test]
async fn a_limit_that_a_good_answer_announces_is_not_run_into() {
    let qualys = Scripted::start();
    let body =
        "<REPORT_LIST_OUTPUT><RESPONSE><DATETIME>2026-01-01T00:00:00Z</DATETIME></RESPONSE></REPORT_LIST_OUTPUT>";
    qualys.then(
        "list",
        Reply::new(200, "X-RateLimit-Remaining: 0\r\nX-RateLimit-ToWait-Sec: 1\r\n", body),
    );
    run(&settings(&qualys.url())).await.0.unwrap();
    let requests = qualys.requests();
    assert!(requests[1].at - requests[0].at >= Duration::from_secs(1));
    assert_eq!(qualys.actions(), ["list", "launch", "list", "fetch", "delete"]);
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_ends_at_once_and_says_when_to_come_back() {
    let qualys = Scripted::start();
    qualys.then(
        "list",
        Reply::refusal(409, 1965, "Too many calls", "SECONDS_TO_WAIT=3300"),
    );
    let started = std::time::Instant::now();
    let (sentence, exit) = failure(&settings(&qualys.url())).await;
    assert!(started.elapsed() < Duration::from_secs(10));
    let (before, after) = sentence.split_once("come back after ").unwrap();
    insta::assert_snapshot!(before, @"launch at HOST: the subscription's calls of this window are used up: the next call would have to wait 55m, but only 19s are left of qualys.deadline;");
    assert!(humantime::parse_rfc3339(after).is_ok(), "{after}");
    assert_eq!(exit.code(), 75);
    assert_eq!(qualys.actions(), ["list"]);
}

#[tokio::test]
async fn concurrency_and_maintenance_without_a_time_are_waited_for() {
    let qualys = Scripted::start();
    qualys.times(9, "list", &Reply::refusal(409, 1960, "Too many", "CALLS_TO_FINISH=2"));
    let (report, usage) = run(&settings(&qualys.url())).await;
    report.unwrap();
    assert_eq!(qualys.actions().iter().filter(|action| *action == "list").count(), 11);
    assert!(qualys.pauses("list")[..9].iter().all(|pause| *pause >= POLL / 2));
    assert!(usage.waited[&Reason::Concurrency] >= POLL * 10);

    let qualys = Scripted::start();
    let headers = "X-Concurrency-Limit-Limit: 2\r\nX-Concurrency-Limit-Running: 2\r\n";
    qualys.then("list", Reply::new(409, headers, ""));
    let (report, usage) = run(&settings(&qualys.url())).await;
    report.unwrap();
    assert!(usage.waited[&Reason::Concurrency] >= POLL / 2);

    let qualys = Scripted::start();
    qualys.then("list", Reply::refusal(503, 1999, "Maintenance", ""));
    run(&settings(&qualys.url())).await.0.unwrap();
    assert!(qualys.pauses("list")[0] >= POLL * 10);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let qualys = Scripted::start();
    qualys.then(
        "list",
        Reply::new(301, "Location: http://qualysapi.example:443/api?password=x\r\n", ""),
    );
    let (sentence, exit) = failure(&settings(&qualys.url())).await;
    insta::assert_snapshot!(sentence, @"launch at HOST: the answer redirects to http://qualysapi.example:443/api, which is never followed, because the credentials would go along; check qualys.url and qualys.api_version");
    assert_eq!(exit.code(), 78);
    assert_eq!(qualys.actions(), ["list"]);
}

#[tokio::test]
async fn each_time_out_says_its_name() {
    let qualys = Scripted::start();
    qualys.times(20, "list", &Reply::ok("").after(Duration::from_secs(5)));
    let idle = Settings {
        connect_timeout: Duration::from_secs(1),
        idle_timeout: Duration::from_millis(20),
        ..settings(&qualys.url())
    };
    let (sentence, exit) = failure(&idle).await;
    insta::assert_snapshot!(sentence, @"launch at HOST: not a byte arrived within qualys.idle_timeout (20ms); try it again; if it stays so, see what is between here and Qualys (firewall, proxy, maintenance)");
    assert_eq!(exit.code(), 69);
    assert_eq!(qualys.actions(), ["list"; 7]);

    let deadline = Settings {
        deadline: Duration::from_millis(100),
        ..settings(&qualys.url())
    };
    let (sentence, exit) = failure(&deadline).await;
    insta::assert_snapshot!(sentence, @"launch at HOST: qualys.deadline was reached before the answer was complete (100ms); run again later, or raise qualys.deadline");
    assert_eq!(exit.code(), 75);

    // A listener whose queue is full takes no connection.
    let full = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = full.local_addr().unwrap();
    let fill = || std::net::TcpStream::connect_timeout(&address, Duration::from_secs(1));
    let _queue: Vec<_> = std::iter::from_fn(|| fill().ok()).take(10_000).collect();
    let connect = Settings {
        connect_timeout: Duration::from_millis(20),
        ..settings(&format!("http://{address}"))
    };
    let (sentence, exit) = failure(&connect).await;
    insta::assert_snapshot!(sentence, @"launch at HOST: no connection within qualys.connect_timeout (20ms); check qualys.url, firewall and proxy");
    assert_eq!(exit.code(), 69);
}

#[tokio::test]
async fn a_host_that_is_not_there_is_named_and_tried_again() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (sentence, exit) = failure(&settings(&format!("http://{gone}"))).await;
    insta::assert_snapshot!(sentence, @"launch at HOST: no connection (Connection refused (os error 111)); check qualys.url, name resolution, and that firewall and proxy let it pass");
    assert_eq!(exit.code(), 69);
}
