//! Host Input: whether the Management Center accepts this client and the protocol's version, and how much a frame
//! may carry. The connection ends here, before any command.

use std::time::Duration;

use super::finding::{Finding, parted};
use crate::exit::Exit;
use crate::host_input::probe::Secured;
use crate::host_input::{Error, Settings};
use crate::problem::Problem as _;

pub(super) const STEP: &str = "Host Input";

/// Nothing has to be worked on before the first answer, so a preflight waits for it no longer than this.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn check(settings: &Settings, secured: Secured) -> Finding {
    let patience = settings.answer_timeout.min(PATIENCE);
    let settings = Settings {
        answer_timeout: patience,
        ..settings.clone()
    };
    match secured.introduce(&settings).await {
        Ok(maximum) => found(maximum, settings.max_frame),
        Err(error @ Error::AnswerTimeout { .. }) => Finding::failed(
            STEP,
            error.kind().exit(),
            format!(
                "the Management Center says nothing for {}",
                humantime::format_duration(patience)
            ),
            "look there whether hostinputd runs and is busy; restarting it, or the Management Center, may help",
        ),
        Err(Error::Rejected { peer, said }) if !said.is_empty() => refused(&peer, &said),
        Err(error @ Error::Rejected { .. }) => Finding::failed(
            STEP,
            error.kind().exit(),
            parted(&error.to_string()).0,
            "make the client, on the Management Center, for the address that it sees this machine come from (behind NAT \
             another one than the step connection shows), and use its PKCS12 file; it may also have been deleted there",
        ),
        Err(error) => Finding::error(
            STEP,
            error.kind().exit(),
            &error,
            "check that management_center.server and management_center.port are those of its Host Input",
        ),
    }
}

/// It says why, in its own words.
fn refused(peer: &str, said: &str) -> Finding {
    let words = said.trim_start_matches("; it said: ").trim();
    let remedy = match words.to_lowercase().contains("version") {
        true => "it is older than the protocol's version 1: update the Management Center",
        false => "its words say what it wants; a new client made there may help",
    };
    let text = format!("the Management Center at {peer} refuses this client and says: {words}");
    Finding::failed(STEP, Exit::Credentials, text, remedy)
}

fn found(maximum: u32, configured: u32) -> Finding {
    let used = maximum.min(configured);
    let text = format!("the protocol's version 1 is accepted; frames of {maximum} bytes at most, {used} are used");
    match used {
        // A command with its text needs that much.
        ..512 => {
            let text = format!("frames of {maximum} bytes at most are taken, too few for a command");
            Finding::failed(
                STEP,
                Exit::Protocol,
                text,
                "look at the Management Center: 524288 are usual",
            )
        }
        _ => Finding::passed(STEP, text),
    }
    .with("max_size", maximum)
}
