//! What AWS's schemas say about a resource type, beyond what the Rust types hold already.

use std::{collections::BTreeMap, sync::OnceLock};

use serde_json::Value as Json;

use crate::types::schemas::SCHEMAS;

/// The facts of one type. Paths are dotted (`Code.S3Key`), with `*` for the items of a list.
#[derive(Debug)]
pub struct Schema {
    pub(crate) json: Json,
    /// Changing one of these replaces the resource.
    pub create_only: Vec<String>,
    /// Changing one of these may replace the resource, depending on what else it holds.
    pub conditional_create_only: Vec<String>,
    /// What `Fn::GetAtt` can ask for.
    pub read_only: Vec<String>,
    /// Never read back.
    pub write_only: Vec<String>,
    /// The properties that the physical id is made of.
    pub primary_identifier: Vec<String>,
}

/// The facts of a type; `None` when the kit does not know it. Each schema is parsed once, when it
/// is first asked for.
pub fn schema(type_name: &str) -> Option<&'static Schema> {
    static PARSED: OnceLock<BTreeMap<&'static str, OnceLock<Schema>>> = OnceLock::new();
    let cell = PARSED
        .get_or_init(|| {
            SCHEMAS
                .iter()
                .map(|(name, _)| (*name, OnceLock::new()))
                .collect()
        })
        .get(type_name)?;
    let index = SCHEMAS
        .binary_search_by_key(&type_name, |(name, _)| name)
        .ok()?;
    Some(cell.get_or_init(|| Schema::parse(SCHEMAS[index].1)))
}

/// The names of the types that the kit knows, sorted.
pub fn type_names() -> impl Iterator<Item = &'static str> {
    SCHEMAS.iter().map(|(name, _)| *name)
}

impl Schema {
    fn parse(text: &str) -> Self {
        // The files are checked in, and a test parses every one of them.
        let json: Json = serde_json::from_str(text).unwrap_or_default();
        let paths = |key: &str| {
            json[key]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|pointer| pointer.as_str()?.strip_prefix("/properties/"))
                .map(|pointer| pointer.replace("/properties/", "/").replace('/', "."))
                .collect()
        };
        Self {
            create_only: paths("createOnlyProperties"),
            conditional_create_only: paths("conditionalCreateOnlyProperties"),
            read_only: paths("readOnlyProperties"),
            write_only: paths("writeOnlyProperties"),
            primary_identifier: paths("primaryIdentifier"),
            json,
        }
    }

    /// Whether the order of the list at `path` means nothing, by the schema's `insertionOrder: false`.
    /// The path is below the properties; a part of it that is a number is an item of a list.
    pub fn is_unordered(&self, path: &[String]) -> bool {
        let mut node = &self.json;
        for part in path {
            let next = self.resolve(node);
            let is_index = part.bytes().all(|byte| byte.is_ascii_digit());
            node = match &next["properties"][part.as_str()] {
                Json::Null if is_index => &next["items"],
                property => property,
            };
            if node.is_null() {
                return false;
            }
        }
        // The note stands beside the reference or behind it.
        [node, self.resolve(node)]
            .iter()
            .any(|node| node["insertionOrder"] == false)
    }

    /// What a `$ref` stands for; anything else is itself.
    pub(crate) fn resolve<'a>(&'a self, mut node: &'a Json) -> &'a Json {
        while let Some(reference) = node["$ref"].as_str() {
            node = &self.json["definitions"][reference.trim_start_matches("#/definitions/")];
        }
        node
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_parses_and_they_are_sorted() {
        assert!(SCHEMAS.is_sorted_by_key(|(name, _)| name));
        for (name, _) in SCHEMAS {
            let schema = schema(name).unwrap();
            assert_eq!(schema.json["typeName"], *name);
        }
    }

    #[test]
    fn facts_of_a_function() {
        let function = schema("AWS::Lambda::Function").unwrap();
        assert!(function.create_only.contains(&"FunctionName".to_owned()));
        assert!(function.read_only.contains(&"Arn".to_owned()));
        assert!(schema("AWS::Lambda::Nothing").is_none());
    }

    #[test]
    fn lists_that_are_sets_are_known() {
        let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        let instance = schema("AWS::RDS::DBInstance").unwrap();
        let function = schema("AWS::Lambda::Function").unwrap();
        let distribution = schema("AWS::CloudFront::Distribution").unwrap();
        assert!(function.is_unordered(&path("Tags")));
        assert!(!instance.is_unordered(&path("Nothing.0.Else")));
        assert!(!distribution.is_unordered(&path("DistributionConfig.CacheBehaviors")));
    }
}
