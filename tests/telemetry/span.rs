//! Spans as a collector sees them, and the tree that they make.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;

/// Kinds of spans, by their numbers in the protocol.
pub(crate) const INTERNAL: i32 = 1;
pub(crate) const CLIENT: i32 = 3;

/// A span.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) name: String,
    pub(crate) kind: i32,
    pub(crate) trace: String,
    pub(crate) state: String,
    pub(crate) id: String,
    /// Empty: none.
    pub(crate) parent: String,
    pub(crate) begun: u64,
    pub(crate) ended: u64,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) resource: BTreeMap<String, String>,
    /// 0 is unset, 2 is error.
    pub(crate) status: i32,
    pub(crate) events: usize,
}

impl Span {
    pub(crate) fn get(&self, attribute: &str) -> &str {
        self.attributes.get(attribute).map_or("", String::as_str)
    }

    /// A count of ours.
    pub(crate) fn count(&self, name: &str) -> u64 {
        let text = self.get(&format!("qualys_connector.{name}"));
        text.parse()
            .unwrap_or_else(|_| panic!("{name} of {}: {text:?}", self.name))
    }
}

/// The spans of a request.
pub(crate) fn spans(request: &ExportTraceServiceRequest) -> Vec<Span> {
    let mut spans = Vec::new();
    for of_resource in &request.resource_spans {
        let resource = attributes(&of_resource.resource.as_ref().unwrap().attributes);
        for span in of_resource.scope_spans.iter().flat_map(|scope| &scope.spans) {
            assert_eq!((span.dropped_attributes_count, span.dropped_events_count), (0, 0));
            spans.push(Span {
                name: span.name.clone(),
                kind: span.kind,
                trace: hex(&span.trace_id),
                state: span.trace_state.clone(),
                id: hex(&span.span_id),
                parent: hex(&span.parent_span_id),
                begun: span.start_time_unix_nano,
                ended: span.end_time_unix_nano,
                attributes: attributes(&span.attributes),
                resource: resource.clone(),
                status: span.status.as_ref().map_or(0, |status| status.code),
                events: span.events.len(),
            });
        }
    }
    spans
}

/// The only span of a name.
pub(crate) fn only<'s>(spans: &'s [Span], name: &str) -> &'s Span {
    let mut found = spans.iter().filter(|span| span.name == name);
    match (found.next(), found.next()) {
        (Some(span), None) => span,
        (None, _) => panic!("no span {name} in\n{}", tree(spans)),
        (Some(_), Some(_)) => panic!("more than one span {name} in\n{}", tree(spans)),
    }
}

/// The tree of all spans, in the order in which they began: name, action of a request, error.
pub(crate) fn tree(spans: &[Span]) -> String {
    let mut spans: Vec<&Span> = spans.iter().collect();
    spans.sort_by_key(|span| span.begun);
    let mut out = String::new();
    for span in &spans {
        if !spans.iter().any(|other| other.id == span.parent) {
            branch(span, &spans, 0, &mut out);
        }
    }
    out
}

fn branch(span: &Span, spans: &[&Span], depth: usize, out: &mut String) {
    write!(out, "{:1$}{name}", "", depth * 2, name = span.name).unwrap();
    for attribute in ["qualys_connector.action", "http.request.resend_count"] {
        if let Some(value) = span.attributes.get(attribute) {
            write!(out, " {value}").unwrap();
        }
    }
    match (span.status, span.attributes.get("error.type")) {
        (0, None) => {}
        (2, Some(error)) => write!(out, " !{error}").unwrap(),
        other => panic!("status and error.type of {} don't go together: {other:?}", span.name),
    }
    out.push('\n');
    for child in spans.iter().filter(|child| child.parent == span.id) {
        branch(child, spans, depth + 1, out);
    }
}

fn attributes(list: &[KeyValue]) -> BTreeMap<String, String> {
    let mut attributes = BTreeMap::new();
    for attribute in list {
        let value = match attribute.value.clone().and_then(|value| value.value) {
            Some(Value::StringValue(text)) => text,
            Some(Value::IntValue(number)) => number.to_string(),
            other => panic!("{} is {other:?}", attribute.key),
        };
        let before = attributes.insert(attribute.key.clone(), value);
        assert_eq!(before, None, "{} is there twice", attribute.key);
    }
    attributes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
