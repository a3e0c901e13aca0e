//! YAML as CloudFormation reads it: version 1.1, its own tags for the short forms, one document, no
//! aliases.

use granit_parser::{Event, Options, Parser, ScalarStyle, Span, Tag};
use serde_json::{Map, Value, json};

use super::{TemplateError, place, scalar};

/// The short forms, without the exclamation mark. `Ref` and `Condition` have no prefix `Fn::` in
/// their long form.
const SHORT_FORMS: &[&str] = &[
    "And",
    "Base64",
    "Cidr",
    "Condition",
    "Contains",
    "EachMemberEquals",
    "EachMemberIn",
    "Equals",
    "FindInMap",
    "GetAZs",
    "GetAtt",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Ref",
    "RefAll",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
    "ValueOf",
    "ValueOfAll",
];

/// The deepest nesting that is read.
const DEEPEST: usize = 128;

/// Why a text was not read.
pub(super) struct Problem {
    /// What is wrong, and where.
    pub(super) error: TemplateError,
    /// Whether it is not YAML at all.
    pub(super) syntax: bool,
}

/// Reads a whole text.
pub(super) fn read(text: &str) -> Result<Value, Problem> {
    let mut options = Options::default();
    options.emit_comments = false;
    let mut reader = Reader {
        parser: Parser::new_from_str_with_options(text, options),
        path: Vec::new(),
    };
    let value = loop {
        match reader.next()? {
            (Event::StreamStart | Event::DocumentStart(..), _) => (),
            (Event::StreamEnd, _) => return Err(strict(1, "it is empty".to_owned())),
            (event, span) => break reader.node(event, &span)?,
        }
    };
    loop {
        match reader.next()? {
            (Event::DocumentEnd, _) => (),
            (Event::StreamEnd, _) => return Ok(value),
            (_, span) => {
                let message = "a second document begins; a template is one".to_owned();
                return Err(strict(span.start.line(), message));
            }
        }
    }
}

fn strict(line: usize, message: String) -> Problem {
    Problem {
        error: TemplateError::at(line.max(1), message),
        syntax: false,
    }
}

struct Reader<'text> {
    parser: Parser<'text, granit_parser::StrInput<'text>>,
    /// The keys that lead to the node being read.
    path: Vec<String>,
}

impl<'text> Reader<'text> {
    fn next(&mut self) -> Result<(Event<'text>, Span), Problem> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(Problem {
                error: TemplateError::at(
                    error.marker().line().max(1),
                    format!("{}{}", error.info(), place(&self.path)),
                ),
                syntax: true,
            }),
            None => Err(strict(1, "it ends too early".to_owned())),
        }
    }

    fn refuse(&self, span: &Span, what: &str) -> Problem {
        strict(span.start.line(), format!("{what}{}", place(&self.path)))
    }

    fn node(&mut self, event: Event<'text>, span: &Span) -> Result<Value, Problem> {
        if self.path.len() > DEEPEST {
            return Err(self.refuse(span, "it is nested too deeply"));
        }
        match event {
            Event::Scalar(text, style, _, tag) => self.scalar(&text, style, tag.as_deref(), span),
            Event::SequenceStart(_, _, tag) => {
                let items = self.sequence()?;
                self.tagged(items, tag.as_deref(), "seq", span)
            }
            Event::MappingStart(_, _, tag) => {
                let object = self.mapping()?;
                self.tagged(object, tag.as_deref(), "map", span)
            }
            Event::Alias(_) => Err(self.refuse(
                span,
                "an alias (`*name`), which CloudFormation does not allow",
            )),
            _ => Err(self.refuse(span, "a value is missing")),
        }
    }

    fn sequence(&mut self) -> Result<Value, Problem> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::Array(items)),
                (event, span) => {
                    self.path.push(items.len().to_string());
                    items.push(self.node(event, &span)?);
                    self.path.pop();
                }
            }
        }
    }

    fn mapping(&mut self) -> Result<Value, Problem> {
        let mut object = Map::new();
        loop {
            let (key, span) = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Value::Object(object)),
                (Event::Scalar(key, style, _, None), span) => {
                    if key == "<<" && style == ScalarStyle::Plain {
                        let what = "a merge (`<<`), which CloudFormation does not allow";
                        return Err(self.refuse(&span, what));
                    }
                    (key.into_owned(), span)
                }
                (_, span) => return Err(self.refuse(&span, "a key is not plain text")),
            };
            if object.contains_key(&key) {
                return Err(self.refuse(&span, &format!("duplicate key `{key}`")));
            }
            let (event, span) = self.next()?;
            self.path.push(key);
            let value = self.node(event, &span)?;
            object.insert(self.path.pop().unwrap_or_default(), value);
        }
    }

    fn scalar(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: &Span,
    ) -> Result<Value, Problem> {
        let Some(tag) = tag else {
            return match (style, scalar::resolve(text)) {
                (ScalarStyle::Plain, Value::Null) => {
                    Err(self.refuse(span, "null, which CloudFormation does not allow"))
                }
                (ScalarStyle::Plain, value) => Ok(value),
                _ => Ok(Value::String(text.to_owned())),
            };
        };
        let value = match tag.core_suffix() {
            None => return self.tagged(Value::String(text.to_owned()), Some(tag), "str", span),
            Some("str") => Some(Value::String(text.to_owned())),
            Some("bool") => scalar::boolean(text),
            Some("int" | "float") => scalar::number(text),
            Some(_) => None,
        };
        value.ok_or_else(|| self.refuse(span, &format!("`{text}` is not a {}", tag.original())))
    }

    /// The long form of a short one. `core` is the tag of YAML itself that changes nothing here.
    fn tagged(
        &self,
        value: Value,
        tag: Option<&Tag>,
        core: &str,
        span: &Span,
    ) -> Result<Value, Problem> {
        let Some(tag) = tag else { return Ok(value) };
        // The tag `!` alone says "not resolved": text, as it is.
        if tag.core_suffix() == Some(core) || (tag.handle().is_empty() && tag.suffix() == "!") {
            return Ok(value);
        }
        let name = tag.suffix();
        let known = tag.handle() == "!" && SHORT_FORMS.contains(&name);
        match (name, value) {
            _ if !known => {
                let what = format!("the tag `{}` is unknown to CloudFormation", tag.original());
                Err(self.refuse(span, &what))
            }
            ("Ref" | "Condition", value) => Ok(json!({name: value})),
            ("GetAtt", Value::String(text)) => match text.split_once('.') {
                Some((id, attribute)) => Ok(json!({"Fn::GetAtt": [id, attribute]})),
                None => Err(self.refuse(span, &format!("`!GetAtt {text}` names no attribute"))),
            },
            (name, value) => {
                let mut long = Map::new();
                long.insert(format!("Fn::{name}"), value);
                Ok(Value::Object(long))
            }
        }
    }
}
