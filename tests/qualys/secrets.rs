//! Secrets never leave: not in logs at any level, not in errors.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use qualys_connector::qualys::{Login, Proxy, Settings};
use support::scripted::{Reply, Scripted};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::{PASSWORD, run, settings};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Log;

    fn make_writer(&self) -> Log {
        self.clone()
    }
}

#[tokio::test]
async fn no_log_and_no_error_holds_a_secret() {
    let (log, errors) = (Log::default(), Log::default());
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(log.clone())
        .finish();
    // With one dispatcher alone, tracing asks the thread that first meets a call site, and another test's has none.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(subscriber);
    let folder = tempfile::tempdir().unwrap();
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, "canary-token").unwrap();

    for login in [
        Login::Basic(PASSWORD.into()),
        Login::Session(PASSWORD.into()),
        Login::Token(token_file),
    ] {
        for fault in [
            None,
            Some(Reply::refusal(401, 2000, "Bad Login/Password", "")),
            Some(Reply::hang_up()),
        ] {
            let qualys = Scripted::start();
            if let Some(fault) = fault {
                qualys.times(9, "fetch", &fault);
            }
            let settings = Settings {
                login: login.clone(),
                ..settings(&qualys.url())
            };
            let (report, _) = run(&settings).await;
            report
                .map_err(|failure| writeln!(errors.clone(), "{failure:?} {}", failure.sentence()))
                .ok();
            writeln!(errors.clone(), "{settings:?} {:?}", crate::client(&settings)).unwrap();
        }
    }
    let proxied = Settings {
        proxy: Some(Proxy {
            url: Scripted::start().url().parse().unwrap(),
            username: Some("zaphod".into()),
            password: Some("canary-proxy".into()),
        }),
        ..settings("https://qualysapi.example")
    };
    let failure = run(&proxied).await.0.unwrap_err();
    writeln!(
        errors.clone(),
        "{failure:?} {} {:?}",
        failure.sentence(),
        crate::client(&proxied)
    )
    .unwrap();

    let [log, errors] = [log, errors].map(|log| String::from_utf8(log.0.lock().unwrap().clone()).unwrap());
    assert!(log.contains("report launched") && log.contains("trying again"), "{log}");
    let basic = "ZGlya19nOmQwbnRwQG4xYw";
    for secret in [
        PASSWORD,
        basic,
        "s3ss10n",
        "canary-token",
        "canary-proxy",
        "Y2FuYXJ5LXByb3h5",
    ] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
        assert!(!errors.contains(secret), "{secret} is in an error:\n{errors}");
    }
    // A query holds no secret and stands on spans; in an error it would only be in the way.
    assert!(!errors.contains("action="), "{errors}");
}
