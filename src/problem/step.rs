//! Steps: what the preflight tries, one after the other.

use std::fmt;

/// A step of the preflight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Every setting of every layer.
    Configuration,
    /// The report that takes the place of Qualys.
    ReportFile,
    /// The page of a run.
    Page,
    /// The log file.
    LogFile,
    /// The file for node_exporter.
    MetricsFile,
    /// The file of commands that takes the place of the Management Center.
    CsvFile,
    /// What is remembered between runs.
    State,
    /// The proxy on the way to Qualys.
    Proxy,
    /// The way to Qualys, and who answers there.
    Qualys,
    /// The login at Qualys.
    Login,
    /// The calls that the subscription has left.
    RateLimit,
    /// The report templates.
    Templates,
    /// The hosts in scope, where there is no template.
    Hosts,
    /// Whether titles and CVEs are given.
    KnowledgeBase,
    /// This machine's clock against Qualys'.
    Clock,
    /// The client certificate.
    Certificate,
    /// The name of the Management Center.
    Name,
    /// The TCP connection to it.
    Connection,
    /// The TLS handshake with it.
    Trust,
    /// The opening frames.
    HostInput,
    /// The Pushgateway.
    Pushgateway,
    /// The OpenTelemetry collector.
    Collector,
}

impl Step {
    /// What it is called in tables, in JSON and in the documentation.
    pub fn name(self) -> &'static str {
        match self {
            Step::Configuration => "configuration",
            Step::ReportFile => "report file",
            Step::Page => "page",
            Step::LogFile => "log file",
            Step::MetricsFile => "metrics file",
            Step::CsvFile => "CSV file",
            Step::State => "state",
            Step::Proxy => "proxy",
            Step::Qualys => "Qualys",
            Step::Login => "login",
            Step::RateLimit => "rate limit",
            Step::Hosts => "hosts",
            Step::KnowledgeBase => "KnowledgeBase",
            Step::Templates => "templates",
            Step::Clock => "clock",
            Step::Certificate => "certificate",
            Step::Name => "name",
            Step::Connection => "connection",
            Step::Trust => "trust",
            Step::HostInput => "Host Input",
            Step::Pushgateway => "Pushgateway",
            Step::Collector => "collector",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
