//! The login at Qualys.

use super::finding::Finding;
use crate::qualys::{Login, Settings};

pub(super) const STEP: &str = "login";

pub(super) fn passed(settings: &Settings) -> Finding {
    Finding::passed(
        STEP,
        match settings.login {
            Login::Basic => format!("{} is accepted", settings.user_id),
            Login::Session => format!("{} is accepted, in a session", settings.user_id),
            Login::Token => "the token is accepted".to_owned(),
        },
    )
}
