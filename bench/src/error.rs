//! Why something could not be measured.

/// A sentence, with what the system said.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// `/proc` does not say what a process used: the process is gone, or this is no Linux.
    #[error(
        "The resource usage of the process cannot be read; that needs Linux and a running process."
    )]
    Proc,
    /// The function did not do what a function does in time.
    #[error("The function did not ask for work or answer within {0} s.")]
    Slow(u64),
    /// The connection ended in the middle.
    #[error("The function closed its connection in the middle of a request.")]
    Closed,
    /// The function reported an error.
    #[error("The function failed: {0}")]
    Function(String),
    /// Something of the machine.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The database.
    #[error("The database: {0}")]
    Database(#[from] sqlx::Error),
    /// The database server.
    #[error("{0}")]
    Server(#[from] postgres_server::Error),
    /// Anything else, as a sentence.
    #[error("{0}")]
    Other(String),
}

impl Error {
    /// An error that is only a sentence.
    pub(crate) fn other(sentence: impl std::fmt::Display) -> Error {
        Error::Other(sentence.to_string())
    }
}
