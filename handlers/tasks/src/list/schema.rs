//! Schemas of the query parameters whose Rust types say less than the values that they take.
//!
//! Each type here only stands for a schema, as `value_type` of a parameter.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, Ref, RefOr, Schema, SchemaFormat,
        schema::{AnyOfBuilder, Type},
    },
};

use super::Order;
use crate::{Priority, Status};

/// One status or several.
pub(super) struct Statuses;

/// One priority or several.
pub(super) struct Priorities;

/// Ids with commas between them.
pub(super) struct Ids;

/// The id of a user, the caller or nobody.
pub(super) struct Assignee;

/// The id of a user or the caller.
pub(super) struct Creator;

/// The id of a task or none.
pub(super) struct Parent;

/// The id of a project or none.
pub(super) struct Project;

/// One value, or several as one text. Not an array: generated clients would send an array as a
/// repeated parameter, which the server refuses.
fn several(name: &str, values: impl Iterator<Item = &'static str>) -> RefOr<Schema> {
    let word = format!("({})", values.collect::<Vec<_>>().join("|"));
    let list = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(format!("^{word}(,{word})+$")));
    let one = Ref::from_schema_name(name);
    AnyOfBuilder::new().item(one).item(list).into()
}

/// 1 to 100 ids as one text.
fn ids() -> RefOr<Schema> {
    const ID: &str = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(format!("^{ID}(,{ID}){{0,99}}$")))
        .into()
}

fn id_or(words: &[&str]) -> RefOr<Schema> {
    let id = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
    let words = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(words.iter().copied()));
    AnyOfBuilder::new().item(id).item(words).into()
}

macro_rules! schemas {
    ($($name:ident => $schema:expr),+ $(,)?) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema
            }
        }

        impl ToSchema for $name {}
    )+};
}

schemas![
    Statuses => several("TaskStatus", Status::ALL.into_iter().map(Status::as_str)),
    Priorities => several("TaskPriority", Priority::ALL.into_iter().map(Priority::as_str)),
    Ids => ids(),
    Assignee => id_or(&["me", "none"]),
    Creator => id_or(&["me"]),
    Parent => id_or(&["none"]),
    Project => id_or(&["none"]),
    Order => ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(Order::names()))
        .into(),
];
