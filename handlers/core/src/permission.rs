//! Permissions as types: what a handler asks of its caller is in its signature.
//!
//! `Caller<tasks::Write>` cannot open a transaction unless the caller's role has `tasks.write`.

use std::marker::PhantomData;

use miyabi_catalog::Permission;

/// What a [`crate::Caller`] must be allowed to do.
pub trait Requires: Send + Sync + 'static {
    /// The permission; `None`: being signed in is enough.
    const PERMISSION: Option<Permission>;
    /// Whether personal API tokens are refused, whatever their permissions are.
    const SESSION_ONLY: bool;
}

/// A requirement that only a session can meet, so that a [`crate::Caller`] with it has one.
pub trait OfSession: Requires {}

/// Nothing but a session and membership in the organization of its access token.
#[derive(Debug)]
pub struct SignedIn;

impl Requires for SignedIn {
    const PERMISSION: Option<Permission> = None;
    const SESSION_ONLY: bool = true;
}

impl OfSession for SignedIn {}

/// The permission of `P`, in a session: for what API tokens may never do.
#[derive(Debug)]
pub struct Session<P>(PhantomData<P>);

impl<P: Requires> Requires for Session<P> {
    const PERMISSION: Option<Permission> = P::PERMISSION;
    const SESSION_ONLY: bool = true;
}

impl<P: Requires> OfSession for Session<P> {}

macro_rules! permissions {
    ($($module:ident { $($name:ident = $permission:ident),+ $(,)? })+) => {$(
        #[doc = concat!("`", stringify!($module), ".*`")]
        pub mod $module {
            use super::{Permission, Requires};
            $(
                #[doc = concat!("[`Permission::", stringify!($permission), "`]")]
                #[derive(Debug)]
                pub struct $name;

                impl Requires for $name {
                    const PERMISSION: Option<Permission> = Some(Permission::$permission);
                    const SESSION_ONLY: bool = !Permission::$permission.is_for_api_tokens();
                }
            )+
        }
    )+};
}

permissions! {
    tasks { Read = TasksRead, Write = TasksWrite, Delete = TasksDelete, Assign = TasksAssign }
    members { Read = MembersRead, Manage = MembersManage }
    roles { Manage = RolesManage }
    org { Update = OrgUpdate, Delete = OrgDelete, Export = OrgExport }
    audit { Read = AuditRead }
}
