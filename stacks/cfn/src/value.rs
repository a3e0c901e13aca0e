//! Values of properties: literals, or what CloudFormation computes when it deploys.

use std::{collections::BTreeMap, marker::PhantomData};

use serde_json::{Value as Json, json};

/// A map property: names chosen by the author.
pub type Map<T> = BTreeMap<String, T>;

/// A scalar property: a literal, or an intrinsic that gives one when the stack is deployed.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<T> {
    /// Known now.
    Literal(T),
    /// Known at deploy time.
    Computed(Intrinsic),
}

/// A list property: items, or an intrinsic that gives the whole list.
#[derive(Debug, Clone, PartialEq)]
pub enum List<T> {
    /// The items.
    Items(Vec<T>),
    /// An intrinsic.
    Computed(Intrinsic),
}

/// An intrinsic function of CloudFormation, as it stands in a template.
#[derive(Debug, Clone, PartialEq)]
pub struct Intrinsic(Json);

/// What `Fn::GetAtt` of a resource gives; the schema says of which type.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute<T> {
    intrinsic: Intrinsic,
    of: PhantomData<T>,
}

impl Intrinsic {
    /// `Ref` of a resource, a parameter or a pseudo parameter.
    pub fn reference(name: &str) -> Self {
        Self(json!({ "Ref": name }))
    }

    /// `Fn::GetAtt`.
    pub fn get_att(logical_id: &str, attribute: &str) -> Self {
        Self(json!({ "Fn::GetAtt": [logical_id, attribute] }))
    }

    /// `Fn::Sub` of a text whose `${Name}` and `${Name.Attribute}` are resources, parameters or
    /// pseudo parameters: `sub("arn:${AWS::Partition}:s3:::${Bucket}/*")`.
    pub fn sub(text: impl Into<String>) -> Self {
        Self(json!({ "Fn::Sub": text.into() }))
    }

    /// `Fn::Sub` with names of its own for some values.
    pub fn sub_with<V: Emit>(
        text: impl Into<String>,
        values: impl IntoIterator<Item = (&'static str, V)>,
    ) -> Self {
        let values: serde_json::Map<String, Json> = values
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.emit()))
            .collect();
        Self(json!({ "Fn::Sub": [text.into(), values] }))
    }

    /// `Fn::Join`.
    pub fn join<V: Emit>(separator: &str, values: impl IntoIterator<Item = V>) -> Self {
        let values: Vec<Json> = values.into_iter().map(|value| value.emit()).collect();
        Self(json!({ "Fn::Join": [separator, values] }))
    }

    /// `Fn::Select`: the item at `index`, from 0.
    pub fn select(index: usize, list: impl Emit) -> Self {
        Self(json!({ "Fn::Select": [index, list.emit()] }))
    }

    /// `Fn::Split`.
    pub fn split(separator: &str, text: impl Emit) -> Self {
        Self(json!({ "Fn::Split": [separator, text.emit()] }))
    }

    /// `Fn::GetAZs` of the stack's own region.
    pub fn availability_zones() -> Self {
        Self(json!({ "Fn::GetAZs": "" }))
    }

    /// `Fn::Cidr`: `count` blocks of `bits` host bits (IPv6: 128 minus the prefix) inside `block`.
    pub fn cidr(block: impl Emit, count: u8, bits: u8) -> Self {
        Self(json!({ "Fn::Cidr": [block.emit(), count, bits] }))
    }
}

/// Pseudo parameters.
pub mod pseudo {
    use super::Intrinsic;

    /// The account that the stack is in.
    pub fn account_id() -> Intrinsic {
        Intrinsic::reference("AWS::AccountId")
    }
    /// The region that the stack is in.
    pub fn region() -> Intrinsic {
        Intrinsic::reference("AWS::Region")
    }
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub fn partition() -> Intrinsic {
        Intrinsic::reference("AWS::Partition")
    }
    /// `amazonaws.com`, mostly.
    pub fn url_suffix() -> Intrinsic {
        Intrinsic::reference("AWS::URLSuffix")
    }
    /// The name of the stack.
    pub fn stack_name() -> Intrinsic {
        Intrinsic::reference("AWS::StackName")
    }
}

/// Something that has a form in a template.
pub trait Emit {
    /// That form.
    fn emit(&self) -> Json;
}

impl Emit for Intrinsic {
    fn emit(&self) -> Json {
        self.0.clone()
    }
}

impl<T> Emit for Attribute<T> {
    fn emit(&self) -> Json {
        self.intrinsic.emit()
    }
}

impl<T: Emit> Emit for Value<T> {
    fn emit(&self) -> Json {
        match self {
            Value::Literal(literal) => literal.emit(),
            Value::Computed(intrinsic) => intrinsic.emit(),
        }
    }
}

impl<T: Emit> Emit for List<T> {
    fn emit(&self) -> Json {
        match self {
            List::Items(items) => items.iter().map(Emit::emit).collect(),
            List::Computed(intrinsic) => intrinsic.emit(),
        }
    }
}

impl<T: Emit> Emit for Map<T> {
    fn emit(&self) -> Json {
        self.iter()
            .map(|(key, value)| (key.clone(), value.emit()))
            .collect()
    }
}

impl<T: Emit> Emit for Box<T> {
    fn emit(&self) -> Json {
        (**self).emit()
    }
}

impl Emit for str {
    fn emit(&self) -> Json {
        Json::from(self)
    }
}

impl Emit for &str {
    fn emit(&self) -> Json {
        Json::from(*self)
    }
}

macro_rules! literals {
    ($($literal:ty),*) => {$(
        impl Emit for $literal {
            fn emit(&self) -> Json {
                Json::from(self.clone())
            }
        }
        impl From<$literal> for Value<$literal> {
            fn from(literal: $literal) -> Self {
                Value::Literal(literal)
            }
        }
    )*};
}
literals!(String, i64, f64, bool);

impl Emit for Json {
    fn emit(&self) -> Json {
        self.clone()
    }
}

impl From<&str> for Value<String> {
    fn from(literal: &str) -> Self {
        Value::Literal(literal.to_owned())
    }
}

impl From<i32> for Value<i64> {
    fn from(literal: i32) -> Self {
        Value::Literal(literal.into())
    }
}

impl From<u32> for Value<i64> {
    fn from(literal: u32) -> Self {
        Value::Literal(literal.into())
    }
}

impl From<i32> for Value<f64> {
    fn from(literal: i32) -> Self {
        Value::Literal(literal.into())
    }
}

impl<T> From<Intrinsic> for Value<T> {
    fn from(intrinsic: Intrinsic) -> Self {
        Value::Computed(intrinsic)
    }
}

impl<T> From<Intrinsic> for List<T> {
    fn from(intrinsic: Intrinsic) -> Self {
        List::Computed(intrinsic)
    }
}

impl<T> From<Intrinsic> for Attribute<T> {
    fn from(intrinsic: Intrinsic) -> Self {
        Self {
            intrinsic,
            of: PhantomData,
        }
    }
}

impl<T> From<Attribute<T>> for Value<T> {
    fn from(attribute: Attribute<T>) -> Self {
        Value::Computed(attribute.intrinsic)
    }
}

impl<T> From<Attribute<Vec<T>>> for List<Value<T>> {
    fn from(attribute: Attribute<Vec<T>>) -> Self {
        List::Computed(attribute.intrinsic)
    }
}

impl<T, I: Into<T>> FromIterator<I> for List<T> {
    fn from_iter<A: IntoIterator<Item = I>>(items: A) -> Self {
        List::Items(items.into_iter().map(Into::into).collect())
    }
}

impl<T, I: Into<T>> From<Vec<I>> for List<T> {
    fn from(items: Vec<I>) -> Self {
        items.into_iter().collect()
    }
}

impl<T, I: Into<T>, const N: usize> From<[I; N]> for List<T> {
    fn from(items: [I; N]) -> Self {
        items.into_iter().collect()
    }
}

/// A JSON object that leaves out what is absent.
pub(crate) struct Object(serde_json::Map<String, Json>);

/// A field of an [`Object`]: present, or absent.
pub(crate) trait Field {
    fn field(&self) -> Option<Json>;
}

impl<T: Emit> Field for T {
    fn field(&self) -> Option<Json> {
        Some(self.emit())
    }
}

impl<T: Emit> Field for Option<T> {
    fn field(&self) -> Option<Json> {
        self.as_ref().map(Emit::emit)
    }
}

impl Object {
    pub(crate) fn new() -> Self {
        Self(serde_json::Map::new())
    }

    pub(crate) fn set(&mut self, key: &str, value: &impl Field) {
        if let Some(value) = value.field() {
            self.0.insert(key.to_owned(), value);
        }
    }

    pub(crate) fn into_json(self) -> Json {
        Json::Object(self.0)
    }
}
