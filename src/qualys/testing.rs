//! Settings for unit tests: everything at its default, but quick.

use std::time::Duration;

use super::{Api, Login, Settings};

pub(super) const PASSWORD: &str = "d0ntp@n1c";

pub(super) fn settings(url: &str) -> Settings {
    Settings {
        url: url.parse().unwrap(),
        user_id: "dirk_g".into(),
        login: Login::Basic(PASSWORD.into()),
        api: Api::ReportShare,
        api_version: "2.0".into(),
        proxy: None,
        ca_file: None,
        keep_report: false,
        poll_interval: Duration::from_millis(15),
        connect_timeout: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(5),
        deadline: Duration::from_secs(10),
        import: "default".into(),
        destination: "fmc.example:8307".into(),
        adopt_within: Duration::from_secs(6 * 3600),
    }
}
