//! The Qualys client at the real edge: sockets, HTTP, TLS, proxies.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod detections;
mod download;
mod explained;
mod lab;
mod launch;
mod limits;
mod login;
mod proxy;
mod refusals;
mod secrets;
mod tidy_up;
mod together;
mod wait;

use std::io::Read;
use std::time::{Duration, Instant};

use qualys_connector::exit::Exit;
use qualys_connector::problem::{Kind, Problem as _};
use qualys_connector::qualys::{Api, Body, Ending, Error, Login, ReportShare, Settings, Usage};

pub(crate) const PASSWORD: &str = "d0ntp@n1c";
pub(crate) const TEMPLATE: u64 = 424_242;

/// The pace of the tests: back-off begins at 2 ms, looks at the list come every 30 ms.
pub(crate) const POLL: Duration = Duration::from_millis(30);

pub(crate) fn settings(url: &str) -> Settings {
    Settings {
        url: url.parse().unwrap(),
        user_id: "dirk_g".into(),
        login: Login::Basic(PASSWORD.into()),
        api: Api::ReportShare,
        api_version: "2.0".into(),
        proxy: None,
        ca_file: None,
        keep_report: false,
        poll_interval: POLL,
        connect_timeout: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(5),
        deadline: Duration::from_secs(20),
        import: "default".into(),
        destination: "fmc.example:8307".into(),
        adopt_within: Duration::from_secs(6 * 3600),
    }
}

pub(crate) fn client(settings: &Settings) -> ReportShare {
    ReportShare::new(settings, Instant::now() + settings.deadline).unwrap()
}

/// What an import's own error is to the client.
#[derive(Debug)]
pub(crate) enum Failure {
    Qualys(Error),
    CutOff,
    Unusable,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Qualys(error)
    }
}

impl Failure {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Failure::Qualys(error) => error.kind(),
            Failure::CutOff | Failure::Unusable => Kind::ReportUnusable,
        }
    }

    pub(crate) fn exit(&self) -> Exit {
        self.kind().exit()
    }

    /// The sentence that a person reads, with the address of this test's server made general.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Failure::Qualys(error) => error.sentence().replace(&error.host, "HOST"),
            other => format!("{other:?}"),
        }
    }
}

/// A parser that only knows where a report ends.
pub(crate) fn parse(mut body: Body) -> Result<String, Failure> {
    let mut text = String::new();
    body.read_to_string(&mut text).map_err(|_| Failure::Unusable)?;
    match text.contains("</ASSET_DATA_REPORT>") {
        true => Ok(text),
        false => Err(Failure::CutOff),
    }
}

/// The story of one template, as the import tells it.
pub(crate) async fn obtain(client: &ReportShare, template: u64) -> Result<String, Failure> {
    let launched = client.launch(template).await?;
    let report = async {
        let finished = client.wait(&launched).await?;
        client
            .download(finished, parse, |failure| matches!(failure, Failure::CutOff))
            .await
    }
    .await;
    let ending = match &report {
        Ok(_) => Ending::Done,
        Err(failure) => Ending::of(failure.kind()),
    };
    client.tidy_up(&launched, ending).await;
    report
}

/// A whole run over one template.
pub(crate) async fn run(settings: &Settings) -> (Result<String, Failure>, Usage) {
    let client = client(settings);
    let report = obtain(&client, TEMPLATE).await;
    (report, client.close().await)
}

/// A run that fails: the sentence and the exit code.
pub(crate) async fn failure(settings: &Settings) -> (String, Exit) {
    let failure = run(settings).await.0.unwrap_err();
    (failure.sentence(), failure.exit())
}
