//! What a Management Center can be told. The same for the program's options and for tests in Rust.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;

use super::{AtHostLimit, Faults, FlushScope, UnknownHosts, Validity};

/// How a Management Center is to be. [`Options::default`] is what the program does without options, except that it
/// listens on any free port.
#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// Where clients connect
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8307")]
    pub listen: SocketAddr,
    /// Directory for client.pkcs12, ca.pem, address, network-map.json, transcript.jsonl [default: a temporary one]
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// Serves GET /network-map and GET /transcript there
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub http: Option<SocketAddr>,

    /// Password of client.pkcs12
    #[arg(long, value_name = "PASSWORD", default_value = "", hide_default_value = true)]
    pub pkcs12_password: String,
    /// Leaves the InternalCA out of client.pkcs12
    #[arg(long)]
    pub pkcs12_without_ca: bool,
    /// The client's registered address (or host name), in its certificate
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub client_name: String,
    /// Turns away clients that come from elsewhere than the registered address
    #[arg(long)]
    pub check_source: bool,
    /// A name or address for the server certificate [default: none that a client dials]
    #[arg(long = "server-name", value_name = "NAME")]
    pub server_names: Vec<String>,
    /// Lifetime of the InternalCA
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub ca_validity: Validity,
    /// Lifetime of the client certificate
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub client_validity: Validity,
    /// Speaks TLS 1.2 only
    #[arg(long)]
    pub no_tls13: bool,

    /// The newest protocol version it knows
    #[arg(long, value_name = "VERSION", default_value_t = 1)]
    pub protocol_version: u32,
    /// Largest payload of a frame, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 524_288)]
    pub max_size: u32,
    /// Bytes that its system takes ahead of it; the smaller, the sooner a client has to wait
    #[arg(long, value_name = "BYTES")]
    pub receive_buffer: Option<u32>,

    /// Most hosts that the network map holds
    #[arg(long, value_name = "HOSTS", default_value_t = 50_000)]
    pub host_limit: usize,
    /// What happens to a new host at the limit
    #[arg(long, value_enum, value_name = "WHAT", default_value_t)]
    pub at_host_limit: AtHostLimit,
    /// Addresses, CIDR blocks or ranges of hosts that are in the map from the beginning
    #[arg(long, value_name = "LIST")]
    pub discovered: Vec<String>,
    /// What becomes of scan results for hosts that aren't in the map
    #[arg(long, value_enum, value_name = "WHAT", default_value_t)]
    pub unknown_hosts: UnknownHosts,
    /// Whose results a ScanFlush removes
    #[arg(long, value_enum, value_name = "WHOSE", default_value_t)]
    pub flush_scope: FlushScope,
    /// Its answers count SetSource, SetSourceType and SetDomain, too
    #[arg(long)]
    pub count_header: bool,
    /// Its answers don't count ScanFlush
    #[arg(long)]
    pub no_count_flush: bool,
    /// Its answers don't count ScanUpdate
    #[arg(long)]
    pub no_count_update: bool,
    /// Its answers don't count AddHostAttribute
    #[arg(long)]
    pub no_count_attribute: bool,
    /// A map set that exists
    #[arg(long = "map", value_name = "NAME")]
    pub maps: Vec<String>,
    /// A domain below Global, such as Europe\North
    #[arg(long = "domain", value_name = "PATH")]
    pub domains: Vec<String>,
    /// The domain for which the client's certificate is made
    #[arg(long, value_name = "PATH", default_value = "Global")]
    pub certificate_domain: String,
    /// Keeps the number and a checksum of results instead of their texts
    #[arg(long)]
    pub counts_only: bool,

    /// What is to go wrong
    #[arg(skip)]
    pub faults: Faults,
}

impl Options {
    pub(super) fn tls13(&self) -> bool {
        !self.no_tls13
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::parse_from(["management-center", "--listen", "127.0.0.1:0"])
    }
}
