//! The two formats of a syslog message.

use std::time::SystemTime;

use tracing::Level;

use crate::printable::shortened;

/// Bytes of a message, at most: what common servers take.
const LONGEST: usize = 8 * 1024;
/// Facility `user`, the default for programs.
const FACILITY: u8 = 1;
const PROGRAM: &str = env!("CARGO_PKG_NAME");

/// Which format.
#[derive(Debug)]
pub(super) enum SyslogFormat {
    /// RFC 3164, as the C library writes it to the local socket: local time, and no host.
    Classic,
    /// RFC 5424.
    Modern {
        /// The name of this machine.
        host: String,
    },
}

impl SyslogFormat {
    /// RFC 5424, with the name of this machine.
    pub(super) fn modern() -> Self {
        let name = rustix::system::uname();
        let name = name.nodename().to_string_lossy();
        let visible: String = name.chars().filter(char::is_ascii_graphic).take(255).collect();
        SyslogFormat::Modern {
            host: if visible.is_empty() { "-".to_owned() } else { visible },
        }
    }

    /// A whole message.
    pub(super) fn message(&self, at: SystemTime, level: Level, words: &str) -> Vec<u8> {
        let priority = FACILITY * 8 + severity(level);
        let pid = std::process::id();
        let message = match self {
            SyslogFormat::Classic => format!("<{priority}>{} {PROGRAM}[{pid}]: {words}", classic_time(at)),
            SyslogFormat::Modern { host } => {
                let time = humantime::format_rfc3339_micros(at);
                format!("<{priority}>1 {time} {host} {PROGRAM} {pid} - - {words}")
            }
        };
        shortened(message, LONGEST).into_bytes()
    }
}

fn severity(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

fn classic_time(at: SystemTime) -> String {
    // Only a clock beyond the year 9999 fails.
    let zoned = jiff::Zoned::try_from(at).unwrap_or_default();
    zoned.strftime("%b %e %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_severities_and_long_messages_end() {
        let format = SyslogFormat::Modern { host: "h".into() };
        let message = |level, words: &str| {
            let message = format.message(SystemTime::UNIX_EPOCH, level, words);
            String::from_utf8(message).unwrap()
        };
        let pid = std::process::id();
        assert_eq!(
            message(Level::INFO, "done"),
            format!("<14>1 1970-01-01T00:00:00.000000Z h qualys-connector {pid} - - done")
        );
        let priorities =
            [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG].map(|level| message(level, "")[..4].to_owned());
        assert_eq!(priorities, ["<11>", "<12>", "<14>", "<15>"]);
        let long = message(Level::INFO, &"ü".repeat(LONGEST));
        assert!(long.len() <= LONGEST && long.ends_with("ü…"));
    }
}
