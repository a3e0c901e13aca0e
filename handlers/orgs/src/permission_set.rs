//! Permissions of a role, by the names of the catalogue.

use miyabi_core::Permission;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ArrayBuilder, ObjectBuilder, RefOr, Schema, schema::Type},
};

/// A set of permissions, each once and in the order of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PermissionSet(Vec<Permission>);

impl PermissionSet {
    /// The permissions that a role has in the database, where a check allows no unknown name.
    pub(crate) fn stored(names: &[String]) -> PermissionSet {
        let mut found = Permission::ALL.to_vec();
        found.retain(|permission| names.iter().any(|name| name == permission.as_str()));
        PermissionSet(found)
    }

    /// Whether a permission is in it.
    pub(crate) fn has(&self, permission: Permission) -> bool {
        self.0.contains(&permission)
    }

    /// The names of the permissions of `self` that `other` lacks.
    pub(crate) fn beyond(&self, other: &PermissionSet) -> Vec<&'static str> {
        let missing = self.0.iter().filter(|permission| !other.has(**permission));
        missing.map(|permission| permission.as_str()).collect()
    }

    /// As `roles.permissions` holds it.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        self.0
            .iter()
            .map(|permission| permission.as_str())
            .collect()
    }
}

impl Serialize for PermissionSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|permission| permission.as_str()))
    }
}

impl<'de> Deserialize<'de> for PermissionSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PermissionSet, D::Error> {
        let names = Vec::<Name>::deserialize(deserializer)?;
        let mut given = Permission::ALL.to_vec();
        given.retain(|permission| names.iter().any(|name| name.0 == *permission));
        if given.len() < names.len() {
            return Err(de::Error::custom("must not have a permission twice"));
        }
        Ok(PermissionSet(given))
    }
}

/// One permission by its name.
struct Name(Permission);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut all = Permission::ALL.into_iter();
        all.find(|permission| permission.as_str() == text)
            .map(Name)
            .ok_or_else(|| de::Error::custom("must be a permission such as tasks.read"))
    }
}

impl PartialSchema for PermissionSet {
    fn schema() -> RefOr<Schema> {
        let name = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(Permission::ALL.map(Permission::as_str)));
        ArrayBuilder::new()
            .items(name)
            .unique_items(true)
            .max_items(Some(Permission::ALL.len()))
            .into()
    }
}

impl ToSchema for PermissionSet {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_set_has_beyond_another_is_named() {
        let few: PermissionSet = serde_json::from_str(r#"["tasks.write", "tasks.read"]"#).unwrap();
        let one: PermissionSet = serde_json::from_str(r#"["tasks.read"]"#).unwrap();
        assert_eq!(few.beyond(&one), ["tasks.write"]);
        assert!(one.beyond(&few).is_empty());
        assert_eq!(
            few.to_json(),
            serde_json::json!(["tasks.read", "tasks.write"])
        );
    }

    #[test]
    fn only_permissions_of_the_catalogue_and_each_once() {
        for wrong in [
            r#"["*"]"#,
            r#"["tasks.*"]"#,
            r#"["tasks.fly"]"#,
            r#"["Tasks.read"]"#,
            r#"["tasks.read", "tasks.read"]"#,
            r#""tasks.read""#,
        ] {
            assert!(
                serde_json::from_str::<PermissionSet>(wrong).is_err(),
                "{wrong}"
            );
        }
    }
}
