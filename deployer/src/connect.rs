//! Opening the target of a stage: this machine for `local`, AWS or an endpoint that emulates it for
//! the others.

#[cfg(feature = "aws")]
use crate::aws::{Aws, DatabaseUrl, Endpoint};
use crate::{
    Error, local::Local, progress::Progress, project::Project, stage::Stage, target::Target,
};

/// How a stage is reached. `local` needs none of it.
#[derive(Debug, Clone, Default)]
pub struct ConnectOptions {
    /// Address of an AWS-compatible endpoint.
    pub endpoint_url: Option<String>,
    /// Address of a PostgreSQL that the stage does not manage. A secret.
    pub database_url: Option<String>,
}

/// Whether this program can open stages other than `local`.
pub const HAS_AWS: bool = cfg!(feature = "aws");

/// Opens the target of `stage`. On AWS the credentials are checked; nothing is changed.
///
/// # Errors
///
/// [`crate::ErrorKind::Usage`] for options that the stage cannot have, for credentials of another
/// account than the stage's, and for a stage on AWS in a program that was built without AWS.
pub async fn open(
    project: &Project,
    stage: &Stage,
    options: &ConnectOptions,
    progress: &Progress,
) -> Result<Box<dyn Target>, Error> {
    if !stage.is_local() {
        return open_aws(stage, options, progress).await;
    }
    if options.endpoint_url.is_some() || options.database_url.is_some() {
        return Err(Error::usage(
            "The stage `local` is on this machine: it takes neither an endpoint nor a database URL.",
            "Leave `--endpoint-url` and `--database-url` out, or use the stage `sandbox`.",
        ));
    }
    Ok(Box::new(Local::open(project, stage)?))
}

#[cfg(feature = "aws")]
async fn open_aws(
    stage: &Stage,
    options: &ConnectOptions,
    progress: &Progress,
) -> Result<Box<dyn Target>, Error> {
    let endpoint = options.endpoint_url.as_deref().map(Endpoint::parse);
    let database = options.database_url.as_deref().map(DatabaseUrl::parse);
    let aws = Aws::open(
        stage,
        endpoint.transpose()?,
        database.transpose()?,
        progress,
    )
    .await?;
    Ok(Box::new(aws))
}

#[cfg(not(feature = "aws"))]
#[allow(clippy::unused_async)]
async fn open_aws(
    stage: &Stage,
    _: &ConnectOptions,
    _: &Progress,
) -> Result<Box<dyn Target>, Error> {
    Err(Error::usage(
        format!(
            "This program was built without AWS, and the stage `{}` needs it.",
            stage.name()
        ),
        "`cargo run --package xtask --features aws -- ..`",
    ))
}

#[cfg(feature = "aws")]
impl dyn Target + '_ {
    /// The target on AWS.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Usage`] on `local`, which has nothing of that.
    pub fn aws(&self) -> Result<&Aws, Error> {
        self.as_aws().ok_or_else(|| {
            Error::usage(
                "The stage `local` needs nothing of the kind.",
                "`cargo xtask deploy --stage local`",
            )
        })
    }
}
