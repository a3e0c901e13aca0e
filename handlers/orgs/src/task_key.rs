//! The key that stands before the numbers of tasks.

use serde::{Deserialize, Deserializer, de};

/// 2 to 5 letters from A to Z, as the check `organizations_task_key_shape` demands.
#[derive(Debug)]
pub(crate) struct TaskKey(String);

impl TaskKey {
    /// The key as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for TaskKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TaskKey, D::Error> {
        let key = String::deserialize(deserializer)?;
        if (2..=5).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Ok(TaskKey(key));
        }
        Err(de::Error::custom("must be 2 to 5 letters from A to Z"))
    }
}
