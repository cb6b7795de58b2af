//! `management_center`: where commands are sent to.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::config::PlanSettings;
use crate::config::contradiction::Contradiction;
use crate::config::error::{ConfigError, Errors, Reported};
use crate::config::row::{boolean, duration, form, host, number, path, secret, words};
use crate::host_input::trust::Trust;
use crate::host_input::{Replies, Settings};

section! {
    /// The section `management_center`.
    ManagementCenterSection "management_center" {
        /// Management Center
        server: String = host().example("10.10.10.10");
        /// Its port for Host Input
        port: u16 = number::<1, 65_535, _>().default("8307");
        /// Certificate that it issued; not set: the first *.pkcs12 in the working directory
        pkcs12: PathBuf = path().example("CertFile.pkcs12");
        /// Password of that file
        pkcs12_password: SecretString = secret();
        /// Try only its IPv6 addresses
        ipv6: bool = boolean().default("n");
        /// How the Management Center proves that it is the right one
        trust: Trust = form("pkcs12, fingerprint:SHA256, ca_file:PATH or insecure").default("pkcs12");
        /// Longest time for TCP and TLS
        connect_timeout: Duration = duration().default("10s");
        /// How long it is waited for while it isn't there, as when it restarts
        connect_deadline: Duration = duration().default("15m");
        /// Longest time that it works on a frame
        answer_timeout: Duration = duration().default("5m");
        /// Longest time for sending; of disjoint templates each has it
        deadline: Duration = duration().default("2h");
        /// Bytes of commands in a frame, at most
        max_frame: u32 = number::<2_000, 64_000, _>().default("64000");
        /// Frames sent before the first one is answered
        window: usize = number::<1, 64, _>().default("1");
        /// How exactly an answer must be worded
        replies: Replies = words().default("strict");
        /// Hosts that its network map holds, at most: an import of more is warned about
        host_limit: u32 = number::<1, 10_000_000, _>().example("50000");
    }
}

impl ManagementCenterSection {
    /// The settings of a connection to it; `nowhere` is the error when none is named.
    pub(in crate::config) fn settings(&self, nowhere: ConfigError, errors: &mut Errors) -> Result<Settings, Reported> {
        let Some(server) = self.server.optional()? else {
            return Err(errors.report(nowhere));
        };
        let pkcs12 = self.pkcs12.optional()?;
        let pkcs12 = pkcs12.ok_or_else(|| errors.report(ConfigError::NoCertificate));
        let ipv6 = self.ipv6.required(errors)?;
        if ipv6 && server.parse::<Ipv4Addr>().is_ok() {
            return Err(errors.report(Contradiction::Ipv6Only));
        }
        Ok(Settings {
            server,
            port: self.port.required(errors)?,
            pkcs12: pkcs12?,
            pkcs12_password: self.pkcs12_password.optional()?,
            ipv6,
            connect_timeout: self.connect_timeout.required(errors)?,
            connect_deadline: self.connect_deadline.required(errors)?,
            answer_timeout: self.answer_timeout.required(errors)?,
            deadline: self.deadline.required(errors)?,
            max_frame: self.max_frame.required(errors)?,
            window: self.window.required(errors)?,
            replies: self.replies.required(errors)?,
            host_limit: self.host_limit.optional()?,
            trust: self.trust.required(errors)?,
        })
    }

    /// What a plan knows of it.
    pub(in crate::config) fn plan(&self, errors: &mut Errors) -> Result<PlanSettings, Reported> {
        Ok(PlanSettings {
            max_frame: self.max_frame.required(errors)?,
            deadline: self.deadline.required(errors)?,
            host_limit: self.host_limit.optional()?,
        })
    }
}
