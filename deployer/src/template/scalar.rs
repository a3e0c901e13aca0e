//! Plain scalars of YAML 1.1, as CloudFormation reads them.
//!
//! CloudFormation's YAML is 1.1 without timestamps: `yes` and `on` are booleans, a leading zero makes
//! an octal number, and an account id that has one and cannot be octal becomes a floating-point
//! number in Java's notation (`012345678901` is `1.2345678901E10`). A date stays text.
//! Source: "CloudFormation template formats" in the CloudFormation user guide, yaml.org/type, and
//! what users report of unquoted account ids.

use serde_json::{Number, Value};

/// What a plain scalar, without quotes and without a tag, is.
pub(super) fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            return Value::Bool(true);
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            return Value::Bool(false);
        }
        _ => (),
    }
    integer(text)
        .or_else(|| float(text))
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

/// A boolean by YAML 1.1's words.
pub(super) fn boolean(text: &str) -> Option<Value> {
    Some(resolve(text)).filter(Value::is_boolean)
}

/// A number: an integer, or a floating-point one.
pub(super) fn number(text: &str) -> Option<Value> {
    integer(text).or_else(|| float(text))
}

/// An integer of any base. One beyond 64 bits stays text, so that no digit is lost.
fn integer(text: &str) -> Option<Value> {
    let (negative, digits) = sign(text);
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let plain = digits.replace('_', "");
    let magnitude = if let Some(binary) = plain.strip_prefix("0b") {
        i128::from_str_radix(binary, 2).ok()?
    } else if let Some(hex) = plain.strip_prefix("0x") {
        i128::from_str_radix(hex, 16).ok()?
    } else if plain.contains(':') {
        sexagesimal(&plain)?
    } else if plain.len() > 1 && plain.starts_with('0') {
        i128::from_str_radix(&plain, 8).ok()?
    } else if plain.bytes().all(|byte| byte.is_ascii_digit()) {
        match plain.parse::<i128>() {
            Ok(magnitude) => magnitude,
            Err(_) => return Some(Value::String(text.to_owned())),
        }
    } else {
        return None;
    };
    let value = if negative { -magnitude } else { magnitude };
    let number = i64::try_from(value)
        .map(Number::from)
        .or_else(|_| u64::try_from(value).map(Number::from));
    Some(number.map_or_else(|_| Value::String(value.to_string()), Value::Number))
}

/// `190:20:30`: base 60, as YAML 1.1 reads what looks like a time.
fn sexagesimal(text: &str) -> Option<i128> {
    let mut parts = text.split(':');
    let first = parts.next()?;
    if first.starts_with('0') {
        return None;
    }
    let mut value: i128 = first.parse().ok()?;
    for part in parts {
        let digit: i128 = part.parse().ok()?;
        if part.is_empty() || part.len() > 2 || digit > 59 {
            return None;
        }
        value = value.checked_mul(60)?.checked_add(digit)?;
    }
    Some(value)
}

fn float(text: &str) -> Option<Value> {
    let (_, digits) = sign(text);
    let begins = |first: char| first.is_ascii_digit() || first == '.';
    let only = |byte: u8| byte.is_ascii_digit() || b".eE+-_".contains(&byte);
    let has_digit = digits.bytes().any(|byte| byte.is_ascii_digit());
    if !digits.starts_with(begins) || !has_digit || !digits.bytes().all(only) {
        return None;
    }
    let value: f64 = text.replace('_', "").parse().ok()?;
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // Digits with a leading zero that are not octal.
        return Some(Value::String(java(value)));
    }
    Number::from_f64(value).map(Value::Number)
}

/// A number as Java writes a double of at least 10^7: `1.2345678901E10`.
fn java(value: f64) -> String {
    let exponential = format!("{value:E}");
    match exponential.split_once('E') {
        Some((mantissa, exponent)) if value.abs() >= 1e7 => {
            let point = if mantissa.contains('.') { "" } else { ".0" };
            format!("{mantissa}{point}E{exponent}")
        }
        _ => format!("{value:?}"),
    }
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}
