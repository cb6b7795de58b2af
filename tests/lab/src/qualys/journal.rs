//! What was asked, when, and how it was answered: in memory and as lines of JSON.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use serde::Serialize;

use super::call::Call;

/// One request, as it's remembered. It never holds a password.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Request {
    /// When it had arrived, as RFC 3339 with milliseconds.
    pub time: String,
    /// The same as seconds since the lab started.
    pub at: f64,
    /// GET, POST …
    pub method: String,
    /// Without the query.
    pub path: String,
    /// As a [fault](super::Fault) calls it.
    pub action: String,
    /// The template that it's about.
    pub template: Option<String>,
    /// The report that it's about.
    pub id: Option<String>,
    /// All parameters but credentials, of query and body together.
    pub parameters: BTreeMap<String, String>,
    /// The client's name for itself.
    pub user_agent: Option<String>,
    /// Whether the credentials were right.
    pub credentials: Credentials,
    /// The faults that struck it.
    pub faults: Vec<String>,
    /// The HTTP status that was answered; `None`: it wasn't.
    pub status: Option<u16>,
    /// Qualys' code that was answered.
    pub code: Option<u32>,
}

/// How good a request's credentials were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Credentials {
    /// They were right.
    Right,
    /// They were wrong.
    Wrong,
    /// There were none.
    None,
    /// They stood in the query, where every log on the way keeps them.
    Query,
}

/// Remembers requests.
#[derive(Debug)]
pub(super) struct Journal {
    started: Instant,
    pages: Mutex<Pages>,
}

#[derive(Debug)]
struct Pages {
    requests: Vec<Request>,
    file: File,
}

/// One request under way. Its line is written when this is dropped, answered or not.
pub(super) struct Entry {
    journal: Arc<Journal>,
    place: usize,
}

impl Journal {
    /// Writes into this file from its start.
    pub(super) fn new(path: &Path) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            started: Instant::now(),
            pages: Mutex::new(Pages {
                requests: Vec::new(),
                file: File::create(path)?,
            }),
        }))
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.pages().requests.clone()
    }

    pub(super) fn open(self: &Arc<Self>, call: &Call, credentials: Credentials, faults: Vec<String>) -> Entry {
        let parameter = |name| call.parameter(name).map(str::to_owned);
        let mut pages = self.pages();
        let place = pages.requests.len();
        pages.requests.push(Request {
            time: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
            at: self.started.elapsed().as_secs_f64(),
            method: call.method.to_string(),
            path: call.path.clone(),
            action: call.action.to_string(),
            template: parameter("template_id"),
            id: parameter("id"),
            parameters: call.parameters.clone(),
            user_agent: call.user_agent.clone(),
            credentials,
            faults,
            status: None,
            code: None,
        });
        Entry {
            journal: Arc::clone(self),
            place,
        }
    }

    fn pages(&self) -> std::sync::MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    pub(super) fn answered(&self, status: u16, code: Option<u32>) {
        if let Some(request) = self.journal.pages().requests.get_mut(self.place) {
            request.status = Some(status);
            request.code = code;
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut pages = self.journal.pages();
        let Pages { requests, file } = &mut *pages;
        let line = requests.get(self.place).map(serde_json::to_vec);
        if let Some(Ok(mut line)) = line {
            line.push(b'\n');
            // In one write, so that a reader sees whole lines. A full disk doesn't end the lab.
            let _ = file.write_all(&line);
        }
    }
}
