//! Typed CloudFormation: resources are plain structs, templates come out deterministic and are
//! checked before anybody sees them.
//!
//! ```
//! use cfn::{Stack, lambda, logs, iam, policy};
//!
//! let mut stack = Stack::new("api", "A function and its log.");
//! let role = stack.add("Role", iam::Role {
//!     description: Some("What the function may do.".into()),
//!     ..iam::Role::new(policy::assumed_by("lambda.amazonaws.com"))
//! });
//! let code = lambda::FunctionCode {
//!     s3_bucket: Some("assets".into()),
//!     s3_key: Some("hello.zip".into()),
//!     ..Default::default()
//! };
//! let function = stack.add("Hello", lambda::Function {
//!     memory_size: Some(512.into()),
//!     runtime: Some(lambda::FunctionRuntime::ProvidedAl2023.into()),
//!     handler: Some("bootstrap".into()),
//!     ..lambda::Function::new(code, role.arn())
//! });
//! stack.output("functionArn", function.arn());
//! assert_eq!(cfn::validate(&stack), []);
//! assert!(stack.yaml().starts_with("AWSTemplateFormatVersion: \"2010-09-09\"\n"));
//! ```
//!
//! What is required is an argument of `new`; forgetting it does not compile:
//!
//! ```compile_fail
//! cfn::lambda::Function::new(cfn::lambda::FunctionCode::default());
//! ```
//!
//! A scalar property takes a literal or an intrinsic ([`Value`]); an attribute is a method of the
//! [`Handle`] that [`Stack::add`] gives. A value of another stack is an [`Output`] there and, by
//! [`Stack::import`], a parameter here: nothing is ever exported, and [`App::levels`] knows the
//! order.
//!
//! Always true: the same calls give the same bytes; logical ids are the ones that were given;
//! nothing is read from disk, clock or network.

mod app;
pub mod policy;
mod problem;
mod rules;
mod schema;
mod stack;
#[allow(missing_docs, clippy::all)]
mod types;
mod validate;
mod value;
pub mod yaml;

pub use app::App;
pub use problem::Problem;
pub use rules::{RULES, Rule, lambda as lambda_limits};
pub use schema::{Schema, schema, type_names};
pub use stack::{Handle, Input, Output, RemovalPolicy, Resource, Source, Stack};
pub use types::*;
pub use validate::{validate, validate_template};
pub use value::{Attribute, Emit, Intrinsic, List, Map, Value, pseudo};

/// Free-form JSON, such as a policy document. It may hold intrinsics: `json!({"Ref": "Bucket"})`,
/// or [`Emit::emit`] of one.
pub type Json = serde_json::Value;

/// What the generated files are written with.
mod kit {
    pub(crate) use crate::{Emit, Handle, Json, List, Map, Resource, Value, value::Object};
}
