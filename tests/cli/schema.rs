//! The schema that editors know the configuration file by takes what the program takes, and refuses what it refuses.

use boon::{Compiler, SchemaIndex, Schemas};
use qualys_connector::config::schema::schema;
use qualys_connector::config::settings::{SETTINGS, Setting};
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
    for setting in SETTINGS {
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
        (json!({"qualys": {"url": "ftp://qualys"}}), false),
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
