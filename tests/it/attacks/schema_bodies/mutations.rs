//! Bodies that differ in kind from one that the schema allows, each at one place.

use miyabi_tests::{Value, json};

use crate::attacks::document::Place;

/// Every body that differs in kind at a place.
pub(super) fn mutations(body: &Value, place: &Place) -> Vec<(String, String)> {
    let schema = &place.resolved.schema;
    let kind = schema["type"].as_str().unwrap();
    let old = body.pointer(&place.pointer).unwrap();
    let mut found: Vec<(String, String)> = Vec::new();
    let mut replace = |what: &str, new: String| {
        found.push((
            what.to_owned(),
            render(body, &place.pointer, &Edit::Replace(new)),
        ));
    };
    for (of, what, new) in of_other_kinds(old) {
        let is_allowed = of == kind
            || of == "integer" && kind == "number"
            || of == "null" && place.resolved.nullable;
        if !is_allowed {
            replace(what, new);
        }
    }
    if kind == "string" && (schema["enum"].is_array() || schema["format"].is_string()) {
        replace("other text", "\"nonsense\"".to_owned());
        replace("no text", "\"\"".to_owned());
    }
    for token in ["RawValue", "Number"] {
        if !place.is_free() {
            replace(
                "a private token",
                format!("{{\"$serde_json::private::{token}\": \"{}\"}}", 1),
            );
        }
    }
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(40), close.repeat(40));
    replace("deep arrays", deep("[", "]"));
    replace("deep objects", deep("{\"first\":", "}"));
    if place.is_free() {
        let inside = deep("[", "]");
        replace("depth inside", format!("{{\"x\": {inside}}}"));
        replace(
            "hidden depth",
            format!(
                "{{\"x\": {}}}",
                deep("{\"$serde_json::private::RawValue\":", "}")
            ),
        );
        replace("a duplicate", "{\"x\": 1, \"x\": 1}".to_owned());
        replace(
            "an escaped duplicate",
            "{\"x\": {\"a\": 1, \"\\u0061\": 1}}".to_owned(),
        );
        replace("NUL", "{\"x\": \"\\u0000\"}".to_owned());
        replace("half a surrogate pair", "{\"x\": \"\\ud800\"}".to_owned());
        replace("a number beyond all", "{\"x\": 1e999999}".to_owned());
    }
    if kind == "object" && schema["properties"].is_object() {
        let mut insert = |what: &str, member: String| {
            found.push((
                what.to_owned(),
                render(body, &place.pointer, &Edit::Insert(member)),
            ));
        };
        insert("an unknown member", "\"unknown_member\": 1".to_owned());
        for token in ["RawValue", "Number"] {
            insert(
                "a private token",
                format!("\"$serde_json::private::{token}\": \"1\""),
            );
        }
        for (name, value) in old.as_object().unwrap() {
            insert("a duplicate", format!("{}: {value}", json!(name)));
        }
    }
    found
}

/// Values of every kind: the kind, what it is as a mistake, and the JSON.
fn of_other_kinds(old: &Value) -> Vec<(&'static str, &'static str, String)> {
    let members: Vec<&Value> = old
        .as_object()
        .map(|o| o.values().collect())
        .unwrap_or_default();
    let mut kinds = vec![
        ("null", "null", "null".to_owned()),
        ("boolean", "a boolean", "true".to_owned()),
        ("integer", "a number", "7".to_owned()),
        ("number", "a fraction", "1.5".to_owned()),
        ("string", "text", "\"text\"".to_owned()),
        ("array", "an array", "[]".to_owned()),
        ("array", "an array of it", format!("[{old}]")),
        ("object", "an object", "{}".to_owned()),
    ];
    if let Some(text) = old.as_str() {
        kinds.push((
            "object",
            "an object for an enum",
            format!("{{{}: null}}", json!(text)),
        ));
        kinds.push((
            "array",
            "an array of letters",
            json!([text, null]).to_string(),
        ));
    }
    if old.is_object() {
        kinds.push((
            "array",
            "an array for an object",
            json!(members).to_string(),
        ));
    }
    if old.is_number() {
        kinds.push((
            "string",
            "text of the number",
            json!(old.to_string()).to_string(),
        ));
    }
    kinds
}

/// What is done at a place.
enum Edit {
    /// Other JSON instead.
    Replace(String),
    /// One more member.
    Insert(String),
}

/// The text of a body with an edit at a pointer: as text, since no `Value` holds a member twice.
fn render(value: &Value, pointer: &str, edit: &Edit) -> String {
    let within = |name: &str| {
        let rest = pointer.strip_prefix('/')?;
        let (first, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        (first == name).then_some(rest)
    };
    if let (true, Edit::Replace(new)) = (pointer.is_empty(), edit) {
        return new.clone();
    }
    match value {
        Value::Object(members) => {
            let mut written: Vec<String> = members
                .iter()
                .map(|(name, member)| {
                    let member = match within(name) {
                        Some(rest) => render(member, rest, edit),
                        None => member.to_string(),
                    };
                    format!("{}: {member}", json!(name))
                })
                .collect();
            if let (true, Edit::Insert(member)) = (pointer.is_empty(), edit) {
                written.push(member.clone());
            }
            format!("{{{}}}", written.join(", "))
        }
        Value::Array(items) => {
            let items =
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| match within(&index.to_string()) {
                        Some(rest) => render(item, rest, edit),
                        None => item.to_string(),
                    });
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
