//! A session with its chain of refresh tokens, as a request finds it.
//!
//! Whoever proves a refresh token holds the row lock of its session until the transaction ends:
//! exchanges, sign-outs and the discovery of a reuse happen one after the other.

use miyabi_core::{ApiError, App, Audit, Event, Opaque, Tx, Withdrawal};
use serde_json::json;
use uuid::Uuid;

use crate::{
    csrf::{self, RefreshCookie},
    organizations,
};

/// How long a token that was exchanged still gets its child: for a second tab, and for an answer
/// that was lost on its way.
const GRACE_SECONDS: f64 = 10.0;

/// A live session, proven by a refresh token of it.
pub(crate) struct Family {
    /// The session.
    pub(crate) session: Uuid,
    /// Whose it is.
    pub(crate) user: Uuid,
    /// The organization that was selected last.
    pub(crate) organization: Option<Uuid>,
    /// The token that proved it, and what may be had for it.
    pub(crate) token: Opaque,
    /// How the token stands in the chain.
    pub(crate) standing: Standing,
}

/// What a good token is good for.
pub(crate) enum Standing {
    /// The newest of its chain: it is exchanged for a child.
    Newest {
        /// Its number in the chain.
        generation: i64,
    },
    /// It was exchanged just now, for the child with this hash.
    Exchanged {
        /// Hash of the child, which nobody has used yet.
        child_hash: Vec<u8>,
    },
}

/// Why a session ends, as `sessions.revoked_reason` has it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    SignOut,
    SignOutEverywhere,
    Revoked,
    Reuse,
    Disabled,
}

impl End {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            End::SignOut => "sign_out",
            End::SignOutEverywhere => "sign_out_everywhere",
            End::Revoked => "revoked",
            End::Reuse => "reuse",
            End::Disabled => "disabled",
        }
    }
}

/// Finds the session behind a cookie and everything that speaks against it. The transaction is then
/// that of the session's user. A session whose token is used a second time, or whose user is
/// disabled, is ended for good.
///
/// # Errors
///
/// 401 when there is no live session behind it, 403 when the CSRF token is not that of the session.
pub(crate) async fn prove(app: &App, cookie: &RefreshCookie) -> Result<(Tx, Family), ApiError> {
    let mut tx = app.db().before_sign_in().await?;
    let token = match cookie.refresh.as_slice() {
        [one] => one.clone(),
        several => own_token(&mut tx, several, &cookie.csrf).await?,
    };
    let hash = token.hash();
    let session = sqlx::query!(
        r#"select id, user_id, selected_organization_id, csrf_hash,
            revoked_at is not null or expires_at <= clock_timestamp() as "is_over!"
         from sessions
         where id = (select session_id from refresh_tokens where token_hash = $1)
         for update"#,
        hash
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or_else(csrf::signed_out)?;
    if session.is_over {
        return Err(csrf::signed_out());
    }
    if session.csrf_hash != cookie.csrf.hash() {
        return Err(csrf::cross_site());
    }
    tx.select_user(session.user_id).await?;
    tx.select_session(session.id);
    let mut family = Family {
        session: session.id,
        user: session.user_id,
        organization: session.selected_organization_id,
        token,
        standing: Standing::Newest { generation: 0 },
    };
    if is_disabled(&mut tx, family.user).await? {
        return Err(refuse(tx, &family, End::Disabled).await);
    }
    match standing(&mut tx, &hash).await? {
        Found::Good(standing) => {
            family.standing = standing;
            Ok((tx, family))
        }
        Found::Idle => Err(csrf::signed_out()),
        Found::Reused => Err(refuse(tx, &family, End::Reuse).await),
    }
}

/// Which of several cookies of one name is ours: a sibling domain can add its own. It is the one of
/// the session that the CSRF token belongs to, whose cookie no sibling can set.
async fn own_token(tx: &mut Tx, several: &[Opaque], csrf: &Opaque) -> Result<Opaque, ApiError> {
    let hashes: Vec<Vec<u8>> = several.iter().map(Opaque::hash).collect();
    let own = sqlx::query_scalar!(
        "select token.token_hash from refresh_tokens token join sessions s on s.id = token.session_id
         where token.token_hash = any($1) and s.csrf_hash = $2
         order by token.generation desc limit 1",
        &hashes,
        csrf.hash(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    let own = own.and_then(|own| several.iter().find(|token| token.hash() == own));
    own.cloned().ok_or_else(csrf::signed_out)
}

async fn is_disabled(tx: &mut Tx, user: Uuid) -> Result<bool, ApiError> {
    let is_disabled = sqlx::query_scalar!(
        r#"select disabled_at is not null as "is_disabled!" from users where id = $1"#,
        user
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(is_disabled)
}

enum Found {
    Good(Standing),
    /// Unused for too long.
    Idle,
    /// Used a second time, by somebody who should not have it or after somebody who should not.
    Reused,
}

/// Asked in a statement of its own: the one that waited for the lock sees the rows as they were
/// before it waited.
async fn standing(tx: &mut Tx, hash: &[u8]) -> Result<Found, ApiError> {
    let token = sqlx::query!(
        r#"select token.generation,
            token.expires_at <= clock_timestamp() as "is_idle!",
            token.used_at is not null as "is_used!",
            coalesce(token.used_at > clock_timestamp() - make_interval(secs => $2), false) as "is_recent!",
            child.token_hash as "child_hash?",
            child.used_at is not null as "is_child_used!"
         from refresh_tokens token
         left join refresh_tokens child on child.parent_hash = token.token_hash
         where token.token_hash = $1"#,
        hash,
        GRACE_SECONDS
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(token) = token else {
        return Ok(Found::Idle);
    };
    Ok(match token.child_hash {
        _ if !token.is_used && token.is_idle => Found::Idle,
        _ if !token.is_used => Found::Good(Standing::Newest {
            generation: token.generation,
        }),
        Some(child_hash) if token.is_recent && !token.is_child_used => {
            Found::Good(Standing::Exchanged { child_hash })
        }
        _ => Found::Reused,
    })
}

/// Ends a session that must not go on, with one row in the audit trail, and gives the 401.
async fn refuse(mut tx: Tx, family: &Family, why: End) -> ApiError {
    let refused = async {
        if organizations::enter(&mut tx, family.organization)
            .await?
            .is_some()
        {
            tx.audit(
                Audit::denied("auth.refresh", "session", family.session)
                    .after(json!({ "reason": why.as_str() })),
            )
            .await?;
            tx.emit(Event::MemberChanged {
                user_id: family.user,
                version: None,
            });
        }
        end(&mut tx, family.user, family.session, why).await?;
        tx.commit().await
    };
    match refused.await {
        Ok(()) => {
            tracing::warn!(reason = why.as_str(), session = %family.session, "A session is ended.");
            csrf::signed_out()
        }
        Err(error) => error,
    }
}

/// Ends one session of a user. `false`: there is no such live session.
pub(crate) async fn end(
    tx: &mut Tx,
    user: Uuid,
    session: Uuid,
    why: End,
) -> Result<bool, ApiError> {
    let ended = sqlx::query_scalar!(
        "update sessions set revoked_at = clock_timestamp(), revoked_reason = $3
         where id = $1 and user_id = $2 and revoked_at is null and expires_at > clock_timestamp()
         returning id",
        session,
        user,
        why.as_str()
    )
    .fetch_optional(&mut **tx)
    .await?;
    if ended.is_some() {
        tx.withdraw(Withdrawal::Session(session)).await?;
    }
    Ok(ended.is_some())
}
