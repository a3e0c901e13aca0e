//! One error type, answered as RFC 9457 `application/problem+json`.
//!
//! A failure has two messages: what the client is told, and what the log says. No SQL, secret or
//! internal name ever reaches the client.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use uuid::Uuid;

use crate::{database_error, request};

/// Why a request is not answered as asked.
#[derive(Debug)]
pub enum ApiError {
    /// 404: there is no such thing, or it belongs to another organization. Nobody can tell which.
    NotFound,
    /// 422: fields of the request that are not acceptable.
    Invalid(Vec<FieldError>),
    /// Any other refusal: status, stable code, a sentence for a human.
    Refused {
        /// HTTP status, 4xx or 502.
        status: StatusCode,
        /// Stable word for programs.
        code: &'static str,
        /// A sentence for people.
        detail: String,
        /// What it is about, for programs.
        about: Box<About>,
    },
    /// 429 with `Retry-After`: more requests than a rate limit allows.
    TooMany {
        /// Until another request is let through.
        retry_after: time::Duration,
        /// A sentence for people.
        detail: String,
    },
    /// 503 with `Retry-After: 1`: something that the answer needs does not answer now. The text is
    /// for the log.
    Unavailable(String),
    /// 500: our own mistake. The text is for the log.
    Internal(String),
    /// An error of the database, answered by what it is (see [`OnConstraint`] for the expected ones).
    Database(sqlx::Error),
}

/// What a refusal is about: what a program would otherwise have to read from the sentence for people.
/// Most refusals are about nothing else than what was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Login at GitHub that the caller would need.
    pub login: Option<String>,
    /// Organization that the caller may open.
    pub organization_id: Option<Uuid>,
    /// Why an invitation is closed.
    pub cause: Option<ClosedCause>,
    /// Names of organizations that need another owner first.
    pub organizations: Vec<String>,
}

/// Why an invitation lets nobody in any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClosedCause {
    /// Its time is over.
    Expired,
    /// As many people as it was for have used it.
    UsedUp,
    /// It was withdrawn.
    Revoked,
}

/// A field with an invalid value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Path of the field, as in `metadata.size` or `tasks[3].title`.
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}

/// Body of every error: RFC 9457 with a stable code, the request id and the errors by field.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// Always `about:blank`; `code` identifies the problem.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Reason phrase of the status.
    pub title: &'static str,
    /// HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// Stable identifier of the problem, for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub detail: String,
    /// Id of the request, as in the header `X-Request-Id` and in the logs.
    pub request_id: String,
    /// Errors by field; empty when the problem does not concern single fields.
    pub errors: Vec<FieldError>,
    /// Login at GitHub that is needed instead of the caller's; only with `wrong_account`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub login: Option<String>,
    /// Organization that the caller is a member of; only with `already_member`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub organization_id: Option<Uuid>,
    /// Why the invitation is closed; only with `invitation_closed`, and only when the caller could have
    /// used it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cause: Option<ClosedCause>,
    /// Names of the organizations that the caller is the only owner of; only with `last_owner`, and only
    /// when an account is to be deleted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub organizations: Vec<String>,
}

impl ApiError {
    /// 422 for one field.
    pub fn invalid(field: impl Into<String>, detail: impl Into<String>) -> ApiError {
        ApiError::Invalid(vec![FieldError {
            field: field.into(),
            detail: detail.into(),
        }])
    }

    /// 400: the request itself is malformed.
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> ApiError {
        ApiError::refused(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401 with `WWW-Authenticate: Bearer`. Say no more than that the token is not accepted.
    pub fn unauthenticated(detail: impl Into<String>) -> ApiError {
        ApiError::refused(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
    }

    /// 403: known, but not allowed.
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> ApiError {
        ApiError::refused(StatusCode::FORBIDDEN, code, detail)
    }

    /// 409: it contradicts what is there.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> ApiError {
        ApiError::refused(StatusCode::CONFLICT, code, detail)
    }

    /// Any refusal.
    pub fn refused(status: StatusCode, code: &'static str, detail: impl Into<String>) -> ApiError {
        ApiError::Refused {
            status,
            code,
            detail: detail.into(),
            about: Box::default(),
        }
    }

    /// The same with what a program needs to know of it; only a refusal is about something.
    #[must_use]
    pub fn about(mut self, subject: About) -> ApiError {
        if let ApiError::Refused { about, .. } = &mut self {
            **about = subject;
        }
        self
    }

    /// The status that it will be answered with.
    pub fn status(&self) -> StatusCode {
        match self {
            ApiError::NotFound => StatusCode::NOT_FOUND,
            ApiError::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            ApiError::Refused { status, .. } => *status,
            ApiError::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            ApiError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            ApiError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            ApiError::Database(error) => database_error::answer(error).status(),
        }
    }

    /// What the log says of it.
    pub(crate) fn log_text(&self) -> String {
        match self {
            ApiError::Unavailable(text) | ApiError::Internal(text) => text.clone(),
            ApiError::Database(error) => error.to_string(),
            other => other.detail(),
        }
    }

    /// The stable identifier that it will be answered with.
    pub fn code(&self) -> &'static str {
        match self {
            ApiError::NotFound => "not_found",
            ApiError::Invalid(_) => "invalid",
            ApiError::Refused { code, .. } => code,
            ApiError::TooMany { .. } => "rate_limited",
            ApiError::Unavailable(_) => "unavailable",
            ApiError::Internal(_) => "internal",
            ApiError::Database(error) => database_error::answer(error).code(),
        }
    }

    /// `Retry-After`, in seconds.
    fn retry_after(&self) -> Option<u64> {
        match self {
            ApiError::TooMany { retry_after, .. } => {
                let seconds = retry_after.as_seconds_f64().ceil().max(1.0);
                Some(seconds as u64)
            }
            other if other.status() == StatusCode::SERVICE_UNAVAILABLE => Some(1),
            other => (other.code() == "try_again").then_some(1),
        }
    }

    fn detail(&self) -> String {
        match self {
            ApiError::NotFound => "There is no such thing here.".to_owned(),
            ApiError::Invalid(errors) => match errors.as_slice() {
                [one] => format!("`{}` {}.", one.field, one.detail),
                many => format!("{} fields are not acceptable; see `errors`.", many.len()),
            },
            ApiError::Refused { detail, .. } | ApiError::TooMany { detail, .. } => detail.clone(),
            ApiError::Unavailable(_) => {
                "Something that is needed for the answer is not available now. Try again in a second.".to_owned()
            }
            ApiError::Internal(_) | ApiError::Database(_) => {
                "Something went wrong here. The request id leads to the cause in our logs.".to_owned()
            }
        }
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        ApiError::Database(error)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = match self {
            ApiError::Database(error) => database_error::answer(&error),
            other => other,
        };
        match &error {
            ApiError::Internal(log) => tracing::error!(error = log, "The request failed."),
            ApiError::Unavailable(log) => {
                tracing::warn!(error = log, "Something needed is unavailable.")
            }
            _ => {}
        }
        let status = error.status();
        let retry_after = error.retry_after();
        let (code, detail) = (error.code(), error.detail());
        let (errors, about) = match error {
            ApiError::Invalid(errors) => (errors, About::default()),
            ApiError::Refused { about, .. } => (Vec::new(), *about),
            _ => (Vec::new(), About::default()),
        };
        let problem = Problem {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            detail,
            request_id: request::id(),
            errors,
            login: about.login,
            organization_id: about.organization_id,
            cause: about.cause,
            organizations: about.organizations,
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Says what a violated constraint means, where it can be violated.
pub trait OnConstraint<T> {
    /// Replaces the violation of the constraint of this name by an answer. Can be chained.
    ///
    /// # Errors
    ///
    /// The answer, or the error as it was when it is another one.
    fn on_constraint(self, name: &str, answer: impl FnOnce() -> ApiError) -> Result<T, ApiError>;
}

impl<T, E: Into<ApiError>> OnConstraint<T> for Result<T, E> {
    fn on_constraint(self, name: &str, answer: impl FnOnce() -> ApiError) -> Result<T, ApiError> {
        self.map_err(Into::into).map_err(|error| match &error {
            ApiError::Database(sqlx::Error::Database(database))
                if database.constraint() == Some(name) =>
            {
                answer()
            }
            _ => error,
        })
    }
}
