//! Permissions of an API token, by the names of the catalogue.

use miyabi_core::Permission;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ArrayBuilder, ObjectBuilder, RefOr, Schema, schema::Type},
};

/// Permissions that API tokens may have: at least one, each once, in the order of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenPermissions(Vec<Permission>);

impl TokenPermissions {
    /// The names of those that are not among `own`.
    pub(crate) fn beyond(&self, own: &[Permission]) -> Vec<&'static str> {
        let missing = self.0.iter().filter(|permission| !own.contains(permission));
        missing.map(|permission| permission.as_str()).collect()
    }

    /// As `api_tokens.permissions` holds it.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        self.0
            .iter()
            .map(|permission| permission.as_str())
            .collect()
    }
}

/// What the database holds, where a check allows no other name.
impl From<serde_json::Value> for TokenPermissions {
    fn from(stored: serde_json::Value) -> TokenPermissions {
        let names = stored.as_array().cloned().unwrap_or_default();
        TokenPermissions(
            grantable()
                .filter(|permission| names.iter().any(|name| name == permission.as_str()))
                .collect(),
        )
    }
}

fn grantable() -> impl Iterator<Item = Permission> {
    let all = Permission::ALL.into_iter();
    all.filter(|permission| permission.is_for_api_tokens())
}

impl Serialize for TokenPermissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|permission| permission.as_str()))
    }
}

impl<'de> Deserialize<'de> for TokenPermissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TokenPermissions, D::Error> {
        let names = Vec::<Name>::deserialize(deserializer)?;
        let given: Vec<Permission> = grantable()
            .filter(|permission| names.iter().any(|name| name.0 == *permission))
            .collect();
        if given.is_empty() {
            return Err(de::Error::custom("must have at least one permission"));
        }
        if given.len() < names.len() {
            return Err(de::Error::custom("must not have a permission twice"));
        }
        Ok(TokenPermissions(given))
    }
}

/// One permission by its name.
struct Name(Permission);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
        let text = String::deserialize(deserializer)?;
        grantable()
            .find(|permission| permission.as_str() == text)
            .map(Name)
            .ok_or_else(|| {
                de::Error::custom(
                    "must be a permission that API tokens can have, such as tasks.read",
                )
            })
    }
}

impl PartialSchema for TokenPermissions {
    fn schema() -> RefOr<Schema> {
        let names: Vec<&str> = grantable().map(Permission::as_str).collect();
        let count = names.len();
        let name = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(names));
        ArrayBuilder::new()
            .items(name)
            .unique_items(true)
            .min_items(Some(1))
            .max_items(Some(count))
            .into()
    }
}

impl ToSchema for TokenPermissions {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_permissions_of_api_tokens_and_each_once() {
        let given = r#"["audit.read", "tasks.read"]"#;
        let given: TokenPermissions = serde_json::from_str(given).unwrap();
        assert_eq!(
            given.to_json(),
            serde_json::json!(["tasks.read", "audit.read"])
        );
        assert_eq!(given.beyond(&[Permission::TasksRead]), ["audit.read"]);
        for wrong in [
            "[]",
            r#"["*"]"#,
            r#"["members.read"]"#,
            r#"["members.manage"]"#,
            r#"["roles.manage"]"#,
            r#"["org.update"]"#,
            r#"["org.delete"]"#,
            r#"["tasks.read", "tasks.read"]"#,
        ] {
            let parsed = serde_json::from_str::<TokenPermissions>(wrong);
            assert!(parsed.is_err(), "{wrong}");
        }
    }
}
