//! The table of problems: one row for each kind.
//!
//! Qualys' codes: its API guide, appendix D (certain). The statuses that go with them were partly recorded and are partly a
//! guess, so a known code decides before any status: a 409 can mean "wait an hour" as well as "accept the licence agreement
//! first". The first row that fits counts.

use super::shared::*;
use super::{Reason, RetryPolicy, Row, Step};
use crate::exit::Exit;

/// Makes the enum of kinds and their rows, so that neither can be without the other. A row says what it has beyond the one that
/// it begins with.
macro_rules! kinds {
    ($($kind:ident: $meaning:literal => $base:ident { $($field:ident: $value:expr),* $(,)? };)*) => {
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
                    $(Kind::$kind => const { &Row { meaning: $meaning, $($field: $value,)* ..$base } },)*
                }
            }
        }
    };
}

kinds! {
    // What Qualys answers in the place of what was asked for.
    InvalidReport: "no template has that id" => BAD_TEMPLATE {
        codes: &[(999, "invalid report")],
        remedy: "check qualys.template_ids: the id stands behind `id=` in the link of the template's Info button, and the \
                 template must be visible to qualys.user_id",
    };
    InternalError: "internal error" => UNAVAILABLE {
        label: "unavailable",
        codes: &[(999, "")],
        texts: &["internal error"],
        remedy: "Qualys failed inside; if it stays so, give its words to Qualys' support",
        retry: RetryPolicy::FewTimes,
        acted: true,
    };
    TooManyAtOnce: "as many calls of the subscription are running as may" => NOT_NOW {
        label: "too_many_at_once",
        codes: &[(1960, "")],
        remedy: "other users or tools of the subscription are calling too; let them finish, or ask Qualys for more",
        retry: RetryPolicy::UntilDeadline(Reason::Concurrency),
        step: Some(Step::RateLimit),
    };
    TooManyCalls: "the calls of the subscription are used up for this window" => NOT_NOW {
        label: "too_many_calls",
        codes: &[(1965, "")],
        statuses: &[409..=409, 429..=429],
        remedy: "all users and tools of the subscription share these calls; run less often, or ask Qualys for more",
        retry: RetryPolicy::UntilDeadline(Reason::RateLimit),
        step: Some(Step::RateLimit),
    };
    ListCut: "a list was cut off" => UNAVAILABLE {
        label: "refused",
        codes: &[(1980, "")],
        remedy: "look the code up in Qualys' API guide, or ask Qualys' support",
    };
    BeingProcessed: "the request is still being processed" => NOT_NOW {
        label: "not_ready",
        codes: &[(1981, "")],
        remedy: "Qualys is still working on the request: come back later",
        retry: RetryPolicy::UntilDeadline(Reason::BackOff),
        acted: true,
    };
    Maintenance: "Qualys is down for maintenance" => NOT_NOW {
        label: "maintenance",
        codes: &[(1999, "")],
        remedy: "Qualys is down for maintenance: come back later",
        retry: RetryPolicy::UntilDeadline(Reason::Maintenance),
    };
    BadLogin: "bad login or password" => LOGIN_REFUSED {
        codes: &[(2000, ""), (2010, "bad login")],
        statuses: &[401..=401],
        remedy: "check qualys.user_id and qualys.password; the account may live on another platform than qualys.url (see Help > \
                 About in Qualys), or may not use the API; it is not tried again, because repeated failures lock the account",
    };
    InactiveUser: "the user is inactive" => LOGIN_REFUSED {
        codes: &[(2002, "")],
        remedy: "the account is inactive: have it activated in Qualys",
    };
    Unregistered: "registration or licence agreement isn't completed" => LOGIN_REFUSED {
        codes: &[(2003, "")],
        texts: &["registration must be completed"],
        remedy: "log in to Qualys once with this account, complete its registration and accept the licence agreement",
    };
    AddressNotAllowed: "the address that the call comes from isn't allowed" => FORBIDDEN {
        codes: &[(2007, "")],
        remedy: "this machine's address (or its proxy's) isn't among those that the subscription allows: have it added in \
                 Qualys",
        closes: true,
    };
    BasicLoginRequired: "the call wants Basic login" => LOGIN_REFUSED {
        codes: &[(2010, "")],
        remedy: "set qualys.login to basic",
    };
    SecurIdRequired: "the user logs in with SecurID" => LOGIN_REFUSED {
        codes: &[(2011, "")],
        remedy: "the account logs in with SecurID: use an account without it for the API",
    };
    NoApiLicence: "the licence doesn't include the API" => FORBIDDEN {
        codes: &[(2012, "")],
        remedy: "the subscription's licence doesn't include the API: ask Qualys",
        closes: true,
    };
    NotFetchable: "the report can't be fetched: not finished yet, or not there" => NOT_NOW {
        label: "not_ready",
        codes: &[(7001, "")],
        texts: &["cannot be fetched"],
        remedy: "Qualys lists the report as finished but doesn't hand it out, or somebody deleted it: run again later",
        retry: RetryPolicy::FewTimes,
    };
    // Its code isn't known, so the words decide.
    StorageFull: "there is no room for the report" => UNAVAILABLE {
        label: "storage_full",
        words: &["storage", "disk space", "quota"],
        remedy: "the Report Share is full: delete old reports in Qualys, or have the user's limit raised",
    };
    BadValue: "a parameter has a value that can't be, most often a template id, an asset group or a tag" => BAD_TEMPLATE {
        codes: &[(1905, "")],
        remedy: "check qualys.template_ids (does the template exist, and may qualys.user_id see it?), or, where hosts are asked \
                 for, what chooses them (detections.*, selection.ip_ranges)",
    };
    UnknownParameter: "a parameter isn't known" => BAD_REQUEST { codes: &[(1901, "")] };
    MissingParameter: "a parameter that is needed is missing" => BAD_REQUEST { codes: &[(1903, "")] };
    ExclusiveParameters: "parameters exclude each other" => BAD_REQUEST { codes: &[(1904, "")] };
    UnfitParameters: "parameters don't go together" => BAD_REQUEST { codes: &[(1907, "")] };
    WrongMethod: "the call wants another HTTP method" => BAD_REQUEST { codes: &[(1908, "")] };
    Blocked: "the request is blocked, by the account or a policy" => FORBIDDEN {
        codes: &[(1920, "")],
        remedy: "the account or a policy blocks this call: ask the Qualys administrator",
    };
    NoParameter: "at least one of several parameters is needed" => BAD_REQUEST { codes: &[(1922, "")] };
    DuplicateHosts: "hosts are named twice" => BAD_REQUEST { codes: &[(1982, "")] };
    BadRequest: "the request isn't understood" => BAD_REQUEST { statuses: &[400..=400, 414..=414] };
    Forbidden: "forbidden, by Qualys or by somebody on the way" => FORBIDDEN {
        statuses: &[403..=403],
        remedy: "the account may not do this, or a proxy or firewall on the way forbids it: check API access and roles",
    };
    NoSuchPath: "there is no such path" => CONFIGURATION {
        label: "no_such_path",
        statuses: &[404..=404],
        remedy: "check qualys.url and qualys.api_version",
        step: Some(Step::Qualys),
    };
    Unavailable: "a fault of the server" => UNAVAILABLE {
        label: "unavailable",
        statuses: &[500..=599],
        remedy: "Qualys, or a proxy before it, doesn't work at the moment: come back later",
        retry: RetryPolicy::FewTimesOrRetryAfter(Reason::Maintenance),
        acted: true,
    };
    Refused: "Qualys refuses, in a way that isn't known" => UNAVAILABLE {
        label: "refused",
        remedy: "look the code up in Qualys' API guide, or ask Qualys' support",
    };

    // What happens on the way to Qualys and back.
    Configuration: "a setting can't work" => CONFIGURATION {
        remedy: "correct that setting, or the file that it names",
        step: Some(Step::Configuration),
    };
    BadTemplate: "no report that can be imported is made of the template" => BAD_TEMPLATE { remedy: "check qualys.template_ids" };
    NoConnection: "no connection" => UNAVAILABLE {
        label: "connect",
        remedy: "check qualys.url, name resolution, and that firewall and proxy let it pass",
        retry: RetryPolicy::FewTimes,
    };
    Untrusted: "no trusted TLS connection" => TLS {
        remedy: "where a private CA or an inspecting proxy signs, name its certificate in qualys.ca_file",
    };
    WrongName: "no trusted TLS connection: the certificate is for another name" => TLS {
        remedy: "check qualys.url, name resolution, and whether something between here and Qualys answers in its place",
    };
    CertificateExpired: "no trusted TLS connection: the certificate has expired, by this machine's clock" => TLS {
        remedy: "set the clock by NTP; if it is right, see who presents that certificate: an inspecting proxy, most likely",
    };
    CertificateNotYetValid: "no trusted TLS connection: the certificate isn't valid yet, by this machine's clock" => TLS {
        remedy: "set the clock by NTP",
    };
    ProxyLogin: "the proxy refuses us" => FORBIDDEN {
        label: "proxy_login",
        statuses: &[407..=407],
        closes: true,
        remedy: "check qualys.proxy.username and qualys.proxy.password, or the user and password in HTTPS_PROXY",
        step: Some(Step::Proxy),
    };
    Proxy: "the proxy gives no connection to Qualys" => UNAVAILABLE {
        label: "proxy",
        remedy: "check qualys.proxy.url (or HTTPS_PROXY), and that the proxy lets CONNECT to Qualys pass",
        retry: RetryPolicy::FewTimes,
        step: Some(Step::Proxy),
    };
    ProxySpeaksPlainHttp: "the proxy was given as https://, but doesn't speak TLS itself" => CONFIGURATION {
        label: "proxy",
        step: Some(Step::Proxy),
    };
    ConnectTimeout: "no connection within qualys.connect_timeout" => UNAVAILABLE {
        label: "connect_timeout",
        remedy: "check qualys.url, firewall and proxy",
        retry: RetryPolicy::FewTimes,
    };
    IdleTimeout: "not a byte arrived within qualys.idle_timeout" => INTERRUPTED_ANSWER { label: "idle_timeout" };
    Deadline: "qualys.deadline was reached before the answer was complete" => NOT_NOW {
        label: "deadline",
        remedy: "run again later, or raise qualys.deadline",
        acted: true,
    };
    Broken: "the connection broke before the answer began" => INTERRUPTED_ANSWER { label: "broken" };
    CutOff: "the answer was cut off" => INTERRUPTED_ANSWER { label: "cut_off" };
    Redirected: "the answer redirects elsewhere, which is never followed, because the credentials would go along" => CONFIGURATION {
        label: "redirected",
        remedy: "check qualys.url and qualys.api_version",
        step: Some(Step::Qualys),
    };
    Empty: "the answer is empty, although its status says success" => INTERRUPTED_ANSWER { label: "empty" };
    Html: "the answer is a page for people (HTML) instead of XML" => INTERRUPTED_ANSWER {
        label: "unexpected",
        remedy: "check qualys.url, whether a proxy wants a log-in first, and whether Qualys is down for maintenance",
    };
    Unexpected: "the answer isn't what was asked for" => REPORT {
        label: "unexpected",
        remedy: "check qualys.url and qualys.api_version",
        acted: true,
        step: Some(Step::Qualys),
    };
    TooLarge: "an answer is longer than it should be" => REPORT {
        label: "unexpected",
        remedy: "check qualys.url and qualys.api_version",
        step: Some(Step::Qualys),
    };
    Canceled: "somebody cancelled the report at Qualys" => REPORT { label: "canceled", remedy: "run again" };
    ReportFailed: "Qualys failed to make the report" => REPORT {
        label: "report_failed",
        remedy: "try the template in Qualys itself",
    };
    Vanished: "the report isn't in Qualys' list" => NOT_NOW {
        label: "vanished",
        remedy: "somebody deleted it, or Qualys lost it: run again",
    };
    NoHosts: "Qualys lists no host in scope" => REPORT {
        label: "no_hosts",
        remedy: "rights may be lost, so nothing is sent and nothing is cleared: check the scope (detections.asset_groups, .tags, \
                 selection.ip_ranges), and which hosts qualys.user_id sees",
        step: Some(Step::Hosts),
    };
    BadScope: "Qualys doesn't take the choice of hosts" => CONFIGURATION {
        label: "bad_scope",
        remedy: "check detections.asset_groups, .tags and .exclude_tags, selection.ip_ranges and .networks, and the versions of \
                 Qualys' interfaces (detections.*_version)",
        step: Some(Step::Hosts),
    };
    NoKnowledgeBase: "the KnowledgeBase isn't given to this account" => FORBIDDEN {
        label: "no_knowledge_base",
        remedy: "Qualys' support enables its download for the subscription; with detections.knowledge_base=n the import goes \
                 on without titles and CVE ids, so that nothing of it can raise an event's impact",
        step: Some(Step::KnowledgeBase),
    };
    StillRunning: "the report is still being made and qualys.deadline is reached" => NOT_NOW { label: "still_running" };
    WaitTooLong: "the next call would have to wait beyond qualys.deadline" => NOT_NOW {
        label: "wait_too_long",
        step: Some(Step::RateLimit),
    };

    // The Management Center.
    ClientCertificate: "the PKCS12 file is of no use" => UNWELCOME {
        label: "client_certificate",
        remedy: "make a new client on the Management Center, and use its PKCS12 file",
        step: Some(Step::Certificate),
    };
    TrustSetting: "management_center.trust can't be used" => UNWELCOME {
        label: "trust",
        remedy: "correct management_center.trust",
    };
    ServerUntrusted: "the Management Center's certificate isn't trusted" => UNWELCOME { label: "server_untrusted" };
    ClientRefused: "the Management Center refuses the client certificate" => UNWELCOME {
        label: "client_refused",
        remedy: "make a new client there and use its PKCS12 file",
    };
    NoCommonTls: "the server's TLS can't be used" => PROTOCOL {
        label: "no_common_tls",
        remedy: "check that management_center.server and management_center.port are those of its Host Input",
        step: Some(Step::Trust),
    };
    HandshakeFailed: "the connection ended during the TLS handshake" => AWAY {
        label: "handshake_failed",
        remedy: "is this client registered there, with the address that it connects from?",
        step: Some(Step::Trust),
    };
    NameUnresolved: "the Management Center's name can't be resolved" => AWAY {
        label: "name_unresolved",
        remedy: "check management_center.server and DNS",
        step: Some(Step::Name),
    };
    NoIpv6: "the Management Center has no IPv6 address, and management_center.ipv6 asks for one" => CONFIGURATION {
        remedy: "clear management_center.ipv6, or give the Management Center an IPv6 address in DNS",
        step: Some(Step::Name),
    };
    Unreached: "can't connect to the Management Center" => AWAY {
        label: "unreached",
        remedy: "check that port and firewall are open, and that a host input client is registered there (the port is closed \
                 while none is)",
        step: Some(Step::Connection),
    };
    ClientUnwelcome: "the Management Center closed the connection before its first answer" => UNWELCOME {
        label: "client_unwelcome",
        remedy: "make the client, on the Management Center, for the address that it sees this machine come from (behind NAT \
                 another one than the step connection shows), and use its PKCS12 file; it may also have been deleted there, or the \
                 Management Center may be older than this protocol",
        retry: RetryPolicy::Reconnect,
        step: Some(Step::HostInput),
    };
    ClientRejected: "the Management Center refuses this client, in words" => UNWELCOME {
        label: "client_rejected",
        remedy: "its words say what it wants: a client that was made there anew may help, or an update of a Management Center \
                 that is older than the protocol's version 1",
        step: Some(Step::HostInput),
    };
    NotHostInput: "the server doesn't speak Host Input" => PROTOCOL {
        remedy: "check that management_center.server and management_center.port are those of its Host Input",
    };
    ConnectionLost: "the connection to the Management Center was lost" => AWAY { label: "connection_lost" };
    AnswerTimeout: "the Management Center didn't answer within management_center.answer_timeout" => AWAY {
        label: "answer_timeout",
        remedy: "look at its load, and whether hostinputd runs there; restarting it, or the Management Center, may help",
        step: Some(Step::HostInput),
    };
    Overdue: "the Management Center wasn't done within management_center.deadline" => UNAVAILABLE {
        label: "overdue",
        remedy: "look at its load, and whether hostinputd runs there; raise the setting if it is only slow",
    };
    FrameTooSmall: "the Management Center takes frames that are too small for a command" => PROTOCOL {
        remedy: "look at the Management Center, where 524288 bytes are usual, and at management_center.max_frame",
    };
    HeaderRefused: "the Management Center refused the commands' source or domain" => PROTOCOL {
        remedy: "check commands.source, commands.domain and the domain that the certificate was made for",
    };
    ProtocolBroken: "the Management Center broke the protocol" => PROTOCOL {};
    CommandsRefused: "the Management Center refused commands" => PROTOCOL { label: "commands_refused", step: None };

    // Files, and the process itself.
    CommandsTooLong: "commands are longer than a frame may be" => REPORT {
        label: "commands_too_long",
        remedy: "raise management_center.max_frame, as far as the Management Center takes it, or shorten them",
    };
    ReportUnusable: "the report can't be used" => REPORT { label: "report", step: Some(Step::ReportFile) };
    CommandFile: "the file of commands can't be sent" => REPORT { label: "command_file" };
    Unreadable: "a file can't be read" => ROW { label: "unreadable", exit: Exit::Io, step: Some(Step::ReportFile) };
    CannotCreate: "a file can't be created" => ROW { label: "cannot_create", exit: Exit::CannotCreate };
    CannotWrite: "a file can't be written to its end" => ROW {
        label: "cannot_write",
        remedy: "what was written has been removed",
        exit: Exit::Io,
    };
    StateLocked: "another run is using the memory between runs" => STATE {
        remedy: "let it end, or give each import a state.dir of its own",
        exit: Exit::TryAgain,
    };
    StateNewer: "the memory between runs is of a newer program" => STATE {
        remedy: "run that program, or forget it (qualys-connector state --forget)",
        exit: Exit::Config,
    };
    StateDamaged: "the memory between runs is damaged" => STATE {
        remedy: "the next import begins a new one, or forget it (qualys-connector state --forget)",
        exit: Exit::Io,
    };
    StateUnusable: "the memory between runs can't be used" => STATE {
        remedy: "let the user that runs this write into the folder, see that the disk has room, or correct state.dir",
        exit: Exit::CannotCreate,
    };
    TooManyLeft: "more known hosts left Qualys than may be cleared" => REPORT {
        label: "too_many_left",
        remedy: "see whether the account still sees all hosts (--plan lists those that left); if they are gone, import once with \
                 --set commands.max_cleared=100%",
    };
    NothingToDo: "the command line names nothing to do" => ROW { label: "usage", exit: Exit::Usage };
    SystemLimit: "the program can't begin" => ROW {
        label: "system_limit",
        remedy: "look at the limits that the system sets (ulimit)",
        exit: Exit::Io,
    };
    MetricsLost: "metrics that are required weren't handed over" => ROW { label: "metrics_lost", exit: Exit::Unavailable };
    Terminated: "told to stop by SIGTERM or SIGHUP" => ROW { label: "interrupted", exit: Exit::Terminated };
    Interrupted: "told to stop by SIGINT or SIGQUIT" => ROW { label: "interrupted", exit: Exit::Interrupted };
    Bug: "a bug in qualys-connector" => ROW { label: "bug", remedy: "please report it, with the log at --level 3" };
}
