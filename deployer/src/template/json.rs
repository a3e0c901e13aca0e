//! JSON, strictly: an object with the same key twice is an error.

use std::{cell::RefCell, fmt};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value, error::Category};

use super::{TemplateError, place};

/// Why a text was not read.
pub(super) enum Problem {
    /// It is not JSON.
    Syntax(TemplateError),
    /// It is JSON, and has what a template may not have.
    Strict(TemplateError),
}

/// Reads a whole text.
pub(super) fn read(text: &str) -> Result<Value, Problem> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let path = RefCell::default();
    let read = Strict { path: &path }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    read.map_err(|error| {
        let message = error.to_string();
        // The position is in the error's text once more.
        let message = message.split(" at line ").next().unwrap_or(&message);
        let told = TemplateError::at(error.line(), message);
        match error.classify() {
            Category::Data => Problem::Strict(told),
            Category::Syntax | Category::Eof | Category::Io => Problem::Syntax(told),
        }
    })
}

/// Any value, whose objects have each key once.
#[derive(Clone, Copy)]
struct Strict<'path> {
    /// The keys that lead to the value.
    path: &'path RefCell<Vec<String>>,
}

impl Strict<'_> {
    fn refuse<E: serde::de::Error>(self, what: &str) -> E {
        E::custom(format!("{what}{}", place(&self.path.borrow())))
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        Err(self.refuse("null, which CloudFormation does not allow"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            self.path.borrow_mut().push(list.len().to_string());
            let item = items.next_element_seed(self)?;
            self.path.borrow_mut().pop();
            match item {
                Some(item) => list.push(item),
                None => break,
            }
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(self.refuse(&format!("duplicate key `{key}`")));
            }
            self.path.borrow_mut().push(key.clone());
            let value = entries.next_value_seed(self)?;
            self.path.borrow_mut().pop();
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}
