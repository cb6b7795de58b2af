//! A Qualys that answers by script: one connection, one request, one reply, byte by byte as the test wants it.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// The id of reports that the script launches.
pub const ID: u64 = 4711;

/// What every fetch delivers unless the script says otherwise.
pub const REPORT: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n\n<!DOCTYPE ASSET_DATA_REPORT SYSTEM \
                          \"https://qualysguard.example/asset_data_report.dtd\">\n<ASSET_DATA_REPORT><HEADER/>\
                          </ASSET_DATA_REPORT>\n<!-- CONFIDENTIAL -->\n";

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Request {
    /// When it had arrived.
    pub at: Instant,
    /// `GET`, `POST`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    /// From query and body.
    pub parameters: BTreeMap<String, String>,
}

/// One reply, and how it is delivered.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    bytes: Vec<u8>,
    /// Silence before the first byte.
    pause: Duration,
    /// Silence after the last byte, before the connection closes.
    linger: Duration,
    hang_up: bool,
}

/// The server. Replies are taken from a queue per action; an empty queue answers well.
pub struct Scripted {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    script: BTreeMap<String, VecDeque<Reply>>,
    log: Vec<Request>,
    title: String,
}

impl Scripted {
    /// Listens on a port of this machine.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scripted = Scripted {
            address: listener.local_addr().unwrap(),
            shared: Arc::default(),
        };
        let shared = scripted.shared.clone();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (connection, shared) = (connection.unwrap(), shared.clone());
                thread::spawn(move || serve(connection, &shared));
            }
        });
        scripted
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Queues a reply to the next request of an action.
    pub fn then(&self, action: &str, reply: Reply) -> &Self {
        self.shared
            .lock()
            .unwrap()
            .script
            .entry(action.to_owned())
            .or_default()
            .push_back(reply);
        self
    }

    /// Queues the same reply several times.
    pub fn times(&self, count: usize, action: &str, reply: &Reply) -> &Self {
        for _ in 0..count {
            self.then(action, reply.clone());
        }
        self
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.lock().unwrap().log.clone()
    }

    /// The actions of all requests so far, in order.
    pub fn actions(&self) -> Vec<String> {
        self.requests().iter().map(Request::action).collect()
    }

    /// The pauses between the requests of one action.
    pub fn pauses(&self, action: &str) -> Vec<Duration> {
        let requests = self.requests();
        let times: Vec<_> = requests.iter().filter(|r| r.action() == action).map(|r| r.at).collect();
        times.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }
}

impl Request {
    /// The action, or the script's name of API v1.
    pub fn action(&self) -> String {
        let path = self.target.split('?').next().unwrap_or_default();
        match self.parameters.get("action") {
            Some(action) => action.clone(),
            None => path.rsplit('/').next().unwrap_or_default().to_owned(),
        }
    }
}

impl Reply {
    /// A body with its length, and headers as they are.
    pub fn new(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut bytes = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
        bytes.extend_from_slice(body);
        Reply::raw(bytes)
    }

    /// Bytes as they are.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Reply {
            bytes: bytes.into(),
            ..Reply::default()
        }
    }

    /// A body that is answered with status 200.
    pub fn ok(body: impl AsRef<[u8]>) -> Self {
        Reply::new(200, "", body)
    }

    /// SIMPLE_RETURN with a code; an item `KEY=VALUE` is optional.
    pub fn refusal(status: u16, code: u32, text: &str, item: &str) -> Self {
        Reply::new(status, "", simple_return(&format!("<CODE>{code}</CODE>"), text, item))
    }

    /// SIMPLE_RETURN without a code.
    pub fn done(text: &str, id: u64) -> Self {
        Reply::ok(simple_return("", text, &format!("ID={id}")))
    }

    /// The connection is closed without an answer.
    pub fn hang_up() -> Self {
        Reply {
            hang_up: true,
            ..Reply::default()
        }
    }

    /// Only the first bytes, counted from the beginning of the body, then an orderly close.
    pub fn cut(mut self, body: usize) -> Self {
        let head = self.bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        self.bytes.truncate(head + body);
        self
    }

    /// The same, after this silence.
    pub fn after(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// The same; the connection stays open so long after it.
    pub fn lingering(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }
}

/// The answer in which Qualys says how a request ended.
pub fn simple_return(code: &str, text: &str, item: &str) -> String {
    let item = item
        .split_once('=')
        .map(|(key, value)| format!("<ITEM_LIST><ITEM><KEY>{key}</KEY><VALUE>{value}</VALUE></ITEM></ITEM_LIST>"));
    format!(
        "<?xml version=\"1.0\"?><!DOCTYPE SIMPLE_RETURN SYSTEM \"x\"><SIMPLE_RETURN><RESPONSE>\
         <DATETIME>2026-01-01T12:00:00Z</DATETIME>{code}<TEXT>{text}</TEXT>{}</RESPONSE></SIMPLE_RETURN>",
        item.unwrap_or_default()
    )
}

/// A list of reports: id, title, age in minutes, state.
pub fn list(reports: &[(u64, &str, u64, &str)]) -> Reply {
    let reports: String = reports
        .iter()
        .map(|(id, title, minutes, state)| {
            let minutes = 24 * 60 - minutes;
            format!(
                "<REPORT><ID>{id}</ID><TITLE><![CDATA[{title}]]></TITLE><TYPE>Scan</TYPE>\
                 <LAUNCH_DATETIME>2026-01-01T{:02}:{:02}:00Z</LAUNCH_DATETIME>\
                 <STATUS><STATE>{state}</STATE><MESSAGE>as it is</MESSAGE><PERCENT>50</PERCENT></STATUS></REPORT>",
                minutes / 60,
                minutes % 60
            )
        })
        .collect();
    Reply::ok(format!(
        "<REPORT_LIST_OUTPUT><RESPONSE><DATETIME>2026-01-02T00:00:00Z</DATETIME>\
         <REPORT_LIST>{reports}</REPORT_LIST></RESPONSE></REPORT_LIST_OUTPUT>"
    ))
}

/// A list as it is for a while after a launch.
pub fn empty_list() -> Reply {
    Reply::ok("<REPORT_LIST_OUTPUT><RESPONSE><DATETIME>2026-01-02T00:00:00Z</DATETIME></RESPONSE></REPORT_LIST_OUTPUT>")
}

fn serve(connection: TcpStream, shared: &Mutex<Shared>) {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    let Some(request) = read_request(&mut reader) else {
        return;
    };
    let reply = {
        let mut shared = shared.lock().unwrap();
        if request.action() == "launch" {
            shared.title = request.parameters.get("report_title").cloned().unwrap_or_default();
        }
        shared.log.push(request.clone());
        let scripted = shared.script.get_mut(&request.action()).and_then(VecDeque::pop_front);
        scripted.unwrap_or_else(|| well(&request, &shared.title))
    };
    thread::sleep(reply.pause);
    if reply.hang_up {
        return;
    }
    let mut connection = connection;
    let _ = connection.write_all(&reply.bytes);
    thread::sleep(reply.linger);
}

/// How things are when nothing goes wrong.
fn well(request: &Request, title: &str) -> Reply {
    match request.action().as_str() {
        "launch" => Reply::done("New report launched", ID),
        "list" if request.parameters.contains_key("id") => list(&[(ID, title, 0, "Finished")]),
        "list" => empty_list(),
        "fetch" | "asset_data_report.php" => Reply::new(200, "Content-Type: application/xml\r\n", REPORT),
        "login" => Reply::new(
            200,
            "Set-Cookie: QualysSession=s3ss10n; path=/api; secure\r\nSet-Cookie: DWRSESSIONID=dwr\r\n",
            simple_return("", "Logged in", ""),
        ),
        "report_template_list.php" => Reply::ok(
            "<REPORT_TEMPLATE_LIST><REPORT_TEMPLATE><ID>1</ID><TYPE>Manual</TYPE><TEMPLATE_TYPE>Scan</TEMPLATE_TYPE>\
             <TITLE>By hand</TITLE></REPORT_TEMPLATE></REPORT_TEMPLATE_LIST>",
        ),
        _ => Reply::ok(simple_return("", "done", "")),
    }
}

fn read_request(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.to_owned()),
            None => break,
        };
    }
    let length = headers
        .get("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let pairs = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(&body));
    Some(Request {
        at: Instant::now(),
        method,
        parameters: pairs
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect(),
        target,
        headers,
    })
}
