//! What changes in a template besides its resources: each entry of a section by name, so that no
//! change of a stack is without one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    ParameterChange,
    references::{Reference, references},
    shown::shown,
};
use crate::template;

/// An entry of a section, or a section that has no entries, whose text changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SectionChange {
    /// `Outputs.siteUrl`, `Conditions.IsProd`, `Description`
    pub name: String,
    /// The deployed text, shortened; `None`: it is new.
    pub from: Option<String>,
    /// The new text, shortened; `None`: it is removed.
    pub to: Option<String>,
}

/// The sections whose value is one thing, without entries.
const WITHOUT_ENTRIES: &[&str] = &["AWSTemplateFormatVersion", "Description", "Transform"];

/// What changes outside `Resources`, in the order of the new template, removed entries last.
pub(super) fn section_changes(old: &Value, new: &Value) -> Vec<SectionChange> {
    let empty = Map::new();
    let (old, new) = (
        old.as_object().unwrap_or(&empty),
        new.as_object().unwrap_or(&empty),
    );
    let names = new.keys().chain(removed(old, new));
    let mut changes = Vec::new();
    for section in names.filter(|section| *section != "Resources") {
        let (before, after) = (old.get(section), new.get(section));
        let has_entries = !WITHOUT_ENTRIES.contains(&section.as_str());
        let is_map = |value: Option<&Value>| value.is_none_or(Value::is_object);
        if !has_entries || !is_map(before) || !is_map(after) {
            changes.extend(change(section.clone(), before, after));
            continue;
        }
        let entries = |section: Option<&Value>| {
            section
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default()
        };
        let (before, after) = (entries(before), entries(after));
        for entry in after.keys().chain(removed(&before, &after)) {
            let name = format!("{section}.{entry}");
            changes.extend(change(name, before.get(entry), after.get(entry)));
        }
    }
    changes
}

fn removed<'a>(
    old: &'a Map<String, Value>,
    new: &'a Map<String, Value>,
) -> impl Iterator<Item = &'a String> {
    old.keys().filter(|key| !new.contains_key(*key))
}

fn change(name: String, before: Option<&Value>, after: Option<&Value>) -> Option<SectionChange> {
    let nothing = Value::Null;
    let (before, after) = (before.unwrap_or(&nothing), after.unwrap_or(&nothing));
    let same = template::equal(before, after, &[], &|_| false);
    (!same).then(|| SectionChange {
        name,
        from: shown(before),
        to: shown(after),
    })
}

/// The conditions and mappings that change, as what resources refer to: `Conditions.IsProd`. A
/// condition that refers to a changed parameter, condition or mapping changes with it. What comes of
/// it is known only to CloudFormation.
pub(super) fn changed_definitions(
    old: &Value,
    new: &Value,
    parameters: &BTreeMap<String, ParameterChange>,
) -> BTreeMap<String, ParameterChange> {
    let mut names: BTreeSet<String> = section_changes(old, new)
        .into_iter()
        .map(|change| change.name)
        .filter(|name| name.starts_with("Conditions.") || name.starts_with("Mappings."))
        .collect();
    let conditions = new.get("Conditions").and_then(Value::as_object);
    // Each round can only add names, and there are finitely many.
    loop {
        let before = names.len();
        for (name, definition) in conditions.into_iter().flatten() {
            let changes = |reference: &Reference| {
                names.contains(&reference.name) || parameters.contains_key(&reference.name)
            };
            if references(definition).iter().any(changes) {
                names.insert(format!("Conditions.{name}"));
            }
        }
        if names.len() == before {
            break;
        }
    }
    let uncertain = |name: String| ParameterChange {
        name: name.clone(),
        from: None,
        to: None,
        certain: false,
    };
    names
        .into_iter()
        .map(|name| (name.clone(), uncertain(name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn described(old: Value, new: Value) -> String {
        let changes = section_changes(&old, &new).into_iter().map(|change| {
            let or_none = |text: Option<String>| text.unwrap_or("-".to_owned());
            format!(
                "{}: {} -> {}\n",
                change.name,
                or_none(change.from),
                or_none(change.to)
            )
        });
        changes.collect()
    }

    #[test]
    fn every_section_has_a_name_in_the_plan() {
        let old = json!({
            "AWSTemplateFormatVersion": "2010-09-09", "Description": "a",
            "Metadata": {"Owner": "a"}, "Parameters": {"Size": {"Type": "Number", "Default": 1}},
            "Mappings": {"Sizes": {"a": {"b": 1}}}, "Conditions": {"IsProd": {"Fn::Equals": ["a", "b"]}},
            "Outputs": {"gone": {"Value": "x"}, "url": {"Value": {"Fn::GetAtt": "Api.Url"}}},
            "Rules": {"R": {"Assertions": []}}, "Resources": {}
        });
        let new = json!({
            "AWSTemplateFormatVersion": "2010-09-09", "Description": "b", "Transform": "AWS::LanguageExtensions",
            "Metadata": {"Owner": "b"}, "Parameters": {"Size": {"Type": "Number", "Default": 2}},
            "Mappings": {"Sizes": {"a": {"b": 2}}}, "Conditions": {"IsProd": {"Fn::Equals": ["a", "c"]}},
            "Outputs": {"url": {"Value": {"Fn::GetAtt": ["Api", "Url"]}}}, "Resources": {}
        });
        insta::assert_snapshot!(described(old, new));
    }

    #[test]
    fn a_condition_changes_with_what_it_refers_to() {
        let template = json!({"Conditions": {
            "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
            "IsBig": {"Fn::And": [{"Condition": "IsProd"}, {"Fn::Equals": ["a", "a"]}]},
            "Other": {"Fn::Equals": ["a", "b"]}
        }});
        let stage = ParameterChange {
            name: "Stage".to_owned(),
            from: None,
            to: None,
            certain: true,
        };
        let parameters = BTreeMap::from([("Stage".to_owned(), stage)]);
        let changed = changed_definitions(&template, &template, &parameters);
        let names: Vec<_> = changed.keys().map(String::as_str).collect();
        assert_eq!(names, ["Conditions.IsBig", "Conditions.IsProd"]);
    }
}
