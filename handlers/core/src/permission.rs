//! Permissions as types: what a handler asks of its caller is in its signature.
//!
//! `Caller<tasks::Write>` cannot open a transaction unless the caller's role has `tasks.write`.

use miyabi_catalog::Permission;

/// What a [`crate::Caller`] must be allowed to do.
pub trait Requires: Send + Sync + 'static {
    /// The permission; `None`: being signed in is enough.
    const PERMISSION: Option<Permission>;
}

/// Nothing but a valid access token and membership in its organization.
#[derive(Debug)]
pub struct SignedIn;

impl Requires for SignedIn {
    const PERMISSION: Option<Permission> = None;
}

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
                }
            )+
        }
    )+};
}

permissions! {
    tasks { Read = TasksRead, Write = TasksWrite, Delete = TasksDelete, Assign = TasksAssign }
    members { Read = MembersRead, Manage = MembersManage }
    roles { Manage = RolesManage }
    org { Update = OrgUpdate, Delete = OrgDelete }
    audit { Read = AuditRead }
}
