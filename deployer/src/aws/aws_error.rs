//! What AWS answered that is no success, as an error for a person: which action, what AWS said, and
//! what to do.

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::Error;

/// Codes by which services say "later".
const THROTTLED: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "PriorRequestNotComplete",
    "TransactionInProgressException",
];
/// Codes by which services say that the credentials were good once.
const EXPIRED: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "TokenRefreshRequired",
];
/// Codes by which services say that the credentials never were good.
const UNKNOWN_CREDENTIALS: &[&str] = &[
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "AuthFailure",
    "SignatureDoesNotMatch",
];
const FORBIDDEN: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "403",
];
/// Codes by which services say that the request's time is wrong.
const CLOCK: &[&str] = &["RequestTimeTooSkewed", "InvalidSignatureException"];

/// Our own code for what no version of this deployer knew when it was built.
const UNKNOWN_STATUS: &str = "UnknownStackStatus";

/// A refusal or a failure of one call, kept apart from its type so that it can be looked at.
#[derive(Debug)]
pub(super) struct AwsError {
    /// `cloudformation:CreateStack`
    pub(super) action: &'static str,
    /// AWS's code; empty when there was no answer.
    pub(super) code: String,
    /// AWS's words, or why there was no answer.
    pub(super) message: String,
    /// The HTTP status; 0 when there was no answer, or not a whole one.
    pub(super) status: u16,
    /// There were no credentials to sign the request with.
    unsigned: bool,
    sent: bool,
}

impl AwsError {
    /// Reads what the SDK gave.
    pub(super) fn new<E>(action: &'static str, error: SdkError<E, HttpResponse>) -> AwsError
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let status = error
            .raw_response()
            .map(|response| response.status().as_u16())
            // A success that is told as an error was cut off on its way.
            .filter(|status| *status >= 300)
            .unwrap_or_default();
        let sent = !matches!(error, SdkError::ConstructionFailure(_));
        let unsigned = causes(&error).any(|cause| cause.is::<CredentialsError>());
        let code = error.code().unwrap_or_default().to_owned();
        let message = match error.message() {
            Some(message) => message.to_owned(),
            None => chain(&error),
        };
        AwsError {
            action,
            code,
            message,
            status,
            unsigned,
            sent,
        }
    }

    /// A stack in a status that this deployer does not know.
    pub(super) fn unknown_status(stack: &str, status: &str) -> AwsError {
        AwsError {
            action: "cloudformation:DescribeStacks",
            code: UNKNOWN_STATUS.to_owned(),
            message: format!(
                "the stack `{stack}` is in a status unknown to this deployer: {status}"
            ),
            status: 200,
            unsigned: false,
            sent: true,
        }
    }

    /// Whether the service says that the thing is not there.
    pub(super) fn is_missing(&self) -> bool {
        self.status == 404
            || self.message.contains("does not exist")
            || matches!(
                self.code.as_str(),
                "NoSuchKey"
                    | "NoSuchBucket"
                    | "NotFound"
                    | "ResourceNotFoundException"
                    | "ChangeSetNotFound"
            )
    }

    /// Whether the same request may well succeed later.
    pub(super) fn is_passing(&self) -> bool {
        self.sent && (self.status == 0 || self.status >= 500 || self.is_throttled())
    }

    /// Whether there was no answer that says what became of the request.
    pub(super) fn is_unknown(&self) -> bool {
        self.sent && (self.status == 0 || self.status >= 500)
    }

    pub(super) fn is_throttled(&self) -> bool {
        self.status == 429 || THROTTLED.contains(&self.code.as_str())
    }

    /// Whether the credentials have run out.
    pub(super) fn is_expired(&self) -> bool {
        EXPIRED.contains(&self.code.as_str())
    }

    /// Whether no credentials were found, or they could not be loaded.
    pub(super) fn is_unsigned(&self) -> bool {
        self.unsigned
    }

    pub(super) fn is_forbidden(&self) -> bool {
        self.status == 403 && !self.is_expired() || FORBIDDEN.contains(&self.code.as_str())
    }

    /// Whether a condition of the request (`If-Match`) did not hold.
    pub(super) fn is_condition(&self) -> bool {
        self.status == 412 || self.status == 409 || self.code == "PreconditionFailed"
    }

    /// As an error; `failed` is a full sentence.
    pub(super) fn error(self, failed: impl Into<String>) -> Error {
        let hint = self.hint();
        Error::failed(failed, hint).because(self.to_string())
    }

    fn hint(&self) -> String {
        let code = self.code.as_str();
        if self.is_unsigned() {
            "Sign in to AWS: `aws sso login` and `AWS_PROFILE=..`, or set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. Then run the same command again.".to_owned()
        } else if self.is_expired() {
            "The credentials have run out. Sign in again (`aws sso login`, or set new ones) and run the same command: it continues where this one stopped.".to_owned()
        } else if CLOCK.contains(&code)
            && (code == "RequestTimeTooSkewed"
                || self.message.contains("time")
                || self.message.contains("expired"))
        {
            "The clock of this machine is wrong: set it (`timedatectl set-ntp true`), then run the same command again.".to_owned()
        } else if UNKNOWN_CREDENTIALS.contains(&code) {
            "AWS does not know these credentials. See whose they are: `aws sts get-caller-identity`"
                .to_owned()
        } else if self.is_throttled() {
            "AWS throttles the requests. Run the same command again in a minute: it continues where this one stopped.".to_owned()
        } else if code == "LimitExceeded" || code == "LimitExceededException" {
            format!(
                "A limit of the account is reached ({}). Ask for more at Service Quotas, or delete unused resources.",
                self.action
            )
        } else if self.is_forbidden() {
            format!(
                "The credentials may not do `{}`. Give their role that permission, or use others: `aws sts get-caller-identity` says whose they are.",
                self.action
            )
        } else if code == UNKNOWN_STATUS {
            "Nothing is done to a stack whose state is unknown. Look at it in the console of CloudFormation, wait until it has another status, or use a newer deployer.".to_owned()
        } else if self.status == 0 {
            "Check the network and the endpoint, then run the same command again: it continues where this one stopped.".to_owned()
        } else {
            "Fix what AWS reports above, then run the same command again.".to_owned()
        }
    }
}

impl std::fmt::Display for AwsError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.code.is_empty() {
            write!(formatter, "{}: {}", self.action, self.message)
        } else {
            write!(
                formatter,
                "{}: {} ({})",
                self.action, self.message, self.code
            )
        }
    }
}

impl std::error::Error for AwsError {}

/// An error and everything below it, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    for cause in causes(error) {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
    }
    text
}

/// Everything below an error.
fn causes<'a>(
    error: &'a dyn std::error::Error,
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |cause| cause.source())
}
