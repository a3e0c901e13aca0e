//! The organizations of somebody: which there are, and which one the next access token is for.

use miyabi_core::{ApiError, Tx};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An organization and the role of the caller in it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Membership {
    /// Id of the organization.
    pub(crate) id: Uuid,
    /// Name of the organization.
    pub(crate) name: String,
    /// Role of the caller.
    pub(crate) role: String,
}

/// The organizations of the transaction's user, oldest membership first.
pub(crate) async fn all(tx: &mut Tx) -> Result<Vec<Membership>, ApiError> {
    let memberships = sqlx::query_as!(
        Membership,
        r#"select id as "id!", name as "name!", role as "role!" from app.my_organizations()"#
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(memberships)
}

/// The preferred organization when the user still belongs to it, else the first; `None` when
/// there is none. Makes it the one of the transaction.
pub(crate) async fn enter(
    tx: &mut Tx,
    preferred: Option<Uuid>,
) -> Result<Option<Membership>, ApiError> {
    let mut memberships = all(tx).await?;
    let position = memberships
        .iter()
        .position(|membership| Some(membership.id) == preferred)
        .unwrap_or(0);
    if memberships.is_empty() {
        return Ok(None);
    }
    let membership = memberships.swap_remove(position);
    tx.select_organization(membership.id).await?;
    Ok(Some(membership))
}

/// The first organization of somebody who has none: their own.
pub(crate) async fn begin(tx: &mut Tx, user: Uuid, login: &str) -> Result<Membership, ApiError> {
    let membership = Membership {
        id: Uuid::now_v7(),
        name: format!("{login}'s organization")
            .chars()
            .take(100)
            .collect(),
        role: "owner".to_owned(),
    };
    sqlx::query!(
        r#"select app.create_organization($1, $2, $3) as "done!: ()""#,
        membership.id,
        membership.name,
        user
    )
    .fetch_one(&mut **tx)
    .await?;
    tx.select_organization(membership.id).await?;
    Ok(membership)
}
