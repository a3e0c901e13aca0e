//! What a change of a property does to its resource, by the resource schemas.

use serde_json::Value;

use super::{ResourceAction, references::is_intrinsic};

/// What a change of a property does to a resource, as the resource schema says.
pub(crate) trait Schemas {
    /// Paths that can only be set at creation, as `VpcConfig.SubnetIds` or `Tags.*.Key`.
    fn create_only(&self, resource_type: &str) -> Vec<String>;
    /// Paths whose change replaces the resource only in some cases.
    fn conditional_create_only(&self, resource_type: &str) -> Vec<String>;
    /// The property that gives resources of this type a name of their own, when the schema has one.
    fn custom_name(&self, resource_type: &str) -> Option<String>;
    /// Whether the order of the list at that path below the properties means nothing.
    fn is_unordered(&self, resource_type: &str, path: &[String]) -> bool;
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

    fn custom_name(&self, resource_type: &str) -> Option<String> {
        let schema = cfn::schema(resource_type)?;
        let last = resource_type.rsplit("::").next()?;
        let names_it = |property: &&String| {
            let stem = property
                .strip_suffix("Name")
                .or_else(|| property.strip_suffix("Identifier"));
            let is_identifier = schema.primary_identifier.as_slice() == [(*property).clone()];
            stem.is_some_and(|stem| stem.is_empty() || is_identifier || last.ends_with(stem))
        };
        let top_level = schema.create_only.iter().filter(|path| !path.contains('.'));
        // Two hosted zones and two records may have the same name.
        let is_unique = !resource_type.starts_with("AWS::Route53::");
        let mut found = top_level.filter(|path| is_unique && !schema.read_only.contains(path));
        found.find(names_it).cloned()
    }

    fn is_unordered(&self, resource_type: &str, path: &[String]) -> bool {
        cfn::schema(resource_type).is_some_and(|schema| schema.is_unordered(path))
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
