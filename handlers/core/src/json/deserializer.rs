//! From a document to the type that a handler takes: each value is of the kind that the OpenAPI
//! schema of that type says, and of no other that serde's derived code would also take (an array for
//! a struct, an object for an enum).

use serde::{
    Deserializer,
    de::{
        DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::{StrDeserializer, StringDeserializer},
    },
    forward_to_deserialize_any,
};

use super::{document::Node, refusal::Refusal};
use crate::{metadata, timestamp};

/// Largest whole number that a number with a fraction or an exponent may stand for: 2 to the power
/// of 53, below which doubles have every whole number.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

impl Node {
    fn must_be(what: &str) -> Refusal {
        Refusal::new(format!("must be {what}"))
    }

    /// A whole number, in whichever way JSON writes it: `3`, `3.0` and `3e0` are the same number.
    fn whole<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let text = match &self {
            Node::Number(text) => text.as_str(),
            Node::Parameter(text) if is_digits(text) => text.as_str(),
            _ => return Err(Node::must_be("a whole number")),
        };
        if let Ok(number) = text.parse::<i64>() {
            return visitor.visit_i64(number);
        }
        if let Ok(number) = text.parse::<u64>() {
            return visitor.visit_u64(number);
        }
        let number: f64 = text.parse().unwrap_or(f64::NAN);
        if number.fract() != 0.0 {
            return Err(Node::must_be("a whole number"));
        }
        if number.abs() > MAX_EXACT {
            return Err(Node::must_be("within its range"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 53 bits")]
        visitor.visit_i64(number as i64)
    }
}

fn is_digits(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

macro_rules! whole_numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
            self.whole(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Node {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self {
            Node::Null => visitor.visit_unit(),
            Node::Bool(value) => visitor.visit_bool(value),
            Node::Number(_) => self.whole(visitor),
            Node::Text(text) | Node::Parameter(text) => visitor.visit_string(text),
            Node::Array(items) => visitor.visit_seq(Items(items.into_iter().enumerate())),
            Node::Object(members) => visitor.visit_map(Members {
                rest: members.into_iter(),
                value: None,
            }),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self {
            Node::Bool(value) => visitor.visit_bool(value),
            Node::Parameter(text) if text == "true" => visitor.visit_bool(true),
            Node::Parameter(text) if text == "false" => visitor.visit_bool(false),
            _ => Err(Node::must_be("true or false")),
        }
    }

    whole_numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self {
            Node::Text(text) | Node::Parameter(text) => visitor.visit_string(text),
            _ => Err(Node::must_be("text")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self {
            Node::Null => visitor.visit_none(),
            value => visitor.visit_some(value),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self {
            Node::Array(_) => self.deserialize_any(visitor),
            _ => Err(Node::must_be("an array")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self {
            Node::Object(_) => self.deserialize_any(visitor),
            _ => Err(Node::must_be("an object")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        match self {
            Node::Text(text) | Node::Parameter(text) => {
                let name: StringDeserializer<Refusal> = text.into_deserializer();
                visitor.visit_enum(name)
            }
            _ => Err(Node::must_be(&format!("one of {}", variants.join(", ")))),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        match (name, self) {
            // A `+` that was not encoded arrives as a space, and a timestamp has no other there.
            (timestamp::NAME, Node::Parameter(text)) => {
                let text = with_plus(&text);
                visitor.visit_newtype_struct(StrDeserializer::new(&text))
            }
            // As text, in which numbers are what they were.
            (metadata::NAME, value @ Node::Object(_)) => visitor.visit_string(value.to_string()),
            (metadata::NAME, _) => Err(Node::must_be("an object")),
            (_, value) => visitor.visit_newtype_struct(value),
        }
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
        ignored_any
    }
}

/// A timestamp with the sign of its offset, where that was read as a space.
fn with_plus(text: &str) -> String {
    match text.len().checked_sub(6) {
        Some(at) if text.as_bytes()[at] == b' ' => format!("{}+{}", &text[..at], &text[at + 1..]),
        _ => text.to_owned(),
    }
}

/// The items of an array that are still to come.
struct Items(std::iter::Enumerate<std::vec::IntoIter<Node>>);

impl<'de> SeqAccess<'de> for Items {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refusal> {
        let Some((index, item)) = self.0.next() else {
            return Ok(None);
        };
        let item = seed.deserialize(item);
        item.map(Some).map_err(|refusal| refusal.in_item(index))
    }
}

/// The members of an object that are still to come.
struct Members {
    rest: std::vec::IntoIter<(String, Node)>,
    /// The member whose name was read.
    value: Option<(String, Node)>,
}

impl<'de> MapAccess<'de> for Members {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refusal> {
        let Some((name, value)) = self.rest.next() else {
            return Ok(None);
        };
        let key: StrDeserializer<'_, Refusal> = name.as_str().into_deserializer();
        let key = seed.deserialize(key)?;
        self.value = Some((name, value));
        Ok(Some(key))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Refusal> {
        let Some((name, value)) = self.value.take() else {
            return Err(Refusal::new("must be an object"));
        };
        let value = seed.deserialize(value);
        value.map_err(|refusal| refusal.in_member(&name))
    }
}
