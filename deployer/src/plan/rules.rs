//! What a change of a property does to its resource, by the resource schemas.

use serde_json::Value;

use super::{ResourceAction, references::is_intrinsic};

/// What a change of a property does to a resource, as the resource schema says.
pub(crate) trait Schemas {
    /// Paths that can only be set at creation, as `VpcConfig.SubnetIds` or `Tags.*.Key`.
    fn create_only(&self, resource_type: &str) -> Vec<String>;
    /// Paths whose change replaces the resource only in some cases.
    fn conditional_create_only(&self, resource_type: &str) -> Vec<String>;
}

/// AWS's own schemas, as the kit has them.
pub(crate) struct Vendored;

impl Schemas for Vendored {
    fn create_only(&self, resource_type: &str) -> Vec<String> {
        cfn::schema(resource_type)
            .map(|schema| schema.create_only.clone())
            .unwrap_or_default()
    }

    fn conditional_create_only(&self, resource_type: &str) -> Vec<String> {
        let schema = cfn::schema(resource_type);
        schema
            .map(|schema| schema.conditional_create_only.clone())
            .unwrap_or_default()
    }
}

/// The create-only paths of one type.
pub(crate) struct Rules {
    create_only: Vec<String>,
    conditional: Vec<String>,
}

impl Rules {
    /// The rules of `resource_type`.
    pub(crate) fn of(resource_type: &str, schemas: &dyn Schemas) -> Rules {
        Rules {
            create_only: schemas.create_only(resource_type),
            conditional: schemas.conditional_create_only(resource_type),
        }
    }

    /// What a change at `path` does, where `values` are what stood or stands there.
    pub(crate) fn effect(&self, path: &[String], values: &[&Value]) -> ResourceAction {
        let hit = |rules: &[String]| rules.iter().any(|rule| touches(rule, path, values));
        if hit(&self.create_only) {
            ResourceAction::Replace
        } else if hit(&self.conditional) {
            ResourceAction::MayReplace
        } else {
            ResourceAction::Change
        }
    }
}

/// Whether a change at `path` changes what `rule` names: the path lies at or under it, or over it
/// and one of the values has something there.
fn touches(rule: &str, path: &[String], values: &[&Value]) -> bool {
    let mut rest = rule.split('.');
    for part in path {
        match rest.next() {
            None => return true,
            Some(name) if name == part || name == "*" => (),
            Some(_) => return false,
        }
    }
    let rest: Vec<&str> = rest.collect();
    rest.is_empty() || values.iter().any(|value| has(value, &rest))
}

fn has(value: &Value, path: &[&str]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return !value.is_null();
    };
    match value {
        // What an intrinsic gives cannot be seen here, so it counts as having everything.
        Value::Object(_) if is_intrinsic(value) => true,
        Value::Object(object) if *first == "*" => object.values().any(|inner| has(inner, rest)),
        Value::Object(object) => object.get(*first).is_some_and(|inner| has(inner, rest)),
        Value::Array(items) => {
            let rest = if *first == "*" { rest } else { path };
            items.iter().any(|inner| has(inner, rest))
        }
        _ => false,
    }
}
