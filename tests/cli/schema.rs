//! The schema that editors know the configuration file by takes what the program takes, and refuses what it refuses.

use boon::{Compiler, SchemaIndex, Schemas};
use proptest::prelude::*;
use qualys_connector::config::schema::schema;
use qualys_connector::config::settings::{self, Setting};
use serde_json::{Value, json};

use crate::Place;

struct Schema(Schemas, SchemaIndex);

impl Schema {
    fn new() -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("schema.json", schema()).unwrap();
        let index = compiler.compile("schema.json", &mut schemas).unwrap();
        Schema(schemas, index)
    }

    fn takes(&self, file: &Value) -> bool {
        self.0.validate(file, self.1).is_ok()
    }
}

/// A file that says one thing.
fn file(setting: &Setting, value: Value) -> Value {
    setting
        .key
        .rsplit('.')
        .fold(value, |inner, name| json!({ name: inner }))
}

/// Whether the program finds nothing wrong with a file's keys and values. JSON is YAML.
fn program_takes(file: &Value) -> bool {
    let place = Place::empty().file("file.yaml", &file.to_string());
    let (_, stderr, _) = place.run(&["config", "--config", "file.yaml"]);
    !stderr.contains("file.yaml")
}

#[test]
fn every_default_and_every_example_is_taken() {
    let schema = Schema::new();
    for setting in settings::all() {
        for text in [setting.default, setting.example, ""] {
            assert!(schema.takes(&file(setting, text.into())), "{} = {text}", setting.key);
        }
    }
}

#[test]
fn schema_and_program_agree() {
    let schema = Schema::new();
    for (sample, right) in [
        (json!({}), true),
        (
            json!({"qualys": {"user_id": "dirk_g", "template_ids": [424242, "535353"], "proxy": {"url": "http://p:3128"}}}),
            true,
        ),
        (
            json!({"qualys": {"url": "http://127.0.0.1:8443", "poll_interval": "1h 30m", "adopt_within": 0}}),
            true,
        ),
        (
            json!({"commands": {"add_host": true, "mode": "MERGE", "description_length": 0}, "csv": {"file": "x"}}),
            true,
        ),
        (
            json!({"commands": {"add_host": "yes"}, "log": {"level": 3, "format": "json"}}),
            true,
        ),
        (
            json!({"log": {"level": "warn"}, "management_center": {"port": 8307, "ipv6": "n"}}),
            true,
        ),
        (
            json!({"management_center": {"port": "8307", "trust": "insecure"}}),
            true,
        ),
        (json!({"quals": {"user_id": "x"}}), false),
        (json!({"qualys": {"pasword": "x"}}), false),
        (json!({"qualys": {"proxy": {"uri": "http://p"}}}), false),
        (json!({"qualys": {"poll_interval": "30"}}), false),
        (json!({"qualys": {"url": "EU2"}}), true),
        (json!({"qualys": {"url": "EU9"}}), false),
        (json!({"qualys": {"url": "ftp://qualys"}}), false),
        (json!({"qualys": {"url": "http://qualys.example"}}), false),
        (json!({"qualys": {"url": "https://user:secret@qualys.example"}}), false),
        (json!({"qualys": {"template_ids": ["one"]}}), false),
        (json!({"selection": {"statuses": ["new", "open"]}}), false),
        (
            json!({"selection": {"statuses": ["new", "Re-Opened"], "qids": [38173, "1-9"]}}),
            true,
        ),
        (json!({"qualys": "x"}), false),
        (json!({"qualys": {"user_id": ["a", "b"]}}), false),
        (json!({"management_center": {"port": 70000}}), false),
        (json!({"management_center": {"port": "83o7"}}), false),
        (json!({"commands": {"add_host": "ja"}}), false),
        (json!({"commands": {"mode": "overwrite"}}), false),
        (json!({"log": {"level": 4}}), false),
    ] {
        assert_eq!(schema.takes(&sample), right, "the schema: {sample}");
        assert_eq!(program_takes(&sample), right, "the program: {sample}");
    }
}

#[test]
fn the_command_prints_the_schema() {
    let (printed, _, code) = Place::empty().run(&["schema"]);
    assert_eq!(code, 0);
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), schema());
}

/// One of some texts.
fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::sample::select(texts).prop_map(str::to_owned)
}

/// Addresses, right and wrong in every part.
fn addresses() -> impl Strategy<Value = String> {
    let scheme = one_of(&["https://", "HTTPS://", "http://", "ftp://", "socks5://", ""]);
    let user = one_of(&["", "", "", "user@", "user:secret@"]);
    let host = one_of(&[
        "q.example",
        "127.0.0.1",
        "LOCALHOST",
        "localhost",
        "[::1]",
        "[2001:db8::1]",
        "192.0.2.1",
    ]);
    let port = one_of(&[
        "", "", ":", ":0", ":1", ":443", ":8443", ":65535", ":65536", ":99999", ":x",
    ]);
    let path = one_of(&["", "/", "/msp/a.php", "/a/b/", "/?x=1", "?x", "/#x"]);
    (scheme, user, host, port, path)
        .prop_map(|(scheme, user, host, port, path)| format!("{scheme}{user}{host}{port}{path}"))
}

/// Names of platforms, right and nearly right.
fn platforms() -> impl Strategy<Value = String> {
    one_of(&[
        "EU2",
        "eu2",
        "Ksa1",
        "US1",
        "EU",
        "EU22",
        " EU2",
        "EU9",
        "qg2.apps.qualys.eu",
    ])
}

/// Lists of these items, with separators in front, between and behind.
fn lists(items: &'static [&'static str]) -> impl Strategy<Value = String> {
    let separated = (one_of(&[",", " ", ", ", ",,"]), one_of(items));
    let ends = (one_of(&["", "", " ", ","]), one_of(&["", "", " ", ","]));
    (ends, one_of(items), proptest::collection::vec(separated, 0..3)).prop_map(|((front, behind), first, rest)| {
        let rest: String = rest.into_iter().map(|(separator, item)| separator + &item).collect();
        format!("{front}{first}{rest}{behind}")
    })
}

const NUMBERS: &[&str] = &["1", "424242", "0", "1.5", "id", "38173-38180", "7 - 9", ""];
const WORDS: &[&str] = &[
    "new",
    "ACTIVE",
    "re-opened",
    "Fixed",
    "all",
    "confirmed",
    "potential",
    "Information",
    "open",
    "7",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the text, an editor marks what the program refuses, and nothing else.
    #[test]
    fn schema_and_program_judge_every_text_alike(
        (key, text) in prop_oneof![
            (Just("qualys.url".to_owned()), platforms()),
            (one_of(&["qualys.url", "qualys.proxy.url", "telemetry.pushgateway.url"]), addresses()),
            (one_of(&["qualys.template_ids", "selection.qids", "selection.exclude_qids"]), lists(NUMBERS)),
            (one_of(&["selection.statuses", "selection.kinds"]), lists(WORDS)),
        ]
    ) {
        // Commas alone are no list that anybody writes.
        prop_assume!(text.is_empty() || text.chars().any(char::is_alphanumeric));
        thread_local! { static SCHEMA: Schema = Schema::new(); }
        let setting = settings::find(&key).unwrap();
        let checked = setting.check(&text);
        // A template that is named twice is no matter of form.
        prop_assume!(!checked.as_ref().is_err_and(|reason| reason.contains("named twice")));
        // An empty value says "not set".
        let program = text.is_empty() || checked.is_ok();
        let schema = SCHEMA.with(|schema| schema.takes(&file(setting, text.as_str().into())));
        prop_assert_eq!(schema, program, "{} = {:?}", key, text);
    }
}
