//! The table of problems: one row for each kind.
//!
//! Qualys' codes: its API guide, appendix D (certain). The statuses that go with them were partly recorded and are partly a
//! guess, so a known code decides before any status: a 409 can mean "wait an hour" as well as "accept the licence agreement
//! first". The first row that fits counts.

use super::{Reason, RetryPolicy, Row, Step};
use crate::exit::Exit;

/// What rows share, unless they say something else.
const ROW: Row = Row {
    label: "",
    codes: &[],
    words: &[],
    texts: &[],
    statuses: &[],
    meaning: "",
    remedy: "",
    retry: RetryPolicy::Never,
    closes: false,
    acted: false,
    resumes: false,
    exit: Exit::Bug,
    step: None,
};
const REPORT: Row = Row {
    exit: Exit::Report,
    ..ROW
};
const CONFIGURATION: Row = Row {
    label: "configuration",
    exit: Exit::Config,
    ..ROW
};
const BAD_TEMPLATE: Row = Row {
    label: "bad_template",
    exit: Exit::Config,
    step: Some(Step::Templates),
    ..ROW
};
const BAD_REQUEST: Row = Row {
    label: "bad_request",
    remedy: "check that the template is an Auto (host based) scan template, and qualys.api_version",
    ..BAD_TEMPLATE
};
/// Passes sooner or later.
const NOT_NOW: Row = Row {
    resumes: true,
    exit: Exit::TryAgain,
    step: Some(Step::Qualys),
    ..ROW
};
const UNAVAILABLE: Row = Row {
    exit: Exit::Unavailable,
    ..NOT_NOW
};
const FORBIDDEN: Row = Row {
    label: "forbidden",
    resumes: true,
    exit: Exit::Credentials,
    step: Some(Step::Login),
    ..ROW
};
const LOGIN_REFUSED: Row = Row {
    label: "login_refused",
    closes: true,
    ..FORBIDDEN
};
const TLS: Row = Row {
    label: "tls",
    step: Some(Step::Qualys),
    ..FORBIDDEN
};
/// An answer that didn't come, or not in full.
const INTERRUPTED_ANSWER: Row = Row {
    remedy: "try it again; if it stays so, see what is between here and Qualys (firewall, proxy, maintenance)",
    retry: RetryPolicy::FewTimes,
    acted: true,
    ..UNAVAILABLE
};
/// The Management Center, or the way to it.
const AWAY: Row = Row {
    retry: RetryPolicy::Reconnect,
    ..UNAVAILABLE
};
const UNWELCOME: Row = Row {
    step: Some(Step::Trust),
    ..FORBIDDEN
};
const PROTOCOL: Row = Row {
    label: "protocol",
    exit: Exit::Protocol,
    step: Some(Step::HostInput),
    ..ROW
};

/// Makes the enum of kinds and their rows, so that neither can be without the other.
macro_rules! kinds {
    ($($kind:ident: $meaning:literal => $row:expr;)*) => {
        /// A kind of problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind {
            $(#[doc = $meaning] $kind,)*
        }

        impl Kind {
            /// Every kind, in the order of the table.
            pub const ALL: &[Kind] = &[$(Kind::$kind),*];

            /// What is known of it.
            pub fn row(self) -> &'static Row {
                match self {
                    $(Kind::$kind => const { &Row { meaning: $meaning, ..$row } },)*
                }
            }
        }
    };
}

kinds! {
    // What Qualys answers in the place of what was asked for.
    InvalidReport: "no template has that id" => Row {
        codes: &[(999, "invalid report")],
        remedy: "check qualys.template_ids: the id stands behind `id=` in the link of the template's Info button, and the \
                 template must be visible to qualys.user_id",
        ..BAD_TEMPLATE
    };
    InternalError: "internal error" => Row {
        label: "unavailable",
        codes: &[(999, "")],
        texts: &["internal error"],
        remedy: "Qualys failed inside; if it stays so, give its words to Qualys' support",
        retry: RetryPolicy::FewTimes,
        acted: true,
        ..UNAVAILABLE
    };
    TooManyAtOnce: "as many calls of the subscription are running as may" => Row {
        label: "too_many_at_once",
        codes: &[(1960, "")],
        remedy: "other users or tools of the subscription are calling too; let them finish, or ask Qualys for more",
        retry: RetryPolicy::UntilDeadline(Reason::Concurrency),
        step: Some(Step::RateLimit),
        ..NOT_NOW
    };
    TooManyCalls: "the calls of the subscription are used up for this window" => Row {
        label: "too_many_calls",
        codes: &[(1965, "")],
        statuses: &[409..=409, 429..=429],
        remedy: "all users and tools of the subscription share these calls; run less often, or ask Qualys for more",
        retry: RetryPolicy::UntilDeadline(Reason::RateLimit),
        step: Some(Step::RateLimit),
        ..NOT_NOW
    };
    ListCut: "a list was cut off" => Row {
        label: "refused",
        codes: &[(1980, "")],
        remedy: "look the code up in Qualys' API guide, or ask Qualys' support",
        ..UNAVAILABLE
    };
    BeingProcessed: "the request is still being processed" => Row {
        label: "not_ready",
        codes: &[(1981, "")],
        remedy: "Qualys is still working on the request: come back later",
        retry: RetryPolicy::UntilDeadline(Reason::BackOff),
        acted: true,
        ..NOT_NOW
    };
    Maintenance: "Qualys is down for maintenance" => Row {
        label: "maintenance",
        codes: &[(1999, "")],
        remedy: "Qualys is down for maintenance: come back later",
        retry: RetryPolicy::UntilDeadline(Reason::Maintenance),
        ..NOT_NOW
    };
    BadLogin: "bad login or password" => Row {
        codes: &[(2000, ""), (2010, "bad login")],
        statuses: &[401..=401],
        remedy: "check qualys.user_id and qualys.password; the account may live on another platform than qualys.url (see Help > \
                 About in Qualys), or may not use the API; it is not tried again, because repeated failures lock the account",
        ..LOGIN_REFUSED
    };
    InactiveUser: "the user is inactive" => Row {
        codes: &[(2002, "")],
        remedy: "the account is inactive: have it activated in Qualys",
        ..LOGIN_REFUSED
    };
    Unregistered: "registration or licence agreement isn't completed" => Row {
        codes: &[(2003, "")],
        texts: &["registration must be completed"],
        remedy: "log in to Qualys once with this account, complete its registration and accept the licence agreement",
        ..LOGIN_REFUSED
    };
    AddressNotAllowed: "the address that the call comes from isn't allowed" => Row {
        codes: &[(2007, "")],
        remedy: "this machine's address (or its proxy's) isn't among those that the subscription allows: have it added in \
                 Qualys",
        closes: true,
        ..FORBIDDEN
    };
    BasicLoginRequired: "the call wants Basic login" => Row {
        codes: &[(2010, "")],
        remedy: "set qualys.login to basic",
        ..LOGIN_REFUSED
    };
    SecurIdRequired: "the user logs in with SecurID" => Row {
        codes: &[(2011, "")],
        remedy: "the account logs in with SecurID: use an account without it for the API",
        ..LOGIN_REFUSED
    };
    NoApiLicence: "the licence doesn't include the API" => Row {
        codes: &[(2012, "")],
        remedy: "the subscription's licence doesn't include the API: ask Qualys",
        closes: true,
        ..FORBIDDEN
    };
    NotFetchable: "the report can't be fetched: not finished yet, or not there" => Row {
        label: "not_ready",
        codes: &[(7001, "")],
        texts: &["cannot be fetched"],
        remedy: "Qualys lists the report as finished but doesn't hand it out, or somebody deleted it: run again later",
        retry: RetryPolicy::FewTimes,
        ..NOT_NOW
    };
    // Its code isn't known, so the words decide.
    StorageFull: "there is no room for the report" => Row {
        label: "storage_full",
        words: &["storage", "disk space", "quota"],
        remedy: "the Report Share is full: delete old reports in Qualys, or have the user's limit raised",
        ..UNAVAILABLE
    };
    BadValue: "a parameter has a value that can't be, most often a template id" => Row {
        codes: &[(1905, "")],
        remedy: "check qualys.template_ids: does the template exist, and may qualys.user_id see it?",
        ..BAD_TEMPLATE
    };
    UnknownParameter: "a parameter isn't known" => Row { codes: &[(1901, "")], ..BAD_REQUEST };
    MissingParameter: "a parameter that is needed is missing" => Row { codes: &[(1903, "")], ..BAD_REQUEST };
    ExclusiveParameters: "parameters exclude each other" => Row { codes: &[(1904, "")], ..BAD_REQUEST };
    UnfitParameters: "parameters don't go together" => Row { codes: &[(1907, "")], ..BAD_REQUEST };
    WrongMethod: "the call wants another HTTP method" => Row { codes: &[(1908, "")], ..BAD_REQUEST };
    Blocked: "the request is blocked, by the account or a policy" => Row {
        codes: &[(1920, "")],
        remedy: "the account or a policy blocks this call: ask the Qualys administrator",
        ..FORBIDDEN
    };
    NoParameter: "at least one of several parameters is needed" => Row { codes: &[(1922, "")], ..BAD_REQUEST };
    DuplicateHosts: "hosts are named twice" => Row { codes: &[(1982, "")], ..BAD_REQUEST };
    BadRequest: "the request isn't understood" => Row { statuses: &[400..=400, 414..=414], ..BAD_REQUEST };
    Forbidden: "forbidden, by Qualys or by somebody on the way" => Row {
        statuses: &[403..=403],
        remedy: "the account may not do this, or a proxy or firewall on the way forbids it: check API access and roles",
        ..FORBIDDEN
    };
    NoSuchPath: "there is no such path" => Row {
        label: "no_such_path",
        statuses: &[404..=404],
        remedy: "check qualys.url and qualys.api_version",
        step: Some(Step::Qualys),
        ..CONFIGURATION
    };
    Unavailable: "a fault of the server" => Row {
        label: "unavailable",
        statuses: &[500..=599],
        remedy: "Qualys, or a proxy before it, doesn't work at the moment: come back later",
        retry: RetryPolicy::FewTimesOrRetryAfter(Reason::Maintenance),
        acted: true,
        ..UNAVAILABLE
    };
    Refused: "Qualys refuses, in a way that isn't known" => Row {
        label: "refused",
        remedy: "look the code up in Qualys' API guide, or ask Qualys' support",
        ..UNAVAILABLE
    };

    // What happens on the way to Qualys and back.
    Configuration: "a setting can't work" => Row {
        remedy: "correct that setting, or the file that it names",
        step: Some(Step::Configuration),
        ..CONFIGURATION
    };
    BadTemplate: "no report that can be imported is made of the template" => Row {
        remedy: "check qualys.template_ids",
        ..BAD_TEMPLATE
    };
    NoConnection: "no connection" => Row {
        label: "connect",
        remedy: "check qualys.url, name resolution, and that firewall and proxy let it pass",
        retry: RetryPolicy::FewTimes,
        ..UNAVAILABLE
    };
    Untrusted: "no trusted TLS connection" => Row {
        remedy: "where a private CA or an inspecting proxy signs, name its certificate in qualys.ca_file",
        ..TLS
    };
    WrongName: "no trusted TLS connection: the certificate is for another name" => Row {
        remedy: "check qualys.url, name resolution, and whether something between here and Qualys answers in its place",
        ..TLS
    };
    CertificateExpired: "no trusted TLS connection: the certificate has expired, by this machine's clock" => Row {
        remedy: "set the clock by NTP; if it is right, see who presents that certificate: an inspecting proxy, most likely",
        ..TLS
    };
    CertificateNotYetValid: "no trusted TLS connection: the certificate isn't valid yet, by this machine's clock" => Row {
        remedy: "set the clock by NTP",
        ..TLS
    };
    ProxyLogin: "the proxy refuses us" => Row {
        label: "proxy_login",
        statuses: &[407..=407],
        remedy: "check qualys.proxy.username and qualys.proxy.password, or the user and password in HTTPS_PROXY",
        step: Some(Step::Proxy),
        ..FORBIDDEN
    };
    Proxy: "the proxy gives no connection to Qualys" => Row {
        label: "proxy",
        remedy: "check qualys.proxy.url (or HTTPS_PROXY), and that the proxy lets CONNECT to Qualys pass",
        retry: RetryPolicy::FewTimes,
        step: Some(Step::Proxy),
        ..UNAVAILABLE
    };
    ProxySpeaksPlainHttp: "the proxy was given as https://, but doesn't speak TLS itself" => Row {
        label: "proxy",
        step: Some(Step::Proxy),
        ..CONFIGURATION
    };
    ConnectTimeout: "no connection within qualys.connect_timeout" => Row {
        label: "connect_timeout",
        remedy: "check qualys.url, firewall and proxy",
        retry: RetryPolicy::FewTimes,
        ..UNAVAILABLE
    };
    IdleTimeout: "not a byte arrived within qualys.idle_timeout" => Row {
        label: "idle_timeout",
        ..INTERRUPTED_ANSWER
    };
    Deadline: "qualys.deadline was reached before the answer was complete" => Row {
        label: "deadline",
        remedy: "run again later, or raise qualys.deadline",
        acted: true,
        ..NOT_NOW
    };
    Broken: "the connection broke before the answer began" => Row { label: "broken", ..INTERRUPTED_ANSWER };
    CutOff: "the answer was cut off" => Row { label: "cut_off", ..INTERRUPTED_ANSWER };
    Redirected: "the answer redirects elsewhere, which is never followed, because the credentials would go along" => Row {
        label: "redirected",
        remedy: "check qualys.url and qualys.api_version",
        step: Some(Step::Qualys),
        ..CONFIGURATION
    };
    Empty: "the answer is empty, although its status says success" => Row { label: "empty", ..INTERRUPTED_ANSWER };
    Html: "the answer is a page for people (HTML) instead of XML" => Row {
        label: "unexpected",
        remedy: "check qualys.url, whether a proxy wants a log-in first, and whether Qualys is down for maintenance",
        ..INTERRUPTED_ANSWER
    };
    Unexpected: "the answer isn't what was asked for" => Row {
        label: "unexpected",
        remedy: "check qualys.url and qualys.api_version",
        acted: true,
        step: Some(Step::Qualys),
        ..REPORT
    };
    TooLarge: "an answer is longer than it should be" => Row {
        label: "unexpected",
        remedy: "check qualys.url and qualys.api_version",
        step: Some(Step::Qualys),
        ..REPORT
    };
    Canceled: "somebody cancelled the report at Qualys" => Row {
        label: "canceled",
        remedy: "run again",
        ..REPORT
    };
    ReportFailed: "Qualys failed to make the report" => Row {
        label: "report_failed",
        remedy: "try the template in Qualys itself",
        ..REPORT
    };
    Vanished: "the report isn't in Qualys' list" => Row {
        label: "vanished",
        remedy: "somebody deleted it, or Qualys lost it: run again",
        ..NOT_NOW
    };
    NoHosts: "Qualys lists no host in scope" => Row {
        label: "no_hosts",
        remedy: "rights may be lost, so nothing is sent and nothing is cleared: check the scope (detections.asset_groups, .tags, \
                 selection.ip_ranges), and which hosts qualys.user_id sees",
        step: Some(Step::Hosts),
        ..REPORT
    };
    BadScope: "Qualys doesn't take the choice of hosts" => Row {
        label: "bad_scope",
        remedy: "check detections.asset_groups, .tags and .exclude_tags, and the versions of Qualys' interfaces \
                 (detections.*_version)",
        step: Some(Step::Hosts),
        ..CONFIGURATION
    };
    NoKnowledgeBase: "the KnowledgeBase isn't given to this account" => Row {
        label: "no_knowledge_base",
        remedy: "Qualys' support enables its download for the subscription; with detections.knowledge_base=n the import goes \
                 on without titles and CVE ids, so that nothing of it can raise an event's impact",
        step: Some(Step::KnowledgeBase),
        ..FORBIDDEN
    };
    StillRunning: "the report is still being made and qualys.deadline is reached" => Row {
        label: "still_running",
        ..NOT_NOW
    };
    WaitTooLong: "the next call would have to wait beyond qualys.deadline" => Row {
        label: "wait_too_long",
        step: Some(Step::RateLimit),
        ..NOT_NOW
    };

    // The Management Center.
    ClientCertificate: "the PKCS12 file is of no use" => Row {
        label: "client_certificate",
        remedy: "make a new client on the Management Center, and use its PKCS12 file",
        step: Some(Step::Certificate),
        ..UNWELCOME
    };
    TrustSetting: "management_center.trust can't be used" => Row {
        label: "trust",
        remedy: "correct management_center.trust",
        ..UNWELCOME
    };
    ServerUntrusted: "the Management Center's certificate isn't trusted" => Row { label: "server_untrusted", ..UNWELCOME };
    ClientRefused: "the Management Center refuses the client certificate" => Row {
        label: "client_refused",
        remedy: "make a new client there and use its PKCS12 file",
        ..UNWELCOME
    };
    NoCommonTls: "the server's TLS can't be used" => Row {
        label: "no_common_tls",
        remedy: "check that management_center.server and management_center.port are those of its Host Input",
        step: Some(Step::Trust),
        ..PROTOCOL
    };
    HandshakeFailed: "the connection ended during the TLS handshake" => Row {
        label: "handshake_failed",
        remedy: "is this client registered there, with the address that it connects from?",
        step: Some(Step::Trust),
        ..AWAY
    };
    NameUnresolved: "the Management Center's name can't be resolved" => Row {
        label: "name_unresolved",
        remedy: "check management_center.server and DNS",
        step: Some(Step::Name),
        ..AWAY
    };
    NoIpv6: "the Management Center has no IPv6 address, and management_center.ipv6 asks for one" => Row {
        remedy: "clear management_center.ipv6, or give the Management Center an IPv6 address in DNS",
        step: Some(Step::Name),
        ..CONFIGURATION
    };
    Unreached: "can't connect to the Management Center" => Row {
        label: "unreached",
        remedy: "check that port and firewall are open, and that a host input client is registered there (the port is closed \
                 while none is)",
        step: Some(Step::Connection),
        ..AWAY
    };
    ClientUnwelcome: "the Management Center closed the connection before its first answer" => Row {
        label: "client_unwelcome",
        remedy: "make the client, on the Management Center, for the address that it sees this machine come from (behind NAT \
                 another one than the step connection shows), and use its PKCS12 file; it may also have been deleted there, or the \
                 Management Center may be older than this protocol",
        retry: RetryPolicy::Reconnect,
        step: Some(Step::HostInput),
        ..UNWELCOME
    };
    ClientRejected: "the Management Center refuses this client, in words" => Row {
        label: "client_rejected",
        remedy: "its words say what it wants: a client that was made there anew may help, or an update of a Management Center \
                 that is older than the protocol's version 1",
        step: Some(Step::HostInput),
        ..UNWELCOME
    };
    NotHostInput: "the server doesn't speak Host Input" => Row {
        remedy: "check that management_center.server and management_center.port are those of its Host Input",
        ..PROTOCOL
    };
    ConnectionLost: "the connection to the Management Center was lost" => Row { label: "connection_lost", ..AWAY };
    AnswerTimeout: "the Management Center didn't answer within management_center.answer_timeout" => Row {
        label: "answer_timeout",
        remedy: "look at its load, and whether hostinputd runs there; restarting it, or the Management Center, may help",
        step: Some(Step::HostInput),
        ..AWAY
    };
    Overdue: "the Management Center wasn't done within management_center.deadline" => Row {
        label: "overdue",
        remedy: "look at its load, and whether hostinputd runs there; raise the setting if it is only slow",
        ..UNAVAILABLE
    };
    FrameTooSmall: "the Management Center takes frames that are too small for a command" => Row {
        remedy: "look at the Management Center, where 524288 bytes are usual, and at management_center.max_frame",
        ..PROTOCOL
    };
    HeaderRefused: "the Management Center refused the commands' source or domain" => Row {
        remedy: "check commands.source, commands.domain and the domain that the certificate was made for",
        ..PROTOCOL
    };
    ProtocolBroken: "the Management Center broke the protocol" => Row { ..PROTOCOL };
    CommandsRefused: "the Management Center refused commands" => Row {
        label: "commands_refused",
        step: None,
        ..PROTOCOL
    };

    // Files, and the process itself.
    CommandsTooLong: "commands are longer than a frame may be" => Row {
        label: "commands_too_long",
        remedy: "raise management_center.max_frame, as far as the Management Center takes it, or shorten them",
        ..REPORT
    };
    ReportUnusable: "the report can't be used" => Row { label: "report", step: Some(Step::ReportFile), ..REPORT };
    CommandFile: "the file of commands can't be sent" => Row { label: "command_file", ..REPORT };
    Unreadable: "a file can't be read" => Row {
        label: "unreadable",
        exit: Exit::Io,
        step: Some(Step::ReportFile),
        ..ROW
    };
    CannotCreate: "a file can't be created" => Row { label: "cannot_create", exit: Exit::CannotCreate, ..ROW };
    CannotWrite: "a file can't be written to its end" => Row {
        label: "cannot_write",
        remedy: "what was written has been removed",
        exit: Exit::Io,
        ..ROW
    };
    NothingToDo: "the command line names nothing to do" => Row { label: "usage", exit: Exit::Usage, ..ROW };
    SystemLimit: "the program can't begin" => Row {
        label: "system_limit",
        remedy: "look at the limits that the system sets (ulimit)",
        exit: Exit::Io,
        ..ROW
    };
    MetricsLost: "metrics that are required weren't handed over" => Row { label: "metrics_lost", exit: Exit::Unavailable, ..ROW };
    Terminated: "told to stop by SIGTERM or SIGHUP" => Row { label: "interrupted", exit: Exit::Terminated, ..ROW };
    Interrupted: "told to stop by SIGINT or SIGQUIT" => Row { label: "interrupted", exit: Exit::Interrupted, ..ROW };
    Bug: "a bug in qualys-connector" => Row {
        label: "bug",
        remedy: "please report it, with the log at --level 3",
        ..ROW
    };
}
