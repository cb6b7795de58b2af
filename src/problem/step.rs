//! Steps: what the preflight tries, one after the other.

use std::fmt;

/// Makes the enum of steps and their names, from one table.
macro_rules! steps {
    ($($(#[$about:meta])* $step:ident $name:literal;)*) => {
        /// A step of the preflight.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Step {
            $($(#[$about])* $step,)*
        }

        impl Step {
            /// What it is called in tables, in JSON and in the documentation.
            pub fn name(self) -> &'static str {
                match self {
                    $(Step::$step => $name,)*
                }
            }
        }
    };
}

steps! {
    /// Every setting of every layer.
    Configuration "configuration";
    /// The report that takes the place of Qualys.
    ReportFile "report file";
    /// The page of a run.
    Page "page";
    /// The log file.
    LogFile "log file";
    /// The file for node_exporter.
    MetricsFile "metrics file";
    /// The file of commands that takes the place of the Management Center.
    CsvFile "CSV file";
    /// What is remembered between runs.
    State "state";
    /// The proxy on the way to Qualys.
    Proxy "proxy";
    /// The way to Qualys, and who answers there.
    Qualys "Qualys";
    /// The login at Qualys.
    Login "login";
    /// The calls that the subscription has left.
    RateLimit "rate limit";
    /// The report templates.
    Templates "templates";
    /// The hosts in scope, where there is no template.
    Hosts "hosts";
    /// Whether titles and CVEs are given.
    KnowledgeBase "KnowledgeBase";
    /// This machine's clock against Qualys'.
    Clock "clock";
    /// The client certificate.
    Certificate "certificate";
    /// The name of the Management Center.
    Name "name";
    /// The TCP connection to it.
    Connection "connection";
    /// The TLS handshake with it.
    Trust "trust";
    /// The opening frames.
    HostInput "Host Input";
    /// The Pushgateway.
    Pushgateway "Pushgateway";
    /// The OpenTelemetry collector.
    Collector "collector";
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
