//! A stack under construction: resources, parameters, outputs, and what it takes from other
//! stacks.

mod handle;

use serde_json::{Map, Value as Json, json};

use crate::{
    problem::Problem,
    value::{Emit, Intrinsic, Value},
};

pub use handle::{Handle, RemovalPolicy, Resource};

/// An output of a stack, to be taken by another with [`Stack::import`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    stack: String,
    name: String,
}

/// Where the value of a parameter comes from when the stack is deployed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// An output of another stack of the same app.
    Output {
        /// That stack.
        stack: String,
        /// The name of its output.
        output: String,
    },
    /// Whoever deploys knows it.
    Deployer,
}

/// A parameter of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Its name in the template.
    pub parameter: String,
    /// Where its value comes from.
    pub source: Source,
}

/// A stack under construction.
#[derive(Debug, Clone)]
pub struct Stack {
    name: String,
    description: String,
    parameters: Map<String, Json>,
    inputs: Vec<Input>,
    resources: Map<String, Json>,
    outputs: Map<String, Json>,
    duplicates: Vec<String>,
    misuses: Vec<Problem>,
}

impl Stack {
    /// An empty stack. The name is short (`api`); whoever deploys may put a prefix before it.
    pub fn new(name: &str, description: &str) -> Self {
        Self {
            name: name.to_owned(),
            description: description.to_owned(),
            parameters: Map::new(),
            inputs: Vec::new(),
            resources: Map::new(),
            outputs: Map::new(),
            duplicates: Vec::new(),
            misuses: Vec::new(),
        }
    }

    /// Its short name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its parameters and where their values come from, in the order in which they were taken.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// Logical ids that were given twice; [`crate::validate`] reports them.
    pub(crate) fn duplicates(&self) -> &[String] {
        &self.duplicates
    }

    /// Calls that the template could not take; [`crate::validate`] reports them.
    pub(crate) fn misuses(&self) -> &[Problem] {
        &self.misuses
    }

    pub(crate) fn has_output(&self, name: &str) -> bool {
        self.outputs.contains_key(name)
    }

    /// Whether it has no resource: such a stack is not deployed.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    /// Adds a resource under a logical id: letters and digits, the same at each synth. A wrong or
    /// repeated id is reported with everything else when the template is checked.
    pub fn add<R: Resource>(&mut self, logical_id: impl Into<String>, resource: R) -> Handle<R> {
        let logical_id = logical_id.into();
        let properties = resource.emit();
        let mut body = Map::new();
        body.insert("Type".to_owned(), R::TYPE.into());
        if properties
            .as_object()
            .is_some_and(|properties| !properties.is_empty())
        {
            body.insert("Properties".to_owned(), properties);
        }
        if self
            .resources
            .insert(logical_id.clone(), Json::Object(body))
            .is_some()
        {
            self.duplicates.push(logical_id.clone());
        }
        Handle::new(&self.name, logical_id)
    }

    /// What becomes of the resource when it is removed, and of the old one when it is replaced.
    pub fn on_removal<R>(&mut self, handle: &Handle<R>, policy: RemovalPolicy) {
        self.set(handle, "DeletionPolicy", policy.word().into());
        self.set(handle, "UpdateReplacePolicy", policy.word().into());
    }

    /// The resource waits for another one that none of its properties refers to. A handle of another
    /// stack is reported when the template is checked; stacks wait for each other by
    /// [`Stack::import`].
    pub fn depends_on<R, O>(&mut self, handle: &Handle<R>, other: &Handle<O>) {
        if other.stack() != self.name {
            let message = format!(
                "`{}` is a resource of the stack `{}`, and a resource waits for others of its own stack alone. Import an output.",
                other.logical_id(),
                other.stack()
            );
            return self.misuse(handle.logical_id(), "DependsOn", message);
        }
        let resource = self.resources.get(handle.logical_id());
        let mut ids = match resource.and_then(|resource| resource.get("DependsOn")) {
            Some(Json::Array(ids)) => ids.clone(),
            _ => Vec::new(),
        };
        ids.push(other.logical_id().into());
        self.set(handle, "DependsOn", ids.into());
    }

    /// The resource attribute `UpdatePolicy`.
    pub fn update_policy<R>(&mut self, handle: &Handle<R>, policy: Json) {
        self.set(handle, "UpdatePolicy", policy);
    }

    /// The resource attribute `Metadata`.
    pub fn metadata<R>(&mut self, handle: &Handle<R>, metadata: Json) {
        self.set(handle, "Metadata", metadata);
    }

    fn set<R>(&mut self, handle: &Handle<R>, key: &str, value: Json) {
        if handle.stack() != self.name {
            let message = format!(
                "It is set on `{}`, a resource of the stack `{}`.",
                handle.logical_id(),
                handle.stack()
            );
            return self.misuse(handle.logical_id(), key, message);
        }
        if let Some(Json::Object(body)) = self.resources.get_mut(handle.logical_id()) {
            body.insert(key.to_owned(), value);
        }
    }

    fn misuse(&mut self, resource: &str, path: &str, message: String) {
        self.misuses.push(Problem {
            stack: self.name.clone(),
            resource: resource.to_owned(),
            path: path.to_owned(),
            message,
        });
    }

    /// Adds an output and gives what another stack needs to take it.
    pub fn output(&mut self, name: &str, value: impl Emit) -> Output {
        if self
            .outputs
            .insert(name.to_owned(), json!({ "Value": value.emit() }))
            .is_some()
        {
            self.duplicates.push(name.to_owned());
        }
        Output {
            stack: self.name.clone(),
            name: name.to_owned(),
        }
    }

    /// The value of another stack's output, as a parameter of this one. Taking it twice is one
    /// parameter.
    pub fn import(&mut self, output: &Output) -> Intrinsic {
        let mut parameter = String::new();
        for part in [output.stack.as_str(), output.name.as_str()] {
            let mut characters = part.chars();
            parameter.extend(characters.next().map(|first| first.to_ascii_uppercase()));
            parameter.extend(characters);
        }
        let source = Source::Output {
            stack: output.stack.clone(),
            output: output.name.clone(),
        };
        self.input(
            &parameter,
            source,
            &format!("Output {} of {}", output.name, output.stack),
        )
    }

    /// A parameter that whoever deploys fills.
    pub fn parameter(&mut self, name: &str, about: &str) -> Intrinsic {
        self.input(name, Source::Deployer, about)
    }

    fn input(&mut self, parameter: &str, source: Source, about: &str) -> Intrinsic {
        let input = Input {
            parameter: parameter.to_owned(),
            source,
        };
        if !self.inputs.contains(&input) {
            let body = json!({ "Type": "String", "Description": about });
            if self.parameters.insert(parameter.to_owned(), body).is_some() {
                self.duplicates.push(parameter.to_owned());
            }
            self.inputs.push(input);
        }
        Intrinsic::reference(parameter)
    }

    /// The template as JSON. Resources stand in the order in which they were added.
    pub fn template(&self) -> Json {
        let mut template = Map::new();
        template.insert("AWSTemplateFormatVersion".to_owned(), "2010-09-09".into());
        template.insert("Description".to_owned(), self.description.as_str().into());
        for (section, content) in [
            ("Parameters", &self.parameters),
            ("Resources", &self.resources),
            ("Outputs", &self.outputs),
        ] {
            if !content.is_empty() {
                template.insert(section.to_owned(), Json::Object(content.clone()));
            }
        }
        Json::Object(template)
    }

    /// The template as YAML: the same bytes for the same stack.
    pub fn yaml(&self) -> String {
        crate::yaml::write(&self.template())
    }
}

/// Lets a stack's own parameter stand where a typed value is wanted.
impl<T> From<&Input> for Value<T> {
    fn from(input: &Input) -> Self {
        Value::Computed(Intrinsic::reference(&input.parameter))
    }
}
