//! The OpenAPI document as these tests read it: which operations have bodies and parameters, and
//! what their schemas allow.

use std::{fs, path::Path};

use miyabi_tests::{Dice, Value, json};

/// The document that is checked in; another test compares it with what the functions say.
pub(super) struct Document(Value);

/// An operation that takes a body.
pub(super) struct Operation {
    /// `POST`.
    pub(super) method: String,
    /// `/api/tasks/{task_id}`.
    pub(super) path: String,
    /// The schema of the body.
    pub(super) schema: Value,
}

impl Document {
    pub(super) fn read() -> Document {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../frontend/openapi.json");
        Document(serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
    }

    /// Every operation with a JSON body.
    pub(super) fn operations_with_bodies(&self) -> Vec<Operation> {
        let mut found = Vec::new();
        for (path, operations) in self.0["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
                if schema.is_object() {
                    found.push(Operation {
                        method: method.to_uppercase(),
                        path: path.clone(),
                        schema: schema.clone(),
                    });
                }
            }
        }
        found
    }

    /// Path and name of each query parameter of a GET whose schema has that format.
    pub(super) fn query_parameters(&self, format: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (path, operations) in self.0["paths"].as_object().unwrap() {
            for parameter in operations["get"]["parameters"]
                .as_array()
                .into_iter()
                .flatten()
            {
                // A choice of several schemas, one value or a list of them, has no format.
                let schema = &parameter["schema"];
                let has_format =
                    schema["anyOf"].is_null() && self.resolve(schema).schema["format"] == format;
                if parameter["in"] == "query" && has_format {
                    let name = parameter["name"].as_str().unwrap().to_owned();
                    found.push((path.clone(), name));
                }
            }
        }
        found
    }

    /// A schema without references, and without the choice of null.
    pub(super) fn resolve(&self, schema: &Value) -> Resolved {
        if let Some(reference) = schema["$ref"].as_str() {
            let pointer = reference.strip_prefix('#').unwrap();
            return self.resolve(self.0.pointer(pointer).unwrap());
        }
        for choice in ["oneOf", "anyOf", "allOf"] {
            if let Some(schemas) = schema[choice].as_array() {
                let is_null = |schema: &&Value| schema["type"] == "null";
                let one: Vec<&Value> = schemas.iter().filter(|schema| !is_null(schema)).collect();
                assert_eq!(one.len(), 1, "a choice of several schemas: {schema}");
                let resolved = self.resolve(one[0]);
                let nullable = resolved.nullable || schemas.iter().any(|schema| is_null(&schema));
                return Resolved {
                    nullable,
                    ..resolved
                };
            }
        }
        let mut schema = schema.clone();
        let mut nullable = false;
        if let Some(types) = schema["type"].as_array().cloned() {
            nullable = types.contains(&json!("null"));
            schema["type"] = types.into_iter().find(|kind| kind != "null").unwrap();
        }
        Resolved { schema, nullable }
    }

    /// Every place of a value that its schema describes, the value itself first: the path as an error
    /// names it, the JSON pointer, and the schema.
    pub(super) fn places(&self, schema: &Value, value: &Value) -> Vec<Place> {
        let mut found = Vec::new();
        self.collect(schema, value, String::new(), String::new(), &mut found);
        found
    }

    fn collect(
        &self,
        schema: &Value,
        value: &Value,
        field: String,
        pointer: String,
        found: &mut Vec<Place>,
    ) {
        let resolved = self.resolve(schema);
        found.push(Place {
            field: field.clone(),
            pointer: pointer.clone(),
            resolved: resolved.clone(),
        });
        let schema = resolved.schema;
        for (name, member) in value.as_object().into_iter().flatten() {
            let described = &schema["properties"][name];
            if described.is_object() {
                let field = if field.is_empty() {
                    name.clone()
                } else {
                    format!("{field}.{name}")
                };
                self.collect(described, member, field, format!("{pointer}/{name}"), found);
            }
        }
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            let field = format!("{field}[{index}]");
            self.collect(
                &schema["items"],
                item,
                field,
                format!("{pointer}/{index}"),
                found,
            );
        }
    }

    /// A value that the schema allows. `known` gives values for names that must mean something here,
    /// such as ids; with `full` every member is there.
    pub(super) fn value(
        &self,
        schema: &Value,
        name: &str,
        full: bool,
        dice: &mut Dice,
        known: &dyn Fn(&str) -> Option<Value>,
    ) -> Value {
        let Resolved { schema, nullable } = self.resolve(schema);
        if nullable && !full && dice.throw(4) == 0 {
            return Value::Null;
        }
        if let Some(known) = known(name) {
            return known;
        }
        if let Some(allowed) = schema["enum"].as_array() {
            return pick(allowed, dice).clone();
        }
        match schema["type"].as_str().unwrap() {
            "string" if full => json!(text(&schema, 20, dice)),
            "string" => json!(text(&schema, u64::MAX, dice)),
            "integer" => json!(1),
            "boolean" => json!(dice.throw(2) == 0),
            "array" => {
                let item = self.value(&schema["items"], name, full, dice, known);
                let least = schema["minItems"].as_u64().unwrap_or(0);
                if full || least > 0 || dice.throw(2) == 0 {
                    json!([item])
                } else {
                    json!([])
                }
            }
            "object" if schema["properties"].is_object() => {
                let required = schema["required"].as_array().cloned().unwrap_or_default();
                let members = schema["properties"].as_object().unwrap().iter();
                members
                    .filter_map(|(name, member)| {
                        let wanted = full || required.contains(&json!(name)) || dice.throw(2) == 0;
                        wanted.then(|| (name.clone(), self.value(member, name, full, dice, known)))
                    })
                    .collect()
            }
            "object" => free(dice, 3),
            other => panic!("no value of type {other} is known: {schema}"),
        }
    }
}

/// A schema, and whether null is allowed beside what it says.
#[derive(Clone)]
pub(super) struct Resolved {
    pub(super) schema: Value,
    pub(super) nullable: bool,
}

/// A place in a body.
pub(super) struct Place {
    /// As an error names it; empty for the body itself.
    pub(super) field: String,
    /// JSON pointer.
    pub(super) pointer: String,
    pub(super) resolved: Resolved,
}

impl Place {
    /// Whether an object here may have members of any name.
    pub(super) fn is_free(&self) -> bool {
        let schema = &self.resolved.schema;
        schema["type"] == "object" && !schema["properties"].is_object()
    }
}

fn pick<'a, T>(from: &'a [T], dice: &mut Dice) -> &'a T {
    let sides = u64::try_from(from.len()).unwrap();
    &from[usize::try_from(dice.throw(sides)).unwrap()]
}

/// Text that a schema allows, in several scripts and up to its longest or `most` characters.
fn text(schema: &Value, most: u64, dice: &mut Dice) -> String {
    if schema["format"] == "date-time" {
        let times = [
            "2026-03-01T09:00:00Z",
            "1970-01-01t00:00:00z",
            "9999-12-31 23:59:59.9999999+00:00",
        ];
        return (*pick(&times, dice)).to_owned();
    }
    let pattern = schema["pattern"].as_str();
    if pattern.is_some_and(|pattern| pattern.contains("[0-9a-fA-F]{6}")) {
        return "#00aAfF".to_owned();
    }
    let longest = schema["maxLength"].as_u64().unwrap_or(100).min(most);
    let length = match dice.throw(3) {
        0 => 1,
        1 => 1 + dice.throw(longest),
        _ => longest,
    };
    let letters = ['a', 'Z', 'é', '日', '本', '💥', '"', '\\', '<', '0'];
    (0..length).map(|_| *pick(&letters, dice)).collect()
}

/// Any JSON.
fn free(dice: &mut Dice, depth: u32) -> Value {
    let mut value = || match dice.throw(7) {
        0 => json!(null),
        1 => json!(true),
        2 => json!(dice.throw(1 << 40)),
        3 => json!(dice.part() * 1e30 - 1e29),
        4 => json!("text \"quoted\" 日本"),
        5 if depth > 0 => json!([free(dice, depth - 1)]),
        _ if depth > 0 => free(dice, depth - 1),
        _ => json!(0),
    };
    json!({"first": value(), "$serde_json::private::RawValue": value(), "": value()})
}
