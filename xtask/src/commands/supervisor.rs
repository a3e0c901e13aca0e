use clap::Args;
use deployer::Error;

use crate::context::Context;

/// What keeps the stage `local` running in the background. Started by `deploy`, never by a person.
#[derive(Args)]
pub(crate) struct Supervisor {}

impl Supervisor {
    pub(crate) async fn run(self, _context: &Context) -> Result<u8, Error> {
        Ok(0)
    }
}
