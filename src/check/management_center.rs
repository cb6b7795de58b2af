//! The Management Center: from our certificate to its maximum size, each step with what the one before it made.

use super::walk::Walk;
use super::{certificate, connection, host_input, name, output_files, trust};
use crate::config::Parts;
use crate::exit::Exit;

pub(super) async fn walk(parts: &Parts) -> Walk {
    let mut walk = Walk::default();
    const STEPS: [&str; 5] = [
        certificate::STEP,
        name::STEP,
        connection::STEP,
        trust::STEP,
        host_input::STEP,
    ];
    if let Some(path) = &parts.csv {
        walk.add(output_files::check("CSV file", "csv.file", path, Exit::CannotCreate));
        return walk.not_needed(&STEPS, "csv.file is set, so nothing is sent");
    }
    let Some(settings) = &parts.management_center else {
        return walk.not_tried(&STEPS, "its settings aren't right");
    };

    let identity = certificate::check(settings, &mut walk);
    let [_, _, rest @ ..] = STEPS;
    let Some(addresses) = name::check(settings, &mut walk).await else {
        return walk.not_tried(&rest, "there is no address");
    };
    let [_, rest @ ..] = rest;
    let Some(reached) = connection::check(settings, addresses, identity.as_ref(), &mut walk).await else {
        return walk.not_tried(&rest, "there is no connection");
    };
    let Some(identity) = identity else {
        return walk.not_tried(&rest, "there is no certificate to show");
    };
    match trust::check(settings, &identity, reached, &mut walk).await {
        Some(secured) => walk.add(host_input::check(settings, secured).await),
        None => return walk.not_tried(&[host_input::STEP], "the two ends don't trust each other"),
    }
    walk
}
