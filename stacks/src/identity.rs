//! Names for resource types that CloudFormation can only replace under another name.

use cfn::{Resource, schema};
use sha2::{Digest, Sha256};

/// A digest of create-only properties: it changes when one of them does, and with nothing else.
///
/// CloudFormation creates the new resource before it deletes the old one, so a resource with a custom
/// name can only be replaced when its name changes too
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html>).
#[derive(Clone, Default)]
pub(crate) struct Identity(Sha256);

impl Identity {
    /// Adds the create-only properties of a resource, as its schema lists them.
    pub(crate) fn and<R: Resource>(mut self, resource: &R) -> Self {
        let properties = resource.emit();
        for path in schema(R::TYPE).into_iter().flat_map(|it| &it.create_only) {
            let pointer = format!("/{}", path.replace('.', "/"));
            let value = properties.pointer(&pointer);
            let text = value.map(ToString::to_string).unwrap_or_default();
            self.0.update(format!("{}.{path}={text}\n", R::TYPE));
        }
        self
    }

    /// Six lowercase hex digits.
    pub(crate) fn suffix(&self) -> String {
        let digest = self.0.clone().finalize();
        digest
            .iter()
            .take(3)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}
