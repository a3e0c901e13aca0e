//! Reads a resource schema into the model that [`crate::emit`] writes out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use crate::{TYPES, names};

/// A resource type and everything that its properties are made of.
pub(crate) struct Resource {
    pub type_name: String,
    /// `lambda`, the file.
    pub module: String,
    /// The resource itself comes first.
    pub structs: Vec<Struct>,
    pub enums: Vec<Enum>,
    pub attributes: Vec<Attribute>,
}

pub(crate) struct Struct {
    pub name: String,
    pub about: String,
    pub fields: Vec<Field>,
}

pub(crate) struct Field {
    /// Name in the template.
    pub key: String,
    pub about: String,
    pub required: bool,
    pub kind: Kind,
}

pub(crate) struct Enum {
    pub name: String,
    pub values: Vec<String>,
}

/// What `Fn::GetAtt` can ask for.
pub(crate) struct Attribute {
    /// `Endpoint.Address`
    pub path: String,
    pub kind: Kind,
}

#[derive(Clone, PartialEq)]
pub(crate) enum Kind {
    String,
    Integer,
    Number,
    Boolean,
    Enum(String),
    Struct(String),
    List(Box<Kind>),
    Map(Box<Kind>),
    Json,
}

/// The model of one schema.
pub(crate) fn read(schema: &Json) -> Option<Resource> {
    let type_name = schema["typeName"].as_str()?.to_owned();
    let mut parts = type_name.split("::").skip(1);
    let module = parts.next()?.to_lowercase();
    let name = parts.next()?.to_owned();
    let mut reader = Reader {
        definitions: schema["definitions"]
            .as_object()
            .cloned()
            .unwrap_or_default(),
        module: module.clone(),
        prefix: name.clone(),
        structs: Vec::new(),
        enums: BTreeMap::new(),
        seen: BTreeSet::new(),
    };
    let read_only: Vec<String> = pointers(&schema["readOnlyProperties"]);
    let attributes = reader.attributes(schema, &read_only);
    reader.read_struct(&name, schema, &read_only);
    let enums = reader
        .enums
        .into_iter()
        .map(|(name, values)| Enum { name, values })
        .collect();
    Some(Resource {
        type_name,
        module,
        structs: reader.structs,
        enums,
        attributes,
    })
}

/// `/properties/Endpoint/Address` -> `Endpoint.Address`.
pub(crate) fn pointers(list: &Json) -> Vec<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(|pointer| pointer.as_str()?.strip_prefix("/properties/"))
        .map(|pointer| pointer.replace("/properties/", "/").replace('/', "."))
        .collect()
}

struct Reader {
    definitions: Map<String, Json>,
    module: String,
    prefix: String,
    structs: Vec<Struct>,
    enums: BTreeMap<String, Vec<String>>,
    seen: BTreeSet<String>,
}

impl Reader {
    fn read_struct(&mut self, name: &str, schema: &Json, hidden: &[String]) {
        if !self.seen.insert(name.to_owned()) {
            return;
        }
        let place = self.structs.len();
        self.structs.push(Struct {
            name: name.to_owned(),
            about: about(schema),
            fields: Vec::new(),
        });
        let required: Vec<&str> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
            .collect();
        let mut fields = Vec::new();
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            if hidden.contains(key) {
                continue;
            }
            let kind = self.kind(property, &format!("{name}{}", names::pascal(key)));
            let about = about(property);
            fields.push(Field {
                key: key.clone(),
                about,
                required: required.contains(&key.as_str()),
                kind,
            });
        }
        fields.sort_by(|a, b| a.key.cmp(&b.key));
        self.structs[place].fields = fields;
    }

    /// `name` is what a struct or enum found here will be called.
    fn kind(&mut self, schema: &Json, name: &str) -> Kind {
        if let Some(reference) = schema["$ref"].as_str() {
            let definition = reference.trim_start_matches("#/definitions/").to_owned();
            let Some(target) = self.definitions.get(&definition).cloned() else {
                return Kind::Json;
            };
            let name = self.free(format!("{}{}", self.prefix, names::pascal(&definition)));
            return self.kind(&target, &name);
        }
        match schema["type"].as_str() {
            Some("string") => self.string(schema, name),
            Some("integer") => Kind::Integer,
            Some("number") => Kind::Number,
            Some("boolean") => Kind::Boolean,
            Some("array") => {
                // A list's items are named in the singular of the list where they have no name.
                Kind::List(Box::new(self.kind(&schema["items"], name)))
            }
            Some("object") if schema["properties"].is_object() => {
                self.read_struct(name, schema, &[]);
                Kind::Struct(name.to_owned())
            }
            Some("object") => match schema["patternProperties"].as_object() {
                Some(patterns) if patterns.len() == 1 => {
                    let item = patterns.values().next().cloned().unwrap_or_default();
                    match self.kind(&item, name) {
                        Kind::Json if item["type"].is_array() => Kind::Map(Box::new(Kind::String)),
                        kind => Kind::Map(Box::new(kind)),
                    }
                }
                _ => Kind::Json,
            },
            _ => Kind::Json,
        }
    }

    /// A part of one resource can have the name of another: the rules of a security group.
    fn free(&self, name: String) -> String {
        let taken = TYPES.iter().any(|known| {
            let mut parts = known.split("::").skip(1);
            parts
                .next()
                .is_some_and(|service| service.to_lowercase() == self.module)
                && parts.next() == Some(name.as_str())
        });
        if taken {
            format!("{name}Property")
        } else {
            name
        }
    }

    fn string(&mut self, schema: &Json, name: &str) -> Kind {
        let Some(values) = schema["enum"].as_array() else {
            return Kind::String;
        };
        let values: Vec<String> = values
            .iter()
            .filter_map(Json::as_str)
            .map(str::to_owned)
            .collect();
        self.enums.entry(name.to_owned()).or_insert(values);
        Kind::Enum(name.to_owned())
    }

    fn attributes(&mut self, schema: &Json, read_only: &[String]) -> Vec<Attribute> {
        let mut attributes: Vec<Attribute> = read_only
            .iter()
            .filter(|path| !path.contains('*'))
            .filter_map(|path| {
                let resolve = |node| definition(schema, node);
                let mut at = schema;
                for part in path.split('.') {
                    at = resolve(resolve(at)["properties"].get(part)?);
                }
                let kind = match at["type"].as_str()? {
                    "string" => Kind::String,
                    "integer" => Kind::Integer,
                    "number" => Kind::Number,
                    "boolean" => Kind::Boolean,
                    "array" => Kind::List(Box::new(Kind::String)),
                    _ => return None,
                };
                Some(Attribute {
                    path: path.clone(),
                    kind,
                })
            })
            .collect();
        attributes.sort_by(|a, b| a.path.cmp(&b.path));
        attributes.dedup_by(|a, b| a.path == b.path);
        attributes
    }
}

/// What a `$ref` stands for; anything else is itself.
fn definition<'a>(schema: &'a Json, mut node: &'a Json) -> &'a Json {
    while let Some(reference) = node["$ref"].as_str() {
        node = &schema["definitions"][reference.trim_start_matches("#/definitions/")];
    }
    node
}

/// The first sentence, on one line.
fn about(schema: &Json) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    let line = text.lines().next().unwrap_or_default().trim();
    let end = line.find(". ").map_or(line.len(), |at| at + 1);
    line[..end]
        .replace("``", "`")
        .replace('[', "\\[")
        .replace(']', "\\]")
        .replace('<', "\\<")
}
