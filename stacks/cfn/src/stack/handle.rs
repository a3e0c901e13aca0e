//! A resource of a stack, as the rest of the stack names it.

use std::marker::PhantomData;

use crate::value::{Emit, Intrinsic};

/// A resource type of CloudFormation. Implemented by the generated structs.
pub trait Resource: Emit {
    /// `AWS::Lambda::Function`
    const TYPE: &'static str;
}

/// A resource in a stack: what others refer to it with. Its attributes are methods, one for each
/// that the schema has.
#[derive(Debug)]
pub struct Handle<R> {
    stack: String,
    logical_id: String,
    of: PhantomData<R>,
}

impl<R> Clone for Handle<R> {
    fn clone(&self) -> Self {
        Self {
            stack: self.stack.clone(),
            logical_id: self.logical_id.clone(),
            of: PhantomData,
        }
    }
}

impl<R> Handle<R> {
    pub(super) fn new(stack: &str, logical_id: String) -> Self {
        Self {
            stack: stack.to_owned(),
            logical_id,
            of: PhantomData,
        }
    }

    /// Short name of its stack.
    pub(super) fn stack(&self) -> &str {
        &self.stack
    }

    /// Its name in the template.
    pub fn logical_id(&self) -> &str {
        &self.logical_id
    }

    /// `Ref`: the physical id, mostly a name or an id of AWS's making.
    pub fn reference(&self) -> Intrinsic {
        Intrinsic::reference(&self.logical_id)
    }

    pub(crate) fn attribute(&self, path: &str) -> Intrinsic {
        Intrinsic::get_att(&self.logical_id, path)
    }
}

/// What becomes of a resource that a stack no longer has, or that is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemovalPolicy {
    /// It is deleted.
    Delete,
    /// It stays, outside any stack.
    Retain,
    /// A last snapshot stays (databases).
    Snapshot,
}

impl RemovalPolicy {
    pub(super) fn word(self) -> &'static str {
        match self {
            RemovalPolicy::Delete => "Delete",
            RemovalPolicy::Retain => "Retain",
            RemovalPolicy::Snapshot => "Snapshot",
        }
    }
}
