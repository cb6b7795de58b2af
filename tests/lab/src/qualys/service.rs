//! The service as a whole: who is let in, and which part of it answers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::accounts::{Accounts, Denied};
use super::answer::{Answer, Refused};
use super::call::{Call, Place};
use super::clock::Clock;
use super::door::Door;
use super::fault::{Faults, Instead, Struck};
use super::journal::Journal;
use super::library::{Library, Source};
use super::limits::{Api, Gate, Pass, Refusal};
use super::options::{LimitHeaders, Options, Template, Times};
use super::storage::{Launch, Storage, StoredReport};
use super::{Connections, Error};
use crate::report::{self, Report};

/// Longest path and query before the edge refuses them.
const LONGEST_URI: usize = 8_000;

/// A report of so many bytes takes no time worth speaking of.
const SMALL: u64 = 4_000_000;

/// A call that has been looked at before it is answered. One that was let in runs until this, or its answer, is dropped.
pub(super) struct Entered {
    /// `None`: it needs no permission.
    passed: Result<Option<Passed>, Refused>,
    /// What it is told of the limits.
    headers: Vec<(&'static str, String)>,
}

/// A call that the gate let in.
struct Passed {
    api: Api,
    user: String,
    pass: Pass,
}

/// Everything a running Qualys knows.
pub(super) struct Service {
    pub(super) options: Options,
    /// As a client sees them.
    pub(super) times: Times,
    pub(super) clock: Clock,
    pub(super) accounts: Accounts,
    pub(super) faults: Faults,
    pub(super) journal: Arc<Journal>,
    gate: Arc<Gate>,
    storage: Mutex<Storage>,
    library: Library,
    estate: Mutex<Arc<Report>>,
    pub(super) door: Door,
    pub(super) accepted: AtomicU64,
    pub(super) failed: AtomicU64,
}

impl Service {
    pub(super) fn new(options: Options, journal: Arc<Journal>) -> Result<Self, Error> {
        if !(options.speed.is_finite() && options.speed > 0.0) {
            return Err(Error::Speed(options.speed));
        }
        let times = options.times.divided(options.speed);
        Ok(Self {
            clock: Clock::new(),
            accounts: Accounts::new(&options),
            faults: Faults::new(options.faults.clone()),
            journal,
            gate: Arc::new(Gate::new(options.limits.clone(), options.speed)),
            storage: Mutex::new(Storage::new(times.clone())),
            library: Library::new(&options)?,
            estate: Mutex::new(Report::new(options.report.clone())?),
            door: Door::default(),
            accepted: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            times,
            options,
        })
    }

    /// Looks at a call that has come: who it is from, and whether one more may run. It counts as running from now on.
    pub(super) fn enter(&self, call: &Call) -> Entered {
        let mut headers = Vec::new();
        Entered {
            passed: self.pass(call, &mut headers),
            headers,
        }
    }

    /// What the service answers when nothing goes wrong on the way.
    pub(super) async fn answer(&self, call: &Call, struck: &Struck, entered: Entered) -> Answer {
        if is_too_long(call) {
            return Answer::page(414, "Request-URI Too Long");
        }
        match call.place {
            Place::Unknown => return Answer::page(404, "Not Found"),
            // Recorded: without its slash, a call is sent to plain HTTP on the same port.
            Place::WithoutSlash => {
                let query = if call.query.is_empty() { "" } else { "?" };
                let url = format!("http://{}{}/{query}{}", call.host, call.path, call.query);
                return redirect(&url);
            }
            _ => {}
        }
        let Entered { passed, headers } = entered;
        let outcome = match passed {
            Ok(Some(passed)) => self.outcome(call, struck, passed).await,
            Ok(None) => self.session(call),
            Err(refused) => Err(refused),
        };
        let mut answer = outcome.unwrap_or_else(|refused| refused.answer(call, &self.clock.today()));
        answer.headers.extend(headers);
        answer
    }

    fn pass(&self, call: &Call, headers: &mut Vec<(&'static str, String)>) -> Result<Option<Passed>, Refused> {
        if is_too_long(call) || matches!(call.place, Place::Unknown | Place::WithoutSlash) {
            return Ok(None);
        }
        if !call.place.is_legacy() && call.requested_with.is_none() {
            return Err(Refused::new(1903, "Required header missing: X-Requested-With"));
        }
        let api = match call.place {
            Place::Session => return Ok(None),
            Place::AssetDataReport => Api::AssetDataReport,
            Place::TemplateList => Api::TemplateList,
            Place::About => Api::About,
            Place::HostList => Api::HostList,
            Place::Detections => Api::Detections,
            Place::KnowledgeBase => Api::KnowledgeBase,
            _ => Api::ReportShare,
        };
        if call.place.is_legacy() && !call.login.is_basic() {
            return Err(Refused::new(2010, "Basic authentication is required for this call"));
        }
        let now = self.clock.now();
        let user = self.accounts.user(&call.login, now)?;
        let (verdict, standing) = self.gate.enter(api, now);
        headers.extend(standing.headers());
        let pass = verdict?;
        Ok(Some(Passed { api, user, pass }))
    }

    async fn outcome(&self, call: &Call, struck: &Struck, passed: Passed) -> Result<Answer, Refused> {
        let Passed { api, user, pass } = passed;
        let mut answer = match api {
            Api::ReportShare => self.share(call, &user, struck)?,
            Api::AssetDataReport => self.asset_data_report(call, struck).await?,
            Api::TemplateList => self.template_list(),
            Api::About => self.about(),
            Api::HostList | Api::Detections | Api::KnowledgeBase => {
                let mut answer = self.detections(call, &user)?;
                answer.compress(call.takes_gzip && !self.options.no_gzip);
                answer
            }
        };
        answer.pass = Some(pass);
        Ok(answer)
    }

    /// What is answered in the place of the right answer; `None`: nothing is.
    pub(super) fn instead(&self, what: &Instead, call: &Call) -> Option<Answer> {
        let refused = |refused: Refused| refused.answer(call, &self.clock.today());
        Some(match what {
            Instead::Code(reply) => refused((*reply).into()),
            Instead::Throttled { seconds } => {
                let seconds = u64::from(*seconds);
                let mut answer = refused(Refusal::Throttled { seconds }.into());
                if self.options.limits.limit_headers == LimitHeaders::All {
                    answer.headers.push(("x-ratelimit-towait-sec", seconds.to_string()));
                }
                answer
            }
            Instead::Busy { calls } => refused(Refusal::Busy { calls: *calls }.into()),
            Instead::Status { status, retry_after } => {
                let mut answer = Answer::page(*status, "The edge has something to say");
                answer
                    .headers
                    .extend(retry_after.clone().map(|after| ("retry-after", after)));
                answer
            }
            Instead::Empty => Answer::new(200, "text/xml", ""),
            Instead::Html => Answer::page(200, "Log in"),
            Instead::Redirect(url) => redirect(url),
            Instead::ErrorReport => Answer::error_report(),
            Instead::WrongRoot(root) => Answer::other_root(root),
            Instead::Close | Instead::Reset | Instead::Hang => return None,
        })
    }

    /// The template, if there is one with this number.
    pub(super) fn template(&self, id: u64) -> Result<Template, Refused> {
        let templates = &self.options.templates;
        if templates.is_empty() {
            return Ok(Template::auto_scan(id));
        }
        let template = templates.iter().find(|template| template.id == id);
        template.cloned().ok_or_else(|| self.options.unknown_template.into())
    }

    /// The report of a template. A small one is measured on the spot, a big one from now on in the background.
    pub(super) fn source(&self, template: u64) -> Result<Arc<Source>, Refused> {
        let source = self.library.source(template);
        let source = source.map_err(|error| Refused::new(999, error.to_string()))?;
        if source.size_hint() < SMALL {
            source.measure();
        } else if !source.is_ready() {
            let source = Arc::clone(&source);
            tokio::task::spawn_blocking(move || source.measure());
        }
        Ok(source)
    }

    /// What Qualys knows of hosts.
    pub(super) fn estate(&self) -> Arc<Report> {
        Arc::clone(&self.estate.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on the estate is another: for those who ask for it, and for reports that are launched.
    pub(super) fn set_estate(&self, options: report::Options) -> Result<(), Error> {
        self.library.set_generated(options.clone())?;
        *self.estate.lock().unwrap_or_else(PoisonError::into_inner) = Report::new(options)?;
        Ok(())
    }

    pub(super) fn leave(&self, title: &str, template: u64, age: Duration) -> Result<u64, Error> {
        let source = self.library.source(template)?;
        source.measure();
        Ok(self.storage().launch(Launch {
            title: title.to_owned(),
            template,
            kind: "Scan".to_owned(),
            user: self.options.user.clone().unwrap_or_default(),
            time: self.clock.now().saturating_sub(age),
            source,
            fates: Vec::new(),
        }))
    }

    pub(super) fn stored(&self) -> Vec<StoredReport> {
        let now = self.clock.now();
        let mut storage = self.storage();
        storage
            .reports(now)
            .map(|report| report.view(now, &self.times))
            .collect()
    }

    pub(super) fn connections(&self) -> Connections {
        Connections {
            accepted: self.accepted.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }

    pub(super) fn storage(&self) -> MutexGuard<'_, Storage> {
        self.storage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Denied> for Refused {
    fn from(Denied(reply): Denied) -> Self {
        reply.into()
    }
}

fn is_too_long(call: &Call) -> bool {
    call.path.len() + call.query.len() > LONGEST_URI
}

fn redirect(url: &str) -> Answer {
    let mut answer = Answer::page(301, "Moved Permanently");
    answer.headers.push(("location", url.to_owned()));
    answer
}
