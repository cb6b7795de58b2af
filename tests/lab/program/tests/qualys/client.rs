//! A plain client, and the lab's Qualys as most tests want it.

use std::sync::Once;
use std::time::Duration;

use connector_lab::qualys::{Options, Qualys, Times};
use connector_lab::report;
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Method, Request, RequestBuilder};
use roxmltree::{Document, ParsingOptions};

pub(crate) const SHARE: &str = "/api/2.0/fo/report/";
pub(crate) const SESSION: &str = "/api/2.0/fo/session/";

/// Reports are ready at once, small, and one login is right.
pub(crate) fn options() -> Options {
    Options {
        user: Some("dirk".to_owned()),
        password: Some("right".to_owned()),
        times: Times::instant(),
        report: report::Options {
            hosts: 20,
            findings: 5,
            qids: 30,
            longest_result: 500,
            ..report::Options::default()
        },
        ..Options::default()
    }
}

pub(crate) async fn qualys(options: Options) -> (Qualys, Client) {
    let qualys = Qualys::start(options).await.unwrap();
    let client = Client::new(&qualys.ca_pem_path(), &qualys.url());
    (qualys, client)
}

/// With these faults, typed as on the command line.
pub(crate) async fn faulty(faults: &[&str]) -> (Qualys, Client) {
    let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    qualys(Options { faults, ..options() }).await
}

#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn new(ca: &std::path::Path, url: &str) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // Whoever else installed one did the same.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let ca = Certificate::from_pem(&std::fs::read(ca).unwrap()).unwrap();
        let http = reqwest::Client::builder()
            .tls_certs_only([ca])
            .redirect(Policy::none())
            .no_gzip()
            .no_proxy()
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        Self {
            http,
            url: url.to_owned(),
        }
    }

    /// A request without credentials.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.url))
            .header("X-Requested-With", "lab")
    }

    /// A request with the right login.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).basic_auth("dirk", Some("right"))
    }

    pub(crate) fn rebuilt(&self, request: Request) -> RequestBuilder {
        RequestBuilder::from_parts(self.http.clone(), request)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await.unwrap()
    }

    /// Posts to the report share.
    pub(crate) async fn try_post(&self, form: &[(&str, &str)]) -> Result<Answer, String> {
        send(self.request(Method::POST, SHARE).form(form)).await
    }

    pub(crate) async fn post(&self, form: &[(&str, &str)]) -> Answer {
        self.try_post(form).await.unwrap()
    }

    pub(crate) async fn launch(&self, template: &str) -> Answer {
        let form = [
            ("action", "launch"),
            ("template_id", template),
            ("output_format", "xml"),
            ("report_title", "Nightly"),
        ];
        self.post(&form).await
    }

    /// Launches a report; returns its id.
    pub(crate) async fn launched(&self) -> String {
        self.launch("424242").await.content("VALUE").unwrap()
    }

    pub(crate) async fn list(&self, id: &str) -> Answer {
        self.post(&[("action", "list"), ("id", id)]).await
    }

    pub(crate) async fn state(&self, id: &str) -> Option<String> {
        self.list(id).await.content("STATE")
    }

    pub(crate) async fn try_fetch(&self, id: &str) -> Result<Answer, String> {
        self.try_post(&[("action", "fetch"), ("id", id)]).await
    }

    pub(crate) async fn fetch(&self, id: &str) -> Answer {
        self.try_fetch(id).await.unwrap()
    }
}

pub(crate) async fn send(request: RequestBuilder) -> Result<Answer, String> {
    let response = request.send().await.map_err(|error| causes(&error))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await.map_err(|error| causes(&error))?.to_vec();
    Ok(Answer { status, headers, body })
}

/// An error with all that is behind it.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", causes(source)),
        None => error.to_string(),
    }
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// What stands in the first element with this name.
    pub(crate) fn content(&self, name: &str) -> Option<String> {
        let allowed = ParsingOptions {
            allow_dtd: true,
            ..ParsingOptions::default()
        };
        let document = Document::parse_with_options(self.text(), allowed).unwrap();
        let element = document.descendants().find(|node| node.has_tag_name(name))?;
        Some(element.text().unwrap_or_default().to_owned())
    }

    pub(crate) fn root(&self) -> String {
        let text = self.text();
        let from = text.find("<!DOCTYPE ").unwrap() + "<!DOCTYPE ".len();
        text[from..].split_whitespace().next().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status, code and text of an answer that says what is wrong.
    pub(crate) fn refusal(&self) -> (u16, u32, String) {
        let code = self.content("CODE").unwrap();
        (self.status, code.parse().unwrap(), self.content("TEXT").unwrap())
    }
}
