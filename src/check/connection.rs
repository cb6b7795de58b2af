//! The connection to the Management Center, as far as TCP: whether anybody listens, and from where we come.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};

use super::result::CheckResult;
use super::results::Preflight;
use crate::host_input::Settings;
use crate::host_input::identity::Identity;
use crate::host_input::probe::{Reached, Unreached};
use crate::problem::{Kind, Step};

const STEP: Step = Step::Connection;

pub(super) async fn check(
    settings: &Settings,
    addresses: Vec<SocketAddr>,
    identity: Option<&Identity>,
    results: &mut Preflight,
) -> Option<Reached> {
    match Reached::new(settings, addresses).await {
        Ok(reached) => {
            results.add(found(&reached, identity));
            Some(reached)
        }
        Err(unreached) => {
            results.add(CheckResult::failed(
                STEP,
                Kind::Unreached,
                format!("can't connect to the Management Center: {unreached}"),
                remedy(&unreached),
            ));
            None
        }
    }
}

/// The Management Center likely turns away who comes from another address than the certificate was made for. Behind
/// NAT it sees another one than we do.
fn found(reached: &Reached, identity: Option<&Identity>) -> CheckResult {
    let peer = reached.peer;
    let Some(from) = reached.from.map(|from| from.ip().to_canonical()) else {
        return CheckResult::passed(STEP, format!("{peer} answers"));
    };
    let registered = identity.and_then(|identity| identity.certificate().common_name.clone());
    let registered = registered.and_then(|name| name.parse::<IpAddr>().ok());
    match registered {
        Some(registered) if registered != from => CheckResult::warning(
            STEP,
            format!(
                "{peer} answers, but this machine comes from {from}, and the certificate was made for {registered}"
            ),
            format!("unless NAT turns the one into the other, make a client for {from} and use its PKCS12 file"),
        ),
        _ => CheckResult::passed(STEP, format!("{peer} answers, this machine comes from {from}")),
    }
    .with("from", from.to_string())
}

fn remedy(unreached: &Unreached) -> &'static str {
    let kinds: Vec<_> = unreached.tried.iter().map(|(_, error)| error.kind()).collect();
    match kinds.as_slice() {
        kinds if kinds.contains(&ErrorKind::ConnectionRefused) => {
            "nobody listens there: create a host input client on the Management Center (its port is closed while there \
             is none), and check management_center.port"
        }
        kinds if kinds.contains(&ErrorKind::TimedOut) => {
            "nothing comes back, as where a firewall drops packets: let TCP from this machine to that port pass, and \
             check management_center.server"
        }
        _ => "there is no way there from this machine: check routes, the network policy and management_center.server",
    }
}
