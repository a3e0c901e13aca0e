//! Pages of a list under the names that people would give them.
//!
//! utoipa writes the schema of `Page<Task>` as `Page_Task` and repeats that of `Task` in it, so that
//! a generated client would have two types of one thing. Here it becomes `TaskPage`, with a
//! reference.

use serde_json::{Value, json};

/// Renames each `Page_X` to `XPage`, and makes its items a reference to `X`.
pub(crate) fn name(document: &mut Value) {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else {
        return;
    };
    let pages: Vec<String> = schemas
        .keys()
        .filter(|name| name.starts_with("Page_"))
        .cloned()
        .collect();
    for page in &pages {
        let item = page.trim_start_matches("Page_");
        if let (true, Some(mut schema)) = (schemas.contains_key(item), schemas.remove(page)) {
            schema["properties"]["items"]["items"] =
                json!({"$ref": format!("#/components/schemas/{item}")});
            schemas.insert(format!("{item}Page"), schema);
        }
    }
    rename_references(document);
}

fn rename_references(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && let Some((before, item)) = reference.split_once("/Page_")
            {
                *reference = format!("{before}/{item}Page");
            }
            members.values_mut().for_each(rename_references);
        }
        Value::Array(items) => items.iter_mut().for_each(rename_references),
        _ => {}
    }
}
