//! What every measurement is given: where the things to measure are, and a database that is started
//! when the first one needs it.

use std::{
    cell::OnceCell,
    path::{Path, PathBuf},
};

use clap::Parser;
use tempfile::TempDir;

use crate::{Error, database::Database, subject::Surroundings};

/// Where things are, as `cargo xtask bench` says.
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// The measurements to do; all when none is named.
    pub(crate) names: Vec<String>,
    /// The checkout.
    #[arg(long)]
    project: PathBuf,
    /// The command line itself, as it is built for everyday use.
    #[arg(long)]
    xtask: PathBuf,
    /// `NAME=PATH` of the release build of each function.
    #[arg(long = "function", value_parser = pair)]
    functions: Vec<(String, PathBuf)>,
    /// The release build of the smallest function.
    #[arg(long)]
    hello: Option<PathBuf>,
    /// The emulator of AWS.
    #[arg(long)]
    ministack: Option<PathBuf>,
    /// What judges the pages of the dashboard.
    #[arg(long)]
    lighthouse: Option<PathBuf>,
    /// A tenth of the rounds: to see that everything works.
    #[arg(long)]
    quick: bool,
}

fn pair(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("it must be NAME=PATH")?;
    Ok((name.to_owned(), PathBuf::from(path)))
}

/// What every measurement is given.
pub(crate) struct Context {
    options: Options,
    scratch: TempDir,
    prepared: OnceCell<Prepared>,
}

/// The database and what a function needs to reach it.
pub(crate) struct Prepared {
    /// The database.
    pub(crate) database: Database,
    /// What a function needs to reach it.
    pub(crate) surroundings: Surroundings,
}

impl Context {
    /// Nothing is started yet.
    pub(crate) fn new(options: Options) -> Result<Context, Error> {
        let scratch = tempfile::Builder::new().prefix("miyabi-bench-").tempdir()?;
        Ok(Context {
            options,
            scratch,
            prepared: OnceCell::new(),
        })
    }

    /// The checkout.
    pub(crate) fn project(&self) -> &Path {
        &self.options.project
    }

    /// A directory that is removed in the end.
    pub(crate) fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// The command line.
    pub(crate) fn xtask(&self) -> &Path {
        &self.options.xtask
    }

    /// The release build of a function.
    pub(crate) fn function(&self, name: &str) -> Result<&Path, Error> {
        let mut functions = self.options.functions.iter();
        functions
            .find(|(known, _)| known == name)
            .map(|(_, path)| path.as_path())
            .ok_or_else(|| {
                Error::other(format!(
                    "No release build of the function `{name}` was given."
                ))
            })
    }

    /// The release build of the smallest function.
    pub(crate) fn hello(&self) -> Result<&Path, Error> {
        let hello = self.options.hello.as_deref();
        hello.ok_or_else(|| Error::other("No release build of the smallest function was given."))
    }

    /// The emulator of AWS.
    pub(crate) fn ministack(&self) -> Result<&Path, Error> {
        let ministack = self.options.ministack.as_deref();
        ministack.ok_or_else(|| Error::other("No emulator of AWS was given."))
    }

    /// What judges the pages of the dashboard.
    pub(crate) fn lighthouse(&self) -> Result<&Path, Error> {
        let lighthouse = self.options.lighthouse.as_deref();
        lighthouse.ok_or_else(|| Error::other("No Lighthouse was given."))
    }

    /// How often to do something.
    pub(crate) fn count(&self, count: u32) -> u32 {
        if self.options.quick {
            count.div_ceil(10)
        } else {
            count
        }
    }

    /// The database, started by whoever asks first.
    pub(crate) fn database(&self) -> Result<&Prepared, Error> {
        if let Some(prepared) = self.prepared.get() {
            return Ok(prepared);
        }
        let database = Database::start(self.project(), self.scratch())?;
        let surroundings = Surroundings::new(&database, self.scratch())?;
        Ok(self.prepared.get_or_init(|| Prepared {
            database,
            surroundings,
        }))
    }
}
