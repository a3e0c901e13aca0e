//! JSON as CBOR and back, for servers that answer in Smithy's RPC v2 protocol
//! (<https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>), as CloudWatch does.

use aws_smithy_cbor::{Decoder, Encoder, data::Type, decode::DeserializeError};
use aws_smithy_types::DateTime;
use serde_json::{Map, Value, json};

use crate::Reply;

/// What CBOR has and JSON lacks: a moment is written as an object with this member alone.
const TIMESTAMP: &str = "$timestamp";

/// Seconds since 1970, as the protocol writes a moment.
pub fn timestamp(seconds: f64) -> Value {
    json!({ TIMESTAMP: seconds })
}

impl Reply {
    /// A status with a body in CBOR.
    pub fn cbor(status: u16, body: &Value) -> Reply {
        let mut encoder = Encoder::new(Vec::new());
        encode(body, &mut encoder);
        Reply::Answer(status, "application/cbor", encoder.into_writer())
    }
}

/// The body of a request; `None`: it is not CBOR.
pub fn from_cbor(body: &[u8]) -> Option<Value> {
    decode(&mut Decoder::new(body)).ok()
}

fn encode(value: &Value, to: &mut Encoder) {
    match value {
        Value::Null => to.null(),
        Value::Bool(value) => to.boolean(*value),
        Value::Number(value) => match value.as_i64() {
            Some(whole) => to.long(whole),
            None => to.double(value.as_f64().unwrap_or_default()),
        },
        Value::String(text) => to.str(text),
        Value::Array(items) => {
            to.array(items.len());
            for item in items {
                encode(item, to);
            }
            to
        }
        Value::Object(members) => match members.get(TIMESTAMP).and_then(Value::as_f64) {
            Some(seconds) => to.timestamp(&DateTime::from_secs_f64(seconds)),
            None => {
                to.map(members.len());
                for (name, member) in members {
                    to.str(name);
                    encode(member, to);
                }
                to
            }
        },
    };
}

fn decode(from: &mut Decoder<'_>) -> Result<Value, DeserializeError> {
    Ok(match from.datatype()? {
        Type::Null => {
            from.null()?;
            Value::Null
        }
        Type::Bool => from.boolean()?.into(),
        Type::String | Type::StringIndef => from.string()?.into(),
        Type::F16 | Type::F32 | Type::F64 => from.double()?.into(),
        Type::Tag => timestamp(from.timestamp()?.as_secs_f64()),
        Type::Array | Type::ArrayIndef => {
            let length = from.list()?;
            let mut items = Vec::new();
            while has_more(from, length, items.len())? {
                items.push(decode(from)?);
            }
            items.into()
        }
        Type::Map | Type::MapIndef => {
            let length = from.map()?;
            let mut members = Map::new();
            while has_more(from, length, members.len())? {
                let name = from.string()?;
                members.insert(name, decode(from)?);
            }
            members.into()
        }
        _ => from.long()?.into(),
    })
}

/// Whether a list or map of that length, or up to its end mark, has another item.
fn has_more(
    from: &mut Decoder<'_>,
    length: Option<u64>,
    read: usize,
) -> Result<bool, DeserializeError> {
    match length {
        Some(length) => Ok(u64::try_from(read).is_ok_and(|read| read < length)),
        None if from.datatype()? == Type::Break => {
            from.skip()?;
            Ok(false)
        }
        None => Ok(true),
    }
}
