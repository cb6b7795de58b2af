//! A headless Chromium, as far as looking at a page takes it: it is steered over DevTools' WebSocket.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket, client};

/// The format of pictures; small ones for the documentation.
static FORMAT: LazyLock<&str> = LazyLock::new(|| if documenting() { "webp" } else { "png" });

/// Whether the documentation's pictures are made anew.
pub(crate) fn documenting() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}

/// Keeps a picture for the documentation, or for people who want to look at all of them.
pub(crate) fn keep(name: &str, documented: bool, picture: &[u8]) {
    let folder = match std::env::var_os("SCREENSHOTS") {
        Some(folder) => PathBuf::from(folder),
        None if documenting() && documented => Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images"),
        None => return,
    };
    fs::write(folder.join(format!("{name}.{}", *FORMAT)), picture).unwrap();
}

/// How a page is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View {
    pub(crate) name: &'static str,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Pixels of the screenshot for each of the page.
    pub(crate) scale: f64,
    pub(crate) media: &'static str,
    pub(crate) scheme: &'static str,
    /// Pixels of the page that are pictured, from the top.
    pub(crate) longest: u32,
}

/// What was seen.
pub(crate) struct Seen {
    /// Addresses that were asked for besides the page itself.
    pub(crate) requests: Vec<String>,
    /// What the console says: errors, violations of the policy, exceptions.
    pub(crate) complaints: Vec<String>,
    /// How much wider the page is than the view.
    pub(crate) overflow: i64,
    /// The page from top to bottom, or as much of it as was asked for.
    pub(crate) picture: Vec<u8>,
}

pub(crate) struct Chromium {
    process: Child,
    socket: WebSocket<TcpStream>,
    number: u64,
    events: Vec<Value>,
    _profile: tempfile::TempDir,
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Chromium {
    /// Starts it; `None`, and a word about that, where there is none. CI must have one.
    pub(crate) fn start() -> Option<Self> {
        let profile = tempfile::tempdir().unwrap();
        let started = ["chromium", "chromium-browser", "google-chrome"]
            .iter()
            .find_map(|name| {
                let mut command = Command::new(name);
                command
                    .args([
                        "--headless=new",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                    ])
                    .args([
                        "--remote-debugging-port=0",
                        "--hide-scrollbars",
                        "--no-first-run",
                        "about:blank",
                    ])
                    .arg(format!("--user-data-dir={}", profile.path().display()))
                    .stdout(Stdio::null())
                    .stderr(Stdio::null());
                command.spawn().ok()
            });
        let Some(process) = started else {
            connector_lab::testing::skipped("chromium");
            return None;
        };
        let (port, path) = port(&profile.path().join("DevToolsActivePort"));
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let (socket, _) = client(format!("ws://127.0.0.1:{port}{path}"), stream).unwrap();
        Some(Chromium {
            process,
            socket,
            number: 0,
            events: Vec::new(),
            _profile: profile,
        })
    }

    /// Looks at a file.
    pub(crate) fn look(&mut self, file: &Path, view: View) -> Seen {
        let target = self.call(None, "Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.call(None, "Target.attachToTarget", attach)["sessionId"].clone();
        let session = session.as_str();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(session, &format!("{domain}.enable"), json!({}));
        }
        let metrics = json!({
            "width": view.width, "height": view.height, "deviceScaleFactor": view.scale, "mobile": view.width < 600,
        });
        self.call(session, "Emulation.setDeviceMetricsOverride", metrics);
        let scheme = json!([{ "name": "prefers-color-scheme", "value": view.scheme }]);
        let media = json!({ "media": view.media, "features": scheme });
        self.call(session, "Emulation.setEmulatedMedia", media);
        self.events.clear();
        let address = format!("file://{}", file.display());
        self.call(session, "Page.navigate", json!({ "url": address }));
        self.wait_for("Page.loadEventFired");
        let overflow = self.evaluate(session, "document.documentElement.scrollWidth - window.innerWidth");
        let size = self.call(session, "Page.getLayoutMetrics", json!({}))["cssContentSize"].clone();
        let height = size["height"].as_f64().unwrap().min(f64::from(view.longest));
        let clip = json!({ "x": 0, "y": 0, "width": view.width, "height": height, "scale": 1 });
        let mut shot = json!({ "format": *FORMAT, "clip": clip, "captureBeyondViewport": true });
        if *FORMAT == "webp" {
            shot["quality"] = 85.into();
        }
        let picture = self.call(session, "Page.captureScreenshot", shot)["data"].clone();
        self.call(None, "Target.closeTarget", json!({ "targetId": target["targetId"] }));
        let of = |method: &str| {
            let events = self.events.iter().filter(move |event| event["method"] == method);
            events.map(|event| event["params"].clone()).collect::<Vec<_>>()
        };
        let requests = of("Network.requestWillBeSent");
        let requests = requests.iter().filter_map(|params| params["request"]["url"].as_str());
        let complaints = ["Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"];
        Seen {
            requests: requests.filter(|url| *url != address).map(str::to_owned).collect(),
            complaints: complaints
                .iter()
                .flat_map(|method| of(method))
                .map(|said| said.to_string())
                .collect(),
            overflow: overflow.as_i64().unwrap(),
            picture: decode(picture.as_str().unwrap()),
        }
    }

    /// What an expression is, on a page that is opened for it.
    pub(crate) fn ask(&mut self, file: &Path, expression: &str) -> Value {
        let url = format!("file://{}", file.display());
        let target = self.call(None, "Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.call(None, "Target.attachToTarget", attach)["sessionId"].clone();
        self.call(session.as_str(), "Page.enable", json!({}));
        self.events.clear();
        self.call(session.as_str(), "Page.navigate", json!({ "url": url }));
        self.wait_for("Page.loadEventFired");
        self.evaluate(session.as_str(), expression)
    }

    fn evaluate(&mut self, session: Option<&str>, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true });
        self.call(session, "Runtime.evaluate", parameters)["result"]["value"].clone()
    }

    fn call(&mut self, session: Option<&str>, method: &str, parameters: Value) -> Value {
        self.number += 1;
        let number = self.number;
        let mut message = json!({ "id": number, "method": method, "params": parameters });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        self.socket.send(Message::text(message.to_string())).unwrap();
        loop {
            let answer = self.read();
            if answer["id"] == number {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
            self.events.push(answer);
        }
    }

    fn wait_for(&mut self, method: &str) {
        while !self.events.iter().any(|event| event["method"] == method) {
            let event = self.read();
            self.events.push(event);
        }
    }

    fn read(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.socket.read().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }
}

/// The port and the path that Chromium says it listens on.
fn port(file: &PathBuf) -> (u16, String) {
    let begun = Instant::now();
    loop {
        let text = fs::read_to_string(file).unwrap_or_default();
        if let Some((port, path)) = text.trim_end().split_once('\n') {
            return (port.parse().unwrap(), path.to_owned());
        }
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "chromium doesn't begin to listen"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn decode(base64: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.decode(base64).unwrap()
}
