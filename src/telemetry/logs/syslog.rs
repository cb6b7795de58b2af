//! Syslog: this machine's socket in the format of RFC 3164, servers in that of RFC 5424.

use std::str::FromStr;

mod format;
mod queue;
mod sender;
mod socket;

pub(super) use sender::{OpenError, Sender};

/// `log.syslog`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Syslog {
    /// No syslog.
    None,
    /// The socket of this machine, wherever it is.
    Local,
    /// A socket of this machine.
    Unix(String),
    /// A server over UDP, `host:port`.
    Udp(String),
    /// A server over TCP, `host:port`.
    Tcp(String),
}

impl Syslog {
    /// Paths of this machine's socket: on Linux, and on other systems.
    pub(crate) const LOCAL: [&str; 2] = ["/dev/log", "/var/run/syslog"];
}

/// Why a text is no [`Syslog`].
#[derive(Debug, thiserror::Error)]
#[error("a syslog is none, local, unix:PATH, udp://HOST:PORT or tcp://HOST:PORT")]
pub struct SyslogError;

impl FromStr for Syslog {
    type Err = SyslogError;

    fn from_str(text: &str) -> Result<Self, SyslogError> {
        let server = |address: &str| match address.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse().is_ok_and(|port: u16| port != 0) => {
                Ok(address.to_owned())
            }
            _ => Err(SyslogError),
        };
        match (text.split_once("://"), text.strip_prefix("unix:")) {
            (Some(("udp", address)), _) => server(address).map(Syslog::Udp),
            (Some(("tcp", address)), _) => server(address).map(Syslog::Tcp),
            (_, Some(path)) if path.starts_with('/') => Ok(Syslog::Unix(path.to_owned())),
            (None, _) if text == "none" => Ok(Syslog::None),
            (None, _) if text == "local" => Ok(Syslog::Local),
            _ => Err(SyslogError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syslog_server_has_a_port() {
        let syslog = |text: &str| text.parse::<Syslog>().ok();
        assert_eq!(syslog("none"), Some(Syslog::None));
        assert_eq!(syslog("local"), Some(Syslog::Local));
        assert_eq!(syslog("unix:/run/log"), Some(Syslog::Unix("/run/log".into())));
        assert_eq!(syslog("udp://[::1]:514"), Some(Syslog::Udp("[::1]:514".into())));
        assert_eq!(syslog("tcp://log:601"), Some(Syslog::Tcp("log:601".into())));
        for wrong in [
            "",
            "udp://log",
            "udp://:514",
            "tcp://log:0",
            "http://log:1",
            "log:514",
            "unix:",
            "unix:log",
        ] {
            assert_eq!(syslog(wrong), None, "{wrong}");
        }
    }
}
