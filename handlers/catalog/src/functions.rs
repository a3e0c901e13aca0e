//! The list itself.

use crate::{
    Access::{self, Needs, Public, RefreshCookie, SignedIn},
    Function,
    Method::{self, Delete, Get, Patch, Post, Put},
    Permission::{
        self, AuditRead, MembersManage, MembersRead, OrgDelete, OrgExport, OrgUpdate, RolesManage,
        TasksDelete, TasksRead, TasksWrite,
    },
    Route,
};

const fn to(method: Method, path: &'static str, access: Access) -> Route {
    Route {
        method,
        path,
        access,
        session_only: false,
    }
}

/// A route that no API token may call, although API tokens may have the permission.
const fn by_session(method: Method, path: &'static str, permission: Permission) -> Route {
    Route {
        session_only: true,
        ..to(method, path, Needs(permission))
    }
}

/// What most functions are: inside the VPC, without keys, routes or anything that they invoke.
const FUNCTION: Function = Function {
    name: "",
    about: "",
    database_role: None,
    reads_jwt_keys: false,
    invokes: &[],
    socket_routes: &[],
    every_minute: false,
    posts_to_connections: false,
    in_vpc: true,
    routes: &[],
};

/// Every function, in the order of their names.
pub const FUNCTIONS: &[Function] = &[
    Function {
        name: "activity",
        about: "The audit trail of an organization, and the history of its tasks.",
        database_role: Some("miyabi_activity"),
        reads_jwt_keys: true,
        routes: &[
            to(Get, "/api/activity", Needs(AuditRead)),
            to(Get, "/api/tasks/activity", Needs(TasksRead)),
            to(Get, "/api/tasks/{task_id}/history", Needs(TasksRead)),
            to(Get, "/api/activity/export", Needs(AuditRead)),
        ],
        ..FUNCTION
    },
    Function {
        name: "auth",
        about: "Sign-in with GitHub, sessions, access, refresh and API tokens.",
        database_role: Some("miyabi_auth"),
        reads_jwt_keys: true,
        invokes: &["github", "ws-broadcast"],
        routes: &[
            to(Get, "/api/auth/login", Public),
            to(Get, "/api/auth/callback", Public),
            to(Post, "/api/auth/refresh", RefreshCookie),
            to(Post, "/api/auth/logout", RefreshCookie),
            to(Post, "/api/auth/logout-all", SignedIn),
            to(Post, "/api/auth/switch", RefreshCookie),
            to(Get, "/api/auth/me", SignedIn),
            to(Get, "/api/auth/sessions", SignedIn),
            to(Delete, "/api/auth/sessions/{session_id}", SignedIn),
            by_session(Post, "/api/auth/ws-ticket", TasksRead),
            to(Get, "/api/account", SignedIn),
            to(Delete, "/api/account", SignedIn),
            to(Post, "/api/account/keep", SignedIn),
            to(Get, "/api/account/export", SignedIn),
            to(Get, "/api/tokens", SignedIn),
            to(Post, "/api/tokens", SignedIn),
            to(Delete, "/api/tokens/{token_id}", SignedIn),
        ],
        ..FUNCTION
    },
    Function {
        name: "docs",
        about: "Health, the OpenAPI document and Swagger UI.",
        routes: &[
            to(Get, "/api/health", Public),
            to(Get, "/api/openapi.json", Public),
            to(Get, "/swagger-ui", Public),
            to(Get, "/swagger-ui/{proxy+}", Public),
        ],
        ..FUNCTION
    },
    Function {
        name: "github",
        about: "The one function with a way to GitHub: an OAuth code becomes a profile.",
        in_vpc: false,
        ..FUNCTION
    },
    Function {
        name: "inbox",
        about: "What each person is to look at: notifications and watched tasks.",
        database_role: Some("miyabi_inbox"),
        reads_jwt_keys: true,
        invokes: &["ws-broadcast"],
        routes: &[
            to(Get, "/api/notifications", Needs(TasksRead)),
            to(Post, "/api/notifications/read", Needs(TasksRead)),
            to(
                Patch,
                "/api/notifications/{notification_id}",
                Needs(TasksRead),
            ),
            to(Get, "/api/tasks/{task_id}/watch", Needs(TasksRead)),
            to(Put, "/api/tasks/{task_id}/watch", Needs(TasksRead)),
            to(Delete, "/api/tasks/{task_id}/watch", Needs(TasksRead)),
        ],
        ..FUNCTION
    },
    Function {
        name: "migrate",
        about: "Runs the migrations as the owner of the schema.",
        database_role: Some("miyabi_owner"),
        ..FUNCTION
    },
    Function {
        name: "orgs",
        about: "Organizations, members, roles and invitations.",
        database_role: Some("miyabi_orgs"),
        reads_jwt_keys: true,
        invokes: &["ws-broadcast"],
        routes: &[
            to(Get, "/api/organizations", SignedIn),
            to(Post, "/api/organizations", SignedIn),
            to(Get, "/api/organizations/{organization_id}", SignedIn),
            to(
                Patch,
                "/api/organizations/{organization_id}",
                Needs(OrgUpdate),
            ),
            to(
                Delete,
                "/api/organizations/{organization_id}",
                Needs(OrgDelete),
            ),
            to(Post, "/api/organizations/{organization_id}/leave", SignedIn),
            to(
                Post,
                "/api/organizations/{organization_id}/restore",
                SignedIn,
            ),
            to(Get, "/api/members", Needs(MembersRead)),
            to(Patch, "/api/members/{user_id}", Needs(MembersManage)),
            to(Delete, "/api/members/{user_id}", Needs(MembersManage)),
            to(Get, "/api/roles", Needs(MembersRead)),
            to(Post, "/api/roles", Needs(RolesManage)),
            to(Patch, "/api/roles/{role_name}", Needs(RolesManage)),
            to(Delete, "/api/roles/{role_name}", Needs(RolesManage)),
            to(Get, "/api/invitations", Needs(MembersManage)),
            to(Post, "/api/invitations", Needs(MembersManage)),
            to(
                Delete,
                "/api/invitations/{invitation_id}",
                Needs(MembersManage),
            ),
            to(Post, "/api/invitations/preview", SignedIn),
            to(Post, "/api/invitations/accept", SignedIn),
        ],
        ..FUNCTION
    },
    Function {
        name: "tasks",
        about: "Tasks, comments, labels, projects and saved views.",
        database_role: Some("miyabi_tasks"),
        reads_jwt_keys: true,
        invokes: &["ws-broadcast"],
        routes: &[
            to(Get, "/api/tasks", Needs(TasksRead)),
            to(Post, "/api/tasks", Needs(TasksWrite)),
            to(Get, "/api/tasks/snapshot", Needs(TasksRead)),
            to(Get, "/api/tasks/stats", Needs(TasksRead)),
            to(Get, "/api/tasks/flow", Needs(TasksRead)),
            to(Get, "/api/stats/history", Needs(TasksRead)),
            to(Post, "/api/tasks/bulk", Needs(TasksWrite)),
            to(Post, "/api/tasks/import", Needs(TasksWrite)),
            to(Get, "/api/tasks/by-number/{number}", Needs(TasksRead)),
            to(Get, "/api/tasks/{task_id}", Needs(TasksRead)),
            to(Patch, "/api/tasks/{task_id}", Needs(TasksWrite)),
            to(Delete, "/api/tasks/{task_id}", Needs(TasksDelete)),
            to(Post, "/api/tasks/{task_id}/restore", Needs(TasksDelete)),
            to(Get, "/api/tasks/{task_id}/comments", Needs(TasksRead)),
            to(Post, "/api/tasks/{task_id}/comments", Needs(TasksWrite)),
            to(
                Patch,
                "/api/tasks/{task_id}/comments/{comment_id}",
                Needs(TasksWrite),
            ),
            to(
                Delete,
                "/api/tasks/{task_id}/comments/{comment_id}",
                Needs(TasksWrite),
            ),
            to(Get, "/api/changes", Needs(TasksRead)),
            to(Get, "/api/export", Needs(OrgExport)),
            to(Get, "/api/labels", Needs(TasksRead)),
            to(Post, "/api/labels", Needs(TasksWrite)),
            to(Patch, "/api/labels/{label_id}", Needs(TasksWrite)),
            to(Delete, "/api/labels/{label_id}", Needs(TasksDelete)),
            to(Get, "/api/projects", Needs(TasksRead)),
            to(Post, "/api/projects", Needs(TasksWrite)),
            to(Patch, "/api/projects/{project_id}", Needs(TasksWrite)),
            to(Get, "/api/views", Needs(TasksRead)),
            to(Post, "/api/views", Needs(TasksRead)),
            to(Patch, "/api/views/{view_id}", Needs(TasksRead)),
            to(Delete, "/api/views/{view_id}", Needs(TasksRead)),
        ],
        ..FUNCTION
    },
    Function {
        name: "ws-broadcast",
        about: "Sends events to the connections of their organization, and closes those whose rights ended.",
        database_role: Some("miyabi_ws_broadcast"),
        every_minute: true,
        posts_to_connections: true,
        ..FUNCTION
    },
    Function {
        name: "ws-connect",
        about: "Connections of the WebSocket API: tickets, greetings, presence.",
        database_role: Some("miyabi_ws_connect"),
        invokes: &["ws-broadcast"],
        socket_routes: &["$connect", "$default", "$disconnect"],
        ..FUNCTION
    },
];

/// The function of that name.
pub fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// The function and route that API Gateway would choose by these exact words
/// (`route("GET", "/api/tasks/{task_id}")`), not by matching a path against templates.
pub fn route(method: &str, path: &str) -> Option<(&'static Function, &'static Route)> {
    FUNCTIONS.iter().find_map(|function| {
        let route = function
            .routes
            .iter()
            .find(|route| route.method.as_str() == method && route.path == path)?;
        Some((function, route))
    })
}
