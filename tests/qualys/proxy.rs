//! Through proxies: a real squid with passwords, and one that speaks TLS itself.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use qualys_connector::qualys::{Proxy, Settings};
use tempfile::TempDir;

use crate::lab::{actions, options, start};
use crate::{failure, run};

const USER: &str = "zaphod";
const PROXY_PASSWORD: &str = "t0w3L:@%";

/// Tells a test that it was started by itself, to see another environment.
const INNER: &str = "QC_TEST_INNER_URL";

/// Debian's squid, which wants a user and a password and lets CONNECT through.
struct Squid {
    process: Child,
    port: u16,
    tls_port: u16,
    folder: TempDir,
}

impl Squid {
    /// `None` where squid isn't installed; CI installs it.
    fn start() -> Option<Self> {
        let squid = ["/usr/sbin/squid", "/usr/local/sbin/squid"]
            .iter()
            .find(|path| Path::new(path).exists());
        let helper = Path::new("/usr/lib/squid/basic_ncsa_auth");
        let htpasswd = Path::new("/usr/bin/htpasswd");
        let (Some(squid), true, true) = (squid, helper.exists(), htpasswd.exists()) else {
            connector_lab::testing::skipped("squid and htpasswd (Debian: squid, apache2-utils)");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        // Started by root, it becomes the user proxy, who must find and write its files here.
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
        let made = Command::new(htpasswd)
            .arg("-bc")
            .arg(path("passwords"))
            .args([USER, PROXY_PASSWORD])
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let issued = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        std::fs::write(
            path("proxy.pem"),
            issued.cert.pem() + &issued.signing_key.serialize_pem(),
        )
        .unwrap();
        std::fs::write(path("proxy-ca.pem"), issued.cert.pem()).unwrap();
        let (port, tls_port) = (free_port(), free_port());
        let here = folder.path().display();
        let mut conf = String::new();
        write!(
            conf,
            "http_port 127.0.0.1:{port}\n\
             https_port 127.0.0.1:{tls_port} tls-cert={here}/proxy.pem\n\
             auth_param basic program {} {here}/passwords\n\
             acl known proxy_auth REQUIRED\n\
             http_access allow known\n\
             http_access deny all\n\
             cache deny all\n\
             access_log stdio:{here}/access.log\n\
             cache_log {here}/cache.log\n\
             pid_filename {here}/squid.pid\n\
             coredump_dir {here}\n\
             pinger_enable off\n\
             shutdown_lifetime 1 seconds\n\
             visible_hostname lab\n",
            helper.display()
        )
        .unwrap();
        std::fs::write(path("squid.conf"), conf).unwrap();
        let process = Command::new(squid)
            .arg("-N")
            .arg("-f")
            .arg(path("squid.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let squid = Squid {
            process,
            port,
            tls_port,
            folder,
        };
        squid.wait_until_it_listens();
        Some(squid)
    }

    fn wait_until_it_listens(&self) {
        let started = Instant::now();
        while [self.port, self.tls_port]
            .iter()
            .any(|port| std::net::TcpStream::connect(("127.0.0.1", *port)).is_err())
        {
            let log = || std::fs::read_to_string(self.folder.path().join("cache.log"));
            assert!(
                started.elapsed() < Duration::from_secs(30),
                "squid doesn't listen: {:?}",
                log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn proxy(&self, scheme: &str, password: Option<&str>) -> Option<Proxy> {
        let port = if scheme == "https" { self.tls_port } else { self.port };
        Some(Proxy {
            url: format!("{scheme}://127.0.0.1:{port}").parse().unwrap(),
            username: password.map(|_| USER.to_owned()),
            password: password.map(Into::into),
        })
    }

    /// Lines of its log that tell of a CONNECT. They are written when a tunnel ends.
    async fn connects(&self) -> Vec<String> {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let log = std::fs::read_to_string(self.folder.path().join("access.log")).unwrap_or_default();
        log.lines()
            .filter(|line| line.contains("CONNECT"))
            .map(str::to_owned)
            .collect()
    }
}

impl Drop for Squid {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn a_real_squid_lets_the_right_password_through_and_no_other() {
    let Some(squid) = Squid::start() else { return };
    let (qualys, settings) = start(options(&[])).await;

    let right = Settings {
        proxy: squid.proxy("http", Some(PROXY_PASSWORD)),
        ..settings.clone()
    };
    run(&right).await.0.unwrap();
    assert_eq!(actions(&qualys), ["list", "launch", "list", "fetch", "delete"]);
    let connects = squid.connects().await;
    assert_eq!(connects.len(), 5, "{connects:?}");
    assert!(
        connects
            .iter()
            .all(|line| line.contains(USER) && line.contains("TCP_TUNNEL/200")),
        "{connects:?}"
    );

    for password in [Some("wr0ng"), None] {
        let wrong = Settings {
            proxy: squid.proxy("http", password),
            ..settings.clone()
        };
        let (sentence, exit) = failure(&wrong).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(sentence, @"launch at HOST: the proxy refuses us (407); check qualys.proxy.username and qualys.proxy.password, or the user and password in HTTPS_PROXY");
        }
        assert_eq!(exit.code(), 77);
    }
    assert_eq!(squid.connects().await.len(), 7, "a refused password isn't tried again");
    assert_eq!(actions(&qualys).len(), 5, "Qualys didn't see them");
}

#[tokio::test]
async fn a_proxy_that_speaks_tls_is_used_as_https_and_one_that_does_not_is_no_silent_downgrade() {
    let Some(squid) = Squid::start() else { return };
    let (qualys, settings) = start(options(&[])).await;
    let both = squid.folder.path().join("both.pem");
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    std::fs::write(
        &both,
        read(&qualys.ca_pem_path()) + &read(&squid.folder.path().join("proxy-ca.pem")),
    )
    .unwrap();
    let https = Settings {
        proxy: squid.proxy("https", Some(PROXY_PASSWORD)),
        ca_file: Some(both),
        ..settings.clone()
    };
    run(&https).await.0.unwrap();
    assert_eq!(squid.connects().await.len(), 5);

    let mut plain = squid.proxy("http", Some(PROXY_PASSWORD)).unwrap();
    plain.url = plain.url.as_str().replace("http://", "https://").parse().unwrap();
    let (sentence, exit) = failure(&Settings {
        proxy: Some(plain),
        ..settings
    })
    .await;
    insta::assert_snapshot!(sentence.replace(&squid.port.to_string(), "PORT"), @"launch at HOST: the proxy was given as https://, but doesn't speak TLS itself; write qualys.proxy.url: http://127.0.0.1:PORT (what passes through it to Qualys is encrypted either way)");
    assert_eq!(exit.code(), 78);
    assert_eq!(squid.connects().await.len(), 5);
}

#[tokio::test]
async fn a_proxy_that_is_not_there_or_lets_nobody_pass_is_blamed_and_not_qualys() {
    let (qualys, settings) = start(options(&[])).await;
    let through = |url: &str| Settings {
        proxy: Some(Proxy {
            url: url.parse().unwrap(),
            username: None,
            password: None,
        }),
        ..settings.clone()
    };
    let (sentence, exit) = failure(&through(&format!("http://127.0.0.1:{}", free_port()))).await;
    insta::assert_snapshot!(sentence, @"launch at HOST: the proxy gives no connection to Qualys (Connection refused (os error 111)); check qualys.proxy.url (or HTTPS_PROXY), and that the proxy lets CONNECT to Qualys pass");
    assert_eq!(exit.code(), 69);
    let forbidding = support::scripted::Scripted::start();
    forbidding.times(
        20,
        &qualys.address().to_string(),
        &support::scripted::Reply::new(403, "", ""),
    );
    let (sentence, exit) = failure(&through(&forbidding.url())).await;
    assert!(sentence.contains("the proxy gives no connection"), "{sentence}");
    assert_eq!(exit.code(), 69);
    assert_eq!(actions(&qualys).len(), 0);
}

/// The environment can't be changed in a running program, so this test starts itself with another one.
#[tokio::test]
async fn the_proxy_of_the_environment_is_used_when_none_is_set_unless_no_proxy_forbids_it() {
    if let Ok(url) = std::env::var(INNER) {
        let settings = Settings {
            ca_file: std::env::var_os("QC_TEST_INNER_CA").map(Into::into),
            ..crate::settings(&url)
        };
        run(&settings).await.0.unwrap();
        return;
    }
    let Some(squid) = Squid::start() else { return };
    let (qualys, settings) = start(options(&[])).await;
    let itself = |no_proxy: &str| {
        let name = "proxy::the_proxy_of_the_environment_is_used_when_none_is_set_unless_no_proxy_forbids_it";
        let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", name]);
        command
            .env(INNER, qualys.url())
            .env("QC_TEST_INNER_CA", settings.ca_file.clone().unwrap());
        command.env(
            "HTTPS_PROXY",
            format!("http://{USER}:t0w3L%3A%40%25@127.0.0.1:{}", squid.port),
        );
        command.env("NO_PROXY", no_proxy);
        command.output()
    };
    let through = itself("").await.unwrap();
    assert!(through.status.success(), "{through:?}");
    assert_eq!(squid.connects().await.len(), 5);
    let past = itself("127.0.0.1").await.unwrap();
    assert!(past.status.success(), "{past:?}");
    assert_eq!(squid.connects().await.len(), 5);
    assert_eq!(actions(&qualys).len(), 10);
}
