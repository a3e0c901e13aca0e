//! Permissions and the roles that every organization has.

/// Something that a role may do: `resource.action`, as stored in `roles.permissions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// `tasks.read`
    TasksRead,
    /// `tasks.write`
    TasksWrite,
    /// `tasks.delete`
    TasksDelete,
    /// `tasks.assign`
    TasksAssign,
    /// `members.read`
    MembersRead,
    /// `members.manage`
    MembersManage,
    /// `roles.manage`
    RolesManage,
    /// `org.update`
    OrgUpdate,
    /// `org.delete`
    OrgDelete,
    /// `org.export`
    OrgExport,
    /// `audit.read`
    AuditRead,
}

impl Permission {
    /// Every permission there is.
    pub const ALL: [Permission; 11] = [
        Permission::TasksRead,
        Permission::TasksWrite,
        Permission::TasksDelete,
        Permission::TasksAssign,
        Permission::MembersRead,
        Permission::MembersManage,
        Permission::RolesManage,
        Permission::OrgUpdate,
        Permission::OrgDelete,
        Permission::OrgExport,
        Permission::AuditRead,
    ];

    /// As stored and as shown in error messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Permission::TasksRead => "tasks.read",
            Permission::TasksWrite => "tasks.write",
            Permission::TasksDelete => "tasks.delete",
            Permission::TasksAssign => "tasks.assign",
            Permission::MembersRead => "members.read",
            Permission::MembersManage => "members.manage",
            Permission::RolesManage => "roles.manage",
            Permission::OrgUpdate => "org.update",
            Permission::OrgDelete => "org.delete",
            Permission::OrgExport => "org.export",
            Permission::AuditRead => "audit.read",
        }
    }

    /// Whether a personal API token may have it: never what concerns members, roles or the
    /// organization. `api_tokens_permissions_known` in `migrations/` says the same.
    pub const fn is_for_api_tokens(self) -> bool {
        match self {
            Permission::TasksRead
            | Permission::TasksWrite
            | Permission::TasksDelete
            | Permission::TasksAssign
            | Permission::AuditRead => true,
            Permission::MembersRead
            | Permission::MembersManage
            | Permission::RolesManage
            | Permission::OrgUpdate
            | Permission::OrgDelete
            | Permission::OrgExport => false,
        }
    }
}

/// A role that every organization has and nobody can edit. `migrations/` seeds the same rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role {
    /// `owner`, `admin`, `member` or `viewer`.
    pub name: &'static str,
    /// What it may do.
    pub permissions: &'static [Permission],
}

/// The built-in roles, strongest first.
pub const BUILT_IN_ROLES: [Role; 4] = [
    Role {
        name: "owner",
        permissions: &Permission::ALL,
    },
    Role {
        name: "admin",
        permissions: &[
            Permission::TasksRead,
            Permission::TasksWrite,
            Permission::TasksDelete,
            Permission::TasksAssign,
            Permission::MembersRead,
            Permission::MembersManage,
            Permission::RolesManage,
            Permission::OrgUpdate,
            Permission::OrgExport,
            Permission::AuditRead,
        ],
    },
    Role {
        name: "member",
        permissions: &[
            Permission::TasksRead,
            Permission::TasksWrite,
            Permission::TasksDelete,
            Permission::TasksAssign,
            Permission::MembersRead,
        ],
    },
    Role {
        name: "viewer",
        permissions: &[Permission::TasksRead, Permission::MembersRead],
    },
];
