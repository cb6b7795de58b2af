//! An account at the lab's Qualys, and imports from it.

use std::process::Command;

use connector_lab::qualys::{Options, Qualys};

/// The account's name.
pub const USER: &str = "dirk_g";
/// And its password.
pub const PASSWORD: &str = "d0ntp@n1c";

/// The lab's Qualys, at which there is the account.
pub async fn qualys(options: Options) -> Qualys {
    let options = Options {
        user: Some(USER.to_owned()),
        password: Some(PASSWORD.to_owned()),
        ..options
    };
    Qualys::start(options).await.unwrap()
}

/// Has `command` import these templates from `qualys`.
pub fn from_qualys(mut command: Command, qualys: &Qualys, templates: &str) -> Command {
    command.args(["-multiinfo", templates]);
    asking(command, qualys)
}

/// Has `command` import hosts and their detections from `qualys`, in batches of 30 hosts.
pub fn from_detections(mut command: Command, qualys: &Qualys) -> Command {
    command.args([
        "--set",
        "qualys.api=detections",
        "--set",
        "detections.hosts_per_call=30",
    ]);
    asking(command, qualys)
}

fn asking(mut command: Command, qualys: &Qualys) -> Command {
    command
        .args(["--set", "qualys.poll_interval=100ms"])
        .args(["--set", &format!("qualys.url={}", qualys.url())])
        .args(["--set", &format!("qualys.ca_file={}", qualys.ca_pem_path().display())])
        .env("QC_QUALYS__USER_ID", USER)
        .env("QC_QUALYS__PASSWORD", PASSWORD);
    command
}

/// How often Qualys was asked for this.
pub fn count(qualys: &Qualys, action: &str) -> usize {
    let requests = qualys.requests();
    requests.iter().filter(|request| request.action == action).count()
}
