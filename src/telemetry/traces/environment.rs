//! The environment: the standard `OTEL_*` variables, including those that the SDK doesn't read.
//!
//! The SDK itself reads the variables for sampling, queues and attribute limits. A variable that can't be applied becomes a
//! warning and never stops an import. Warnings never repeat a value that may hold a secret.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderName;
use url::Url;

use super::parent::Parent;
use crate::http::{Endpoint, ProxyError, Via};
use crate::printable;

/// The variables of a process that concern traces.
pub(super) struct Environment {
    variables: BTreeMap<String, String>,
}

/// How spans are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ExporterSettings {
    pub(super) protocol: OtlpProtocol,
    /// Scheme and host; over HTTP with the path too.
    pub(super) endpoint: Url,
    pub(super) gzip: bool,
    /// Longest time for one batch, repetitions included.
    pub(super) timeout: Duration,
    /// The only CAs to trust (PEM).
    pub(super) certificate: Option<PathBuf>,
    /// The client's key and certificate (PEM).
    pub(super) identity: Option<(PathBuf, PathBuf)>,
    /// Whether headers are sent, which may hold credentials.
    pub(super) login: bool,
}

impl ExporterSettings {
    /// The proxy on the way to the collector.
    pub(super) fn via(&self) -> Result<Option<Via>, ProxyError> {
        let endpoint = Endpoint {
            url: &self.endpoint,
            key: "OTEL_EXPORTER_OTLP_ENDPOINT",
            proxy: None,
            proxy_key: "",
            login: self.login,
        };
        endpoint.via()
    }
}

/// `OTEL_EXPORTER_OTLP_PROTOCOL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OtlpProtocol {
    Http,
    Grpc,
}

impl Environment {
    pub(super) fn of_process() -> Self {
        Environment {
            variables: env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .filter(|(name, _)| name.starts_with("OTEL_") || name.starts_with("TRACE"))
                .collect(),
        }
    }

    /// How spans are sent, if traces are switched on; and the warnings.
    pub(super) fn plan(&self) -> (Option<ExporterSettings>, Vec<String>) {
        let mut warnings = Vec::new();
        let plan = self.planned(&mut warnings).unwrap_or_else(|problem| {
            warnings.push(format!("{problem}; no traces are sent"));
            None
        });
        (plan, warnings)
    }

    fn planned(&self, warnings: &mut Vec<String>) -> Result<Option<ExporterSettings>, String> {
        if self.is_true("OTEL_SDK_DISABLED") || !self.exports(warnings) {
            return Ok(None);
        }
        let protocol = match self.otlp("PROTOCOL") {
            None => OtlpProtocol::Http,
            Some((_, protocol)) if protocol == "http/protobuf" => OtlpProtocol::Http,
            Some((_, protocol)) if protocol == "grpc" => OtlpProtocol::Grpc,
            Some((name, protocol)) => {
                return Err(format!(
                    "{name} is {protocol:?}; only http/protobuf and grpc are supported"
                ));
            }
        };
        let Some(endpoint) = self.endpoint(protocol)? else {
            if self.get("OTEL_TRACES_EXPORTER").is_some() {
                warnings.push(
                    "OTEL_TRACES_EXPORTER is set, but OTEL_EXPORTER_OTLP_ENDPOINT isn't; no traces are sent".into(),
                );
            }
            return Ok(None);
        };
        self.check_headers(warnings);
        self.check_propagators(warnings);
        Ok(Some(ExporterSettings {
            protocol,
            endpoint,
            gzip: self.gzip(warnings),
            timeout: self.timeout(warnings),
            certificate: self.otlp("CERTIFICATE").map(|(_, path)| path.into()),
            identity: self.identity()?,
            login: self.otlp("HEADERS").is_some(),
        }))
    }

    /// The parent of the run, as the propagators allow.
    pub(super) fn parent(&self) -> Parent {
        let propagated = match self.get("OTEL_PROPAGATORS") {
            None => true,
            Some(propagators) => propagators
                .split(',')
                .any(|propagator| propagator.trim() == "tracecontext"),
        };
        match propagated {
            true => Parent::read(self.get("TRACEPARENT"), self.get("TRACESTATE")),
            false => Parent::None,
        }
    }

    fn exports(&self, warnings: &mut Vec<String>) -> bool {
        let Some(exporters) = self.get("OTEL_TRACES_EXPORTER") else {
            return true;
        };
        let mut otlp = false;
        for exporter in exporters.split(',').map(str::trim) {
            match exporter {
                "otlp" => otlp = true,
                "none" => {}
                other => warnings.push(format!(
                    "OTEL_TRACES_EXPORTER has {other:?}; only otlp and none are supported"
                )),
            }
        }
        otlp
    }

    fn endpoint(&self, protocol: OtlpProtocol) -> Result<Option<Url>, String> {
        let Some((name, text)) = self.otlp("ENDPOINT") else {
            return Ok(None);
        };
        let scheme = match (protocol, text.contains("://")) {
            (_, true) => "",
            (OtlpProtocol::Http, false) => return Err(format!("{name} must begin with http:// or https://")),
            (OtlpProtocol::Grpc, false) if self.otlp("INSECURE").is_some_and(|(_, value)| is_true(&value)) => "http://",
            (OtlpProtocol::Grpc, false) => "https://",
        };
        let mut url: Url = format!("{scheme}{text}")
            .parse()
            .map_err(|error| format!("{name} is no URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(format!("{name} must begin with http:// or https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!(
                "{name} holds credentials; they belong into OTEL_EXPORTER_OTLP_HEADERS"
            ));
        }
        // The general endpoint is the base of all signals; the endpoint for traces is used as it is.
        if protocol == OtlpProtocol::Http && name == "OTEL_EXPORTER_OTLP_ENDPOINT" {
            url.set_path(&format!("{}/v1/traces", url.path().trim_end_matches('/')));
        }
        Ok(Some(url))
    }

    fn gzip(&self, warnings: &mut Vec<String>) -> bool {
        match self.otlp("COMPRESSION") {
            None => false,
            Some((_, compression)) if compression == "none" => false,
            Some((_, compression)) if compression == "gzip" => true,
            Some((name, other)) => {
                warnings.push(format!(
                    "{name} is {other:?}; only gzip and none are supported, spans go uncompressed"
                ));
                false
            }
        }
    }

    fn timeout(&self, warnings: &mut Vec<String>) -> Duration {
        let standard = Duration::from_secs(10);
        let Some((name, text)) = self.otlp("TIMEOUT") else {
            return standard;
        };
        match text.parse() {
            Ok(milliseconds @ 1..) => Duration::from_millis(milliseconds),
            _ => {
                warnings.push(format!(
                    "{name} is {text:?}, which is no number of milliseconds; 10 s are taken"
                ));
                standard
            }
        }
    }

    fn identity(&self) -> Result<Option<(PathBuf, PathBuf)>, String> {
        match (self.otlp("CLIENT_KEY"), self.otlp("CLIENT_CERTIFICATE")) {
            (None, None) => Ok(None),
            (Some((_, key)), Some((_, certificate))) => Ok(Some((key.into(), certificate.into()))),
            (Some((name, _)), None) | (None, Some((name, _))) => Err(format!(
                "{name} is set alone; a client needs its key and its certificate"
            )),
        }
    }

    /// The exporter reads the headers itself, and silently skips what it can't read.
    fn check_headers(&self, warnings: &mut Vec<String>) {
        let Some((name, headers)) = self.otlp("HEADERS") else {
            return;
        };
        for (index, header) in headers.split_terminator(',').enumerate() {
            hide(header);
            let key = header.split_once('=').map(|(key, _)| key.trim());
            if key.is_none_or(|key| HeaderName::try_from(key).is_err()) {
                warnings.push(format!("{name}: entry {} isn't NAME=VALUE and is left out", index + 1));
            }
        }
    }

    fn check_propagators(&self, warnings: &mut Vec<String>) {
        let Some(propagators) = self.get("OTEL_PROPAGATORS") else {
            return;
        };
        for propagator in propagators.split(',').map(str::trim) {
            // Baggage would be sent to Qualys and to the Management Center, which aren't ours.
            if !matches!(propagator, "tracecontext" | "baggage" | "none") {
                warnings.push(format!(
                    "OTEL_PROPAGATORS has {propagator:?}; only tracecontext, baggage and none are supported"
                ));
            }
        }
    }

    /// A setting of the exporter and its variable: the one for traces comes before the one for all signals.
    fn otlp(&self, setting: &str) -> Option<(String, String)> {
        let names = [
            format!("OTEL_EXPORTER_OTLP_TRACES_{setting}"),
            format!("OTEL_EXPORTER_OTLP_{setting}"),
        ];
        names.into_iter().find_map(|name| {
            let value = self.get(&name)?;
            Some((name, value))
        })
    }

    fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| is_true(&value))
    }

    /// An empty value is none, by the specification.
    fn get(&self, name: &str) -> Option<String> {
        let value = self.variables.get(name)?.trim().to_owned();
        (!value.is_empty()).then_some(value)
    }
}

/// A shorter header value is a word, such as the name of a tenant, and not redacted.
const SHORTEST: usize = 6;

/// The secrets in a header value: all of it, a token without its scheme, the password of a Basic login.
fn hide(header: &str) {
    let value = header.split_once('=').map_or(header, |(_, value)| value).trim();
    let decoded = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
    let proof = decoded.rsplit(' ').next().unwrap_or_default();
    let login = STANDARD
        .decode(proof)
        .ok()
        .and_then(|login| String::from_utf8(login).ok());
    let password = login.as_deref().and_then(|login| Some(login.split_once(':')?.1));
    let secrets = [value, &decoded, proof].into_iter().chain(password);
    secrets
        .filter(|secret| secret.len() >= SHORTEST)
        .for_each(printable::hide);
}

fn is_true(value: &str) -> bool {
    value.eq_ignore_ascii_case("true")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(variables: &[(&'static str, &'static str)]) -> (Option<ExporterSettings>, Vec<String>) {
        environment(variables).plan()
    }

    fn environment(variables: &[(&'static str, &'static str)]) -> Environment {
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Environment {
            variables: variables.collect(),
        }
    }

    const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");

    #[test]
    fn nothing_is_sent_unless_an_endpoint_is_named() {
        assert_eq!(plan(&[]), (None, vec![]));
        assert_eq!(plan(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]), (None, vec![]));
        assert_eq!(plan(&[ENDPOINT, ("OTEL_SDK_DISABLED", "TRUE")]), (None, vec![]));
        assert_eq!(plan(&[ENDPOINT, ("OTEL_TRACES_EXPORTER", "none")]), (None, vec![]));
        let (none, said) = plan(&[("OTEL_TRACES_EXPORTER", "otlp")]);
        assert_eq!(none, None);
        assert!(said[0].contains("OTEL_EXPORTER_OTLP_ENDPOINT isn't"), "{said:?}");
    }

    #[test]
    fn the_endpoint_of_all_signals_is_a_base_and_that_of_traces_is_taken_as_it_is() {
        let endpoint = |variables: &[_]| plan(variables).0.unwrap().endpoint.to_string();
        assert_eq!(endpoint(&[ENDPOINT]), "http://collector:4318/v1/traces");
        assert_eq!(
            endpoint(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://c/otlp/")]),
            "https://c/otlp/v1/traces"
        );
        assert_eq!(
            endpoint(&[ENDPOINT, ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t/x")]),
            "http://t/x"
        );
        let grpc = ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
        let bare = ("OTEL_EXPORTER_OTLP_ENDPOINT", "c:4317");
        assert_eq!(endpoint(&[bare, grpc]), "https://c:4317/");
        assert_eq!(
            endpoint(&[bare, grpc, ("OTEL_EXPORTER_OTLP_INSECURE", "true")]),
            "http://c:4317/"
        );
    }

    #[test]
    fn what_cannot_be_followed_is_said_without_secrets() {
        let said = |variables: &[_]| {
            let (plan, said) = plan(variables);
            format!("{}: {}", plan.is_some(), said.join("; "))
        };
        let lines = [
            said(&[ENDPOINT, ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]),
            said(&[ENDPOINT, ("OTEL_TRACES_EXPORTER", "zipkin")]),
            said(&[ENDPOINT, ("OTEL_TRACES_EXPORTER", "otlp,console")]),
            said(&[ENDPOINT, ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd")]),
            said(&[ENDPOINT, ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s")]),
            said(&[ENDPOINT, ("OTEL_EXPORTER_OTLP_HEADERS", "a=canary,canary,b b=canary")]),
            said(&[ENDPOINT, ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "key.pem")]),
            said(&[ENDPOINT, ("OTEL_PROPAGATORS", "tracecontext,b3")]),
            said(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:canary@collector")]),
            said(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318")]),
            said(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "unix:///socket")]),
        ];
        assert!(!lines.concat().contains("canary"), "{lines:?}");
        insta::assert_snapshot!(lines.join("\n"), @r#"
        false: OTEL_EXPORTER_OTLP_PROTOCOL is "http/json"; only http/protobuf and grpc are supported; no traces are sent
        false: OTEL_TRACES_EXPORTER has "zipkin"; only otlp and none are supported
        true: OTEL_TRACES_EXPORTER has "console"; only otlp and none are supported
        true: OTEL_EXPORTER_OTLP_COMPRESSION is "zstd"; only gzip and none are supported, spans go uncompressed
        true: OTEL_EXPORTER_OTLP_TIMEOUT is "10s", which is no number of milliseconds; 10 s are taken
        true: OTEL_EXPORTER_OTLP_HEADERS: entry 2 isn't NAME=VALUE and is left out; OTEL_EXPORTER_OTLP_HEADERS: entry 3 isn't NAME=VALUE and is left out
        false: OTEL_EXPORTER_OTLP_CLIENT_KEY is set alone; a client needs its key and its certificate; no traces are sent
        true: OTEL_PROPAGATORS has "b3"; only tracecontext, baggage and none are supported
        false: OTEL_EXPORTER_OTLP_ENDPOINT holds credentials; they belong into OTEL_EXPORTER_OTLP_HEADERS; no traces are sent
        false: OTEL_EXPORTER_OTLP_ENDPOINT must begin with http:// or https://; no traces are sent
        false: OTEL_EXPORTER_OTLP_ENDPOINT must begin with http:// or https://; no traces are sent
        "#);
    }

    #[test]
    fn a_parent_is_taken_if_the_propagators_allow_it() {
        let parent = ("TRACEPARENT", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        let of = |variables: &[_]| match environment(variables).parent() {
            Parent::None => "none",
            Parent::Malformed => "malformed",
            Parent::Context(_) => "context",
        };
        assert_eq!(of(&[]), "none");
        assert_eq!(of(&[parent]), "context");
        assert_eq!(of(&[("TRACEPARENT", "00-x")]), "malformed");
        assert_eq!(of(&[parent, ("OTEL_PROPAGATORS", "none")]), "none");
        assert_eq!(of(&[parent, ("OTEL_PROPAGATORS", "baggage, tracecontext")]), "context");
    }
}
