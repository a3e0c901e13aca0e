//! What the application itself asks for: a token for a code, and who the person is.

use std::{collections::HashMap, time::Instant};

use form_urlencoded::Serializer;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use super::{
    Shared,
    grants::{Exchange, Grant, Refused},
    people::Person,
};
use crate::local::http::{Reply, bytes, json as answer};

/// `POST /login/oauth/access_token`. A failure has status 200, and a form is the answer to whoever
/// does not ask for JSON: both as GitHub does.
pub(super) fn access_token(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Reply {
    let form: HashMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let said = if field("client_id").is_empty() || field("client_secret").is_empty() {
        failure(
            "incorrect_client_credentials",
            "The client_id and/or client_secret passed are incorrect.",
        )
    } else {
        let exchange = Exchange {
            code: field("code"),
            client_id: field("client_id"),
            redirect_uri: field("redirect_uri"),
            code_verifier: field("code_verifier"),
        };
        match shared.grants.exchange(exchange, Instant::now()) {
            Ok((token, grant)) => vec![
                ("access_token", token),
                ("scope", grant.scopes.join(",")),
                ("token_type", "bearer".to_owned()),
            ],
            Err(Refused::BadCode) => failure(
                "bad_verification_code",
                "The code passed is incorrect or expired.",
            ),
            Err(Refused::RedirectMismatch) => failure(
                "redirect_uri_mismatch",
                "The redirect_uri MUST match the registered callback URL for this application.",
            ),
        }
    };
    let wants_json = text(headers, header::ACCEPT).is_some_and(|accept| accept.contains("json"));
    let mut reply = if wants_json {
        let object = said
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Value::String(value)));
        answer(StatusCode::OK, &Value::Object(object.collect()))
    } else {
        let form = Serializer::new(String::new()).extend_pairs(said).finish();
        bytes(
            StatusCode::OK,
            "application/x-www-form-urlencoded; charset=utf-8",
            form,
        )
    };
    reply.headers_mut().insert(
        header::CACHE_CONTROL,
        http::HeaderValue::from_static("no-store"),
    );
    reply
}

fn failure(code: &str, description: &str) -> Vec<(&'static str, String)> {
    vec![
        ("error", code.to_owned()),
        ("error_description", description.to_owned()),
    ]
}

/// `GET /user`.
pub(super) fn user(shared: &Shared, headers: &HeaderMap) -> Reply {
    match signed_in(shared, headers) {
        Ok((person, _)) => answer(
            StatusCode::OK,
            &json!({
                "login": person.login,
                "id": person.id,
                "avatar_url": format!("{}/avatars/{}", shared.origin(), person.id),
                "html_url": format!("{}/{}", shared.origin(), person.login),
                "type": "User",
                "site_admin": false,
                "name": person.name,
                // The public one; nobody here shows any.
                "email": null,
            }),
        ),
        Err((status, why)) => message(status, why),
    }
}

/// `GET /user/emails`, for which the scope `user:email` is needed.
pub(super) fn emails(shared: &Shared, headers: &HeaderMap) -> Reply {
    let (person, grant) = match signed_in(shared, headers) {
        Ok(found) => found,
        Err((status, why)) => return message(status, why),
    };
    if !grant
        .scopes
        .iter()
        .any(|scope| scope == "user:email" || scope == "user")
    {
        return message(StatusCode::NOT_FOUND, "Not Found");
    }
    let emails = person.emails.iter().map(|email| {
        let visibility = if email.primary { json!("private") } else { Value::Null };
        json!({
            "email": email.email, "primary": email.primary, "verified": email.verified, "visibility": visibility,
        })
    });
    answer(StatusCode::OK, &emails.collect())
}

/// Who the token in `Authorization` is of.
fn signed_in(
    shared: &Shared,
    headers: &HeaderMap,
) -> Result<(Person, Grant), (StatusCode, &'static str)> {
    if text(headers, header::USER_AGENT).is_none_or(str::is_empty) {
        return Err((
            StatusCode::FORBIDDEN,
            "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.",
        ));
    }
    let Some(authorization) = text(headers, header::AUTHORIZATION) else {
        return Err((StatusCode::UNAUTHORIZED, "Requires authentication"));
    };
    let token = ["Bearer ", "bearer ", "token "]
        .iter()
        .find_map(|kind| authorization.strip_prefix(kind));
    let grant = token.and_then(|token| shared.grants.of_token(token));
    let person = grant.as_ref().and_then(|grant| {
        shared
            .people()
            .into_iter()
            .find(|person| person.id == grant.person)
    });
    match (person, grant) {
        (Some(person), Some(grant)) => Ok((person, grant)),
        _ => Err((StatusCode::UNAUTHORIZED, "Bad credentials")),
    }
}

fn message(status: StatusCode, text: &str) -> Reply {
    let status_text = status.as_u16().to_string();
    answer(
        status,
        &json!({ "message": text, "documentation_url": "https://docs.github.com/rest", "status": status_text }),
    )
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
