//! A JSON schema of the configuration file, made from the table of settings, so that editors know its keys and values.
//!
//! It accepts what the file may hold, and not much more: values with a parser of their own are plain texts in it. It
//! is draft 7, which every editor's language server for YAML understands.

use serde_json::{Map, Value, json};

use super::setting::Setting;
use super::settings;
use super::syntax::Syntax;
use crate::qualys::platforms::PLATFORMS;

/// The schema.
pub fn schema() -> Value {
    let mut root = section("qualys-connector's configuration file");
    for setting in settings::all() {
        insert(&mut root, &setting.key.split('.').collect::<Vec<_>>(), setting);
    }
    if let Some(root) = root.as_object_mut() {
        root.insert("$schema".into(), "http://json-schema.org/draft-07/schema#".into());
        root.insert("title".into(), "qualys-connector".into());
    }
    root
}

fn section(description: &str) -> Value {
    json!({
        "description": description,
        // A section of which every line is commented out.
        "type": ["object", "null"],
        "properties": {},
        "additionalProperties": false,
    })
}

fn insert(parent: &mut Value, path: &[&str], setting: &Setting) {
    let Some(properties) = parent.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    match path {
        [] => {}
        [name] => {
            properties.insert((*name).to_owned(), property(setting));
        }
        [name, rest @ ..] => {
            let about = format!(
                "Settings of {}",
                setting
                    .key
                    .trim_end_matches(rest.join(".").as_str())
                    .trim_end_matches('.')
            );
            let child = properties.entry(*name).or_insert_with(|| section(&about));
            insert(child, rest, setting);
        }
    }
}

fn property(setting: &Setting) -> Value {
    let mut property = Map::new();
    let mut description = format!("{}: {}.", setting.help, setting.syntax.expected());
    if setting.secret {
        description.push_str(&format!(
            " A secret: better given as a file, by {}_FILE or in QC_SECRETS_DIR.",
            setting.variable()
        ));
    }
    property.insert("description".into(), description.into());
    if !setting.default.is_empty() {
        property.insert("default".into(), setting.default.into());
    }
    if !setting.example.is_empty() {
        property.insert("examples".into(), json!([setting.example]));
    }
    // An empty value says "not set".
    let mut forms = vec![json!({"type": "null"}), json!({"const": ""})];
    forms.extend(values(&setting.syntax));
    property.insert("anyOf".into(), forms.into());
    property.into()
}

/// What a value may be. YAML makes numbers and truth values of texts that nobody quoted; to us they are texts.
fn values(syntax: &Syntax) -> Vec<Value> {
    let scalar = json!({"type": ["string", "number", "boolean"]});
    match syntax {
        Syntax::Boolean => vec![
            json!({"type": "boolean"}),
            json!({"enum": [0, 1]}),
            json!({"type": "string", "pattern": "^([yY]([eE][sS])?|[tT]([rR][uU][eE])?|1|[oO][nN]|[nN][oO]?|[fF]([aA][lL][sS][eE])?|0|[oO][fF][fF])$"}),
        ],
        Syntax::Number(least, most) => vec![
            json!({"type": "integer", "minimum": least, "maximum": most}),
            json!({"type": "string", "pattern": "^[0-9]+$"}),
        ],
        Syntax::Duration { zero } => {
            let mut forms = vec![json!({"type": "string", "pattern": "^([0-9]+ ?[a-zA-Zµ]+ ?)+$"})];
            if *zero {
                forms.push(json!({"enum": [0, "0"]}));
            }
            forms
        }
        Syntax::Url(schemes) => vec![json!({"type": "string", "pattern": address(schemes)})],
        Syntax::Platform => {
            let names = PLATFORMS.map(|platform| platform.name);
            vec![
                json!({"enum": names}),
                json!({"type": "string", "pattern": format!("^({})$", names.map(any_case).join("|"))}),
                json!({"type": "string", "pattern": address(&["https"])}),
            ]
        }
        // Capitals don't matter, and some words have other spellings: the list is for completion, the text for the rest.
        Syntax::Words { words, spellings, .. } => {
            let spellings = spellings();
            let numbers: Vec<u64> = spellings.iter().filter_map(|word| word.parse().ok()).collect();
            let all: Vec<String> = spellings.iter().map(|word| any_case(word)).collect();
            let mut forms = vec![
                json!({"enum": words()}),
                json!({"type": "string", "pattern": format!("^({})$", all.join("|"))}),
            ];
            if !numbers.is_empty() {
                forms.push(json!({"enum": numbers}));
            }
            forms
        }
        Syntax::Form { list: true, item, .. } if !item.is_empty() => {
            let item = match item.contains('[') {
                true => (*item).to_owned(),
                // Words may have dashes anywhere, as Re-Opened.
                false => item
                    .split('|')
                    .map(|word| dashed(&any_case(word)))
                    .collect::<Vec<_>>()
                    .join("|"),
            };
            let pattern = format!("^[, ]*({item})([, ]+({item}))*[, ]*$");
            let mut one = vec![json!({"type": "string", "pattern": pattern})];
            if item.contains("[0-9]") {
                one.push(json!({"type": "integer", "minimum": 0}));
            }
            let one = json!({"anyOf": one});
            vec![one.clone(), json!({"type": "array", "items": one, "uniqueItems": true})]
        }
        Syntax::Form { list: true, .. } => vec![scalar.clone(), json!({"type": "array", "items": scalar})],
        Syntax::Form { list: false, .. } | Syntax::Text | Syntax::Path | Syntax::Host => vec![scalar],
    }
}

/// An address as [`parse::url`](super::parse::url) reads it: with one of the schemes, or plain HTTP on this machine; without
/// user, query and fragment.
fn address(schemes: &[&str]) -> String {
    const HOST: &str = r"(\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\\\[\]]+)";
    const HERE: &str = r"([lL][oO][cC][aA][lL][hH][oO][sS][tT]|127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|\[::1\])";
    const PORT: &str = "[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]";
    let schemes: Vec<String> = schemes.iter().map(|scheme| any_case(scheme)).collect();
    let (schemes, http) = (schemes.join("|"), any_case("http"));
    format!(r"^(({schemes})://{HOST}|{http}://{HERE})(:({PORT})?)?(/[^\s?#]*)?$")
}

/// A regular expression for a word that ignores case.
fn any_case(word: &str) -> String {
    let letters = word.chars().map(|c| match c.is_ascii_alphabetic() {
        true => format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase()),
        false => c.to_string(),
    });
    letters.collect()
}

/// A word of such letters, with dashes between them.
fn dashed(letters: &str) -> String {
    letters.replace("][", "]-*[")
}
