//! Sends from its own thread so that a slow or dead syslog never blocks the import.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use tracing::Level;

use super::Syslog;
use super::format::SyslogFormat;
use super::queue::Queue;
use super::socket::{Socket, Way};

/// Between two attempts to reach a dead syslog.
const PAUSE: Duration = Duration::from_millis(250);
/// How long the end of a run waits for messages under way.
const LAST: Duration = Duration::from_secs(2);

/// Sends messages to a syslog.
#[derive(Debug)]
pub(in super::super) struct Sender {
    name: String,
    format: SyslogFormat,
    queue: Arc<Queue>,
}

/// Why nothing can be sent.
#[derive(Debug)]
pub(in super::super) enum OpenError {
    /// There is no socket on this machine.
    Missing(String),
    /// There can be no thread.
    Thread(io::Error),
}

impl Sender {
    /// Starts sending to a syslog, if one is configured. The thread connects to servers later, and again after a failure.
    pub(in super::super) fn open(syslog: &Syslog) -> Result<Option<Self>, OpenError> {
        let (way, format) = match syslog {
            Syslog::None => return Ok(None),
            Syslog::Local => (Way::local(), SyslogFormat::Classic),
            Syslog::Unix(path) => (Way::Unix(vec![path.into()]), SyslogFormat::Classic),
            Syslog::Udp(address) => (Way::Udp(address.clone()), SyslogFormat::modern()),
            Syslog::Tcp(address) => (Way::Tcp(address.clone()), SyslogFormat::modern()),
        };
        let name = way.name();
        let socket = match &way {
            Way::Unix(_) => Some(
                way.open()
                    .map_err(|error| OpenError::Missing(format!("there is no syslog at {name} ({error})")))?,
            ),
            _ => None,
        };
        let queue = Arc::new(Queue::default());
        let messages = queue.clone();
        thread::Builder::new()
            .name("syslog".to_owned())
            .spawn(move || Transmission { way, socket }.run(&messages))
            .map_err(OpenError::Thread)?;
        Ok(Some(Sender { name, format, queue }))
    }

    pub(in super::super) fn send(&self, at: SystemTime, level: Level, words: &str) {
        self.queue.push(self.format.message(at, level, words));
    }

    /// Waits a little for messages under way; gives a sentence about lost ones.
    pub(in super::super) fn finish(&self) -> Option<String> {
        let lost = self.queue.close(LAST)?;
        let (name, messages) = (&self.name, lost.messages);
        let problem = lost.problem.map(|problem| format!(": {problem}")).unwrap_or_default();
        Some(format!(
            "{messages} log lines didn't reach the syslog {name}{problem} (log.syslog)"
        ))
    }
}

struct Transmission {
    way: Way,
    socket: Option<Socket>,
}

impl Transmission {
    fn run(mut self, queue: &Queue) {
        while let Some(message) = queue.take() {
            while let Err(error) = self.send(&message) {
                // A lost datagram stays lost; the next one may arrive.
                if matches!(self.way, Way::Udp(_)) || !queue.pause(PAUSE, &error.to_string()) {
                    queue.lost(error.to_string());
                    break;
                }
            }
        }
        queue.end();
    }

    fn send(&mut self, message: &[u8]) -> io::Result<()> {
        let mut socket = match self.socket.take() {
            Some(socket) => socket,
            None => self.way.open()?,
        };
        let sent = socket.send(message);
        // A failed socket is reopened; but UDP's error is about an earlier message.
        if sent.is_ok() || matches!(socket, Socket::Udp(_)) {
            self.socket = Some(socket);
        }
        sent
    }
}
