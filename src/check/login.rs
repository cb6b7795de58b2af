//! The login at Qualys.

use super::finding::Finding;
use crate::qualys::{Login, Settings};

pub(super) const STEP: &str = "login";

pub(super) fn passed(settings: &Settings) -> Finding {
    Finding::passed(
        STEP,
        match &settings.login {
            Login::Basic(_) => format!("{} is accepted", settings.user_id),
            Login::Session(_) => format!("{} is accepted, in a session", settings.user_id),
            Login::Token(_) => "the token is accepted".to_owned(),
        },
    )
}
