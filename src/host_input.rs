//! Send and write: Host Input, the interface of the Management Center for knowledge from elsewhere.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

pub mod answer;
mod batch;
pub mod command;
pub mod command_file;
mod connection;
pub(crate) mod counting;
pub mod csv_file;
pub mod delivery;
mod error;
pub mod frame;
pub mod identity;
pub mod packing;
pub mod probe;
mod progress;
pub mod trust;

pub use error::Error;
pub use progress::Progress;

/// The section `management_center` of the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `management_center.server`: address or name.
    pub server: String,
    /// `management_center.port`.
    pub port: u16,
    /// `management_center.pkcs12`: the file that the Management Center issued for this client.
    pub pkcs12: PathBuf,
    /// `management_center.pkcs12_password`.
    pub pkcs12_password: Option<SecretString>,
    /// `management_center.ipv6`: only IPv6 addresses of the server are tried.
    pub ipv6: bool,
    /// `management_center.connect_timeout`: TCP and TLS, for each address.
    pub connect_timeout: Duration,
    /// `management_center.connect_deadline`: a Management Center that isn't there is waited for so long.
    pub connect_deadline: Duration,
    /// `management_center.answer_timeout`: the Management Center works on a frame before it answers.
    pub answer_timeout: Duration,
    /// `management_center.deadline`: the sending of one template ends by then.
    pub deadline: Duration,
    /// `management_center.max_frame`: bytes of commands in a frame, at most.
    pub max_frame: u32,
    /// `management_center.window`: frames that may be on their way before the first one is answered.
    pub window: usize,
    /// `management_center.replies`.
    pub replies: Replies,
    /// `management_center.host_limit`: hosts that its network map holds, at most.
    pub host_limit: Option<u32>,
    /// `management_center.trust`.
    pub trust: trust::Trust,
}

/// `management_center.replies`: how exactly an answer must be worded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Replies {
    /// An answer without `Done processing N commands.` is a refusal.
    Strict,
    /// An answer in other words is a warning, unless it names a failure.
    Lenient,
}
