//! The name of the Management Center: its addresses.

use std::net::{IpAddr, SocketAddr};

use super::finding::Finding;
use super::walk::Walk;
use crate::host_input::{Settings, probe};
use crate::problem::Problem as _;

pub(super) const STEP: &str = "name";

pub(super) async fn check(settings: &Settings, walk: &mut Walk) -> Option<Vec<SocketAddr>> {
    let server = &settings.server;
    match probe::addresses(settings).await {
        Ok(addresses) => {
            let list: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
            let text = match server.parse::<IpAddr>() {
                Ok(_) => format!("{server} is an address"),
                Err(_) => format!("{server} is {}", list.join(", ")),
            };
            walk.add(Finding::passed(STEP, text).with("addresses", list));
            Some(addresses)
        }
        Err(error) => {
            let remedy = "clear management_center.ipv6, or give the Management Center an IPv6 address in DNS";
            walk.add(Finding::error(STEP, error.kind().exit(), &error, remedy));
            None
        }
    }
}
