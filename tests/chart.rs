//! The Helm chart knows the settings that the program knows.

#![expect(clippy::indexing_slicing, reason = "what helps a test fails with it")]

use std::fs;
use std::path::Path;

use qualys_connector::config::Syntax;
use qualys_connector::config::settings::{self, Setting};
use qualys_connector::qualys::platforms::PLATFORMS;
use serde_json::{Value, json};

/// Settings that the chart makes from other values: `templates`, and the index of an Indexed Job's pod.
const MADE_BY_THE_CHART: [&str; 2] = ["qualys.template_ids", "qualys.template_index"];

/// What a value of the setting looks like in the chart's values. The program still judges it.
fn schema(setting: &Setting) -> Value {
    let url = |schemes: &[&str]| format!("^({})://[^@\\s]+$", schemes.join("|"));
    let mut schema = match setting.syntax {
        Syntax::Boolean => json!({"enum": [true, false, "y", "n", "yes", "no", "true", "false"]}),
        Syntax::Number(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Syntax::Duration { .. } => json!({"type": "string", "pattern": "^(0|([0-9]+ ?[a-z]+ ?)+)$"}),
        Syntax::Url(schemes) => json!({"type": "string", "pattern": url(schemes)}),
        Syntax::Platform => {
            let names = PLATFORMS.map(|platform| platform.name).join("|");
            json!({"type": "string", "pattern": format!("^({names}|https://[^@\\s]+)$")})
        }
        Syntax::Words { words, .. } => json!({"enum": words()}),
        Syntax::Form { list: true, .. } => {
            let item = json!({"type": ["string", "integer"]});
            json!({"type": ["array", "string", "integer"], "items": item})
        }
        Syntax::Form { .. } | Syntax::Text | Syntax::Path | Syntax::Host => json!({"type": "string"}),
    };
    schema["description"] = setting.help.into();
    schema
}

/// Puts the schema of a setting where its key says.
fn put(object: &mut Value, key: &str, leaf: Value) {
    object["type"] = "object".into();
    object["additionalProperties"] = false.into();
    match key.split_once('.') {
        Some((section, rest)) => put(&mut object["properties"][section], rest, leaf),
        None => object["properties"][key] = leaf,
    }
}

/// `UPDATE_DOCS=1 cargo test --test chart` writes them anew. Secrets don't belong into values.
#[test]
fn the_chart_knows_every_setting() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("helm/qualys-connector/values.schema.json");
    let mut settings = json!({});
    for setting in settings::all() {
        if !setting.secret && !MADE_BY_THE_CHART.contains(&setting.key) {
            put(&mut settings, setting.key, schema(setting));
        }
    }
    let mut all: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        all["$defs"]["settings"] = settings;
        fs::write(path, serde_json::to_string_pretty(&all).unwrap() + "\n").unwrap();
    } else {
        assert_eq!(all["$defs"]["settings"], settings);
    }
}
