//! Deleting everything that the stage keeps on this machine.

use async_trait::async_trait;

use super::{Local, records::Records, remove, start, unusable};
use crate::{Error, progress::Progress, target::Teardown};

#[async_trait(?Send)]
impl Teardown for Local {
    /// A deleted stack retains nothing: all of it is in the folder of the stage.
    async fn note_retained(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn destroy(&self, progress: &Progress) -> Result<(), Error> {
        start::stop(&self.files, progress).await?;
        // A record that cannot be read names nothing that could be removed.
        if let Ok(records) = Records::load(&self.files) {
            for stack in records.stacks() {
                self.remove_data(&records, &stack.name)?;
            }
        }
        remove(self.files.dir()).map_err(|cause| unusable(self.files.dir(), cause))
    }
}
