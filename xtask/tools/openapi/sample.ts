// A program that calls every operation, as a user of the generated types would write it. It is
// compiled in the tests, never run: what it proves is that the types take every request that the
// server takes, a partial change above all.
import createClient from "openapi-fetch";

import type { components, operations, paths } from "./api";

type Task = components["schemas"]["Task"];

const api = createClient<paths>({ baseUrl: "https://tasks.example.com" });

// Each operation of the document, once: a new one without a call below does not compile.
type Called = { [Id in keyof operations]: () => Promise<unknown> };

const id = "0198f3c2-7b7e-7000-8000-000000000000";
const csrf = { "x-csrf-token": "the value of the cookie" };

export const calls: Called = {
  // Signing in.
  beginSignIn: () => api.GET("/api/auth/login", { params: { query: { return_to: "/tasks" } } }),
  completeSignIn: () =>
    api.GET("/api/auth/callback", { params: { query: { code: "code", state: "state" } } }),
  refreshToken: () => api.POST("/api/auth/refresh", { headers: csrf }),
  switchOrganization: () =>
    api.POST("/api/auth/switch", { headers: csrf, body: { organization_id: id } }),
  signOut: () => api.POST("/api/auth/logout", { headers: csrf }),
  signOutEverywhere: () => api.POST("/api/auth/logout-all"),
  getAccount: () => api.GET("/api/account"),
  deleteAccount: () => api.DELETE("/api/account"),
  keepAccount: () => api.POST("/api/account/keep"),
  exportAccount: () => api.GET("/api/account/export", { parseAs: "text" }),
  exportOrganization: () => api.GET("/api/export", { parseAs: "text" }),
  exportActivity: () =>
    api.GET("/api/activity/export", {
      params: { query: { action: "task.update" } },
      parseAs: "text",
    }),
  createWsTicket: () => api.POST("/api/auth/ws-ticket"),
  getMe: () => api.GET("/api/auth/me"),
  listSessions: () => api.GET("/api/auth/sessions"),
  endSession: () =>
    api.DELETE("/api/auth/sessions/{session_id}", { params: { path: { session_id: id } } }),

  // Tasks.
  listTasks: () =>
    api.GET("/api/tasks", {
      params: {
        query: {
          status: "pending,in_progress",
          priority: "p0",
          assignee: "me",
          parent: "none",
          deleted: false,
          sort: "-priority",
          limit: 100,
        },
      },
    }),
  createTask: () =>
    api.POST("/api/tasks", {
      params: { header: { "Idempotency-Key": crypto.randomUUID() } },
      body: { title: "Water the maple", metadata: { pot: { size: 12 }, tags: ["a", null] } },
    }),
  getTask: () => api.GET("/api/tasks/{task_id}", { params: { path: { task_id: id } } }),
  // Only what changes is named: nothing else may be required, and null is a value of its own.
  updateTask: () =>
    api.PATCH("/api/tasks/{task_id}", {
      params: { path: { task_id: id }, header: { "If-Match": '"3"' } },
      body: { status: "completed", due_at: null, metadata: { pot: null } },
    }),
  updateTasks: () =>
    api.POST("/api/tasks/bulk", {
      body: { items: [{ id, version: 3, change: { assignee_id: null } }] },
    }),
  deleteTask: () => api.DELETE("/api/tasks/{task_id}", { params: { path: { task_id: id } } }),
  restoreTask: () =>
    api.POST("/api/tasks/{task_id}/restore", { params: { path: { task_id: id } } }),
  getTaskByNumber: () =>
    api.GET("/api/tasks/by-number/{number}", { params: { path: { number: "MIY-12" } } }),
  getSnapshot: () => api.GET("/api/tasks/snapshot"),
  listChanges: () => api.GET("/api/changes", { params: { query: { after: 0, limit: 500 } } }),
  getTaskStats: () => api.GET("/api/tasks/stats", { params: { query: { today: "2026-03-01" } } }),
  getTaskFlow: () =>
    api.GET("/api/tasks/flow", {
      params: { query: { from: "2026-03-01", to: "2026-03-31", tz: "Europe/Berlin" } },
    }),
  getStatsHistory: () =>
    api.GET("/api/stats/history", { params: { query: { from: "2026-03-01", to: "2026-03-31" } } }),
  listTaskHistory: () =>
    api.GET("/api/tasks/{task_id}/history", { params: { path: { task_id: id } } }),
  listTaskActivity: () => api.GET("/api/tasks/activity", { params: { query: { limit: 20 } } }),

  // Comments.
  listComments: () =>
    api.GET("/api/tasks/{task_id}/comments", { params: { path: { task_id: id } } }),
  createComment: () =>
    api.POST("/api/tasks/{task_id}/comments", {
      params: { path: { task_id: id } },
      body: { body: "Done." },
    }),
  updateComment: () =>
    api.PATCH("/api/tasks/{task_id}/comments/{comment_id}", {
      params: { path: { task_id: id, comment_id: id }, header: { "If-Match": '"1"' } },
      body: { body: "Not done." },
    }),
  deleteComment: () =>
    api.DELETE("/api/tasks/{task_id}/comments/{comment_id}", {
      params: { path: { task_id: id, comment_id: id } },
    }),

  // Labels.
  listLabels: () => api.GET("/api/labels", { params: { query: { limit: 50 } } }),
  createLabel: () => api.POST("/api/labels", { body: { name: "bug" } }),
  updateLabel: () =>
    api.PATCH("/api/labels/{label_id}", {
      params: { path: { label_id: id }, header: { "If-Match": '"1"' } },
      body: { color: "#64748b" },
    }),
  deleteLabel: () => api.DELETE("/api/labels/{label_id}", { params: { path: { label_id: id } } }),

  // Projects.
  listProjects: () => api.GET("/api/projects", { params: { query: { limit: 50 } } }),
  createProject: () => api.POST("/api/projects", { body: { name: "Garden" } }),
  updateProject: () =>
    api.PATCH("/api/projects/{project_id}", {
      params: { path: { project_id: id }, header: { "If-Match": '"1"' } },
      body: { archived: true, after: null },
    }),

  // Saved views.
  listViews: () => api.GET("/api/views", { params: { query: { limit: 50 } } }),
  createView: () =>
    api.POST("/api/views", { body: { name: "Mine", query: "assignee=me&sort=due_at", shared: false } }),
  updateView: () =>
    api.PATCH("/api/views/{view_id}", {
      params: { path: { view_id: id }, header: { "If-Match": '"1"' } },
      body: { layout: "board", after: null },
    }),
  deleteView: () => api.DELETE("/api/views/{view_id}", { params: { path: { view_id: id } } }),

  // Tasks of another system.
  importTasks: () =>
    api.POST("/api/tasks/import", {
      body: { items: [{ source: "github:octocat/garden", external_id: "7", task: { title: "Prune" } }] },
    }),

  // The inbox of the caller, and API tokens.
  listNotifications: () => api.GET("/api/notifications", { params: { query: { state: "unread" } } }),
  readNotifications: () => api.POST("/api/notifications/read", { body: { ids: [id] } }),
  updateNotification: () =>
    api.PATCH("/api/notifications/{notification_id}", {
      params: { path: { notification_id: id } },
      body: { snoozed_until: null },
    }),
  getWatching: () => api.GET("/api/tasks/{task_id}/watch", { params: { path: { task_id: id } } }),
  watchTask: () => api.PUT("/api/tasks/{task_id}/watch", { params: { path: { task_id: id } } }),
  unwatchTask: () => api.DELETE("/api/tasks/{task_id}/watch", { params: { path: { task_id: id } } }),
  listApiTokens: () => api.GET("/api/tokens"),
  createApiToken: () => api.POST("/api/tokens", { body: { name: "Nightly report", permissions: ["tasks.read"] } }),
  revokeApiToken: () => api.DELETE("/api/tokens/{token_id}", { params: { path: { token_id: id } } }),

  // Organizations, members, roles and invitations.
  listOrganizations: () => api.GET("/api/organizations", { params: { query: { limit: 50 } } }),
  createOrganization: () => api.POST("/api/organizations", { body: { name: "Maple" } }),
  getOrganization: () =>
    api.GET("/api/organizations/{organization_id}", { params: { path: { organization_id: id } } }),
  updateOrganization: () =>
    api.PATCH("/api/organizations/{organization_id}", {
      params: { path: { organization_id: id }, header: { "If-Match": '"1"' } },
      body: { name: "Oak" },
    }),
  deleteOrganization: () =>
    api.DELETE("/api/organizations/{organization_id}", { params: { path: { organization_id: id } } }),
  leaveOrganization: () =>
    api.POST("/api/organizations/{organization_id}/leave", { params: { path: { organization_id: id } } }),
  restoreOrganization: () =>
    api.POST("/api/organizations/{organization_id}/restore", { params: { path: { organization_id: id } } }),
  listMembers: () => api.GET("/api/members"),
  updateMember: () =>
    api.PATCH("/api/members/{user_id}", {
      params: { path: { user_id: id }, header: { "If-Match": '"1"' } },
      body: { role: "viewer" },
    }),
  removeMember: () => api.DELETE("/api/members/{user_id}", { params: { path: { user_id: id } } }),
  listRoles: () => api.GET("/api/roles"),
  createRole: () => api.POST("/api/roles", { body: { name: "writer", permissions: ["tasks.read"] } }),
  updateRole: () =>
    api.PATCH("/api/roles/{role_name}", {
      params: { path: { role_name: "writer" }, header: { "If-Match": '"1"' } },
      body: { permissions: ["tasks.read", "tasks.write"] },
    }),
  deleteRole: () => api.DELETE("/api/roles/{role_name}", { params: { path: { role_name: "writer" } } }),
  listInvitations: () => api.GET("/api/invitations"),
  createInvitation: () => api.POST("/api/invitations", { body: { role: "member" } }),
  revokeInvitation: () =>
    api.DELETE("/api/invitations/{invitation_id}", { params: { path: { invitation_id: id } } }),
  previewInvitation: () => api.POST("/api/invitations/preview", { body: { code: "A".repeat(43) } }),
  acceptInvitation: () => api.POST("/api/invitations/accept", { body: { code: "A".repeat(43) } }),

  // The rest.
  listActivity: () => api.GET("/api/activity", { params: { query: { outcome: "denied" } } }),
  getHealth: () => api.GET("/api/health"),
  getOpenApiDocument: () => api.GET("/api/openapi.json"),
};

// What comes back is typed: a task with its free members, or a problem with its code.
export async function titleOf(task: string): Promise<string> {
  const { data, error } = await api.GET("/api/tasks/{task_id}", {
    params: { path: { task_id: task } },
  });
  if (data) {
    const free: Record<string, unknown> = data.metadata;
    const read: Task = data;
    return `${read.title} ${Object.keys(free).length}`;
  }
  return "code" in error ? error.code : error.message;
}

// What the server refuses does not compile.
export const refused = () => [
  // @ts-expect-error -- a title cannot be null
  api.PATCH("/api/tasks/{task_id}", { params: { path: { task_id: id }, header: { "If-Match": '"3"' } }, body: { title: null } }),
  // @ts-expect-error -- `If-Match` is required
  api.PATCH("/api/tasks/{task_id}", { params: { path: { task_id: id } }, body: {} }),
  // @ts-expect-error -- an unknown order
  api.GET("/api/tasks", { params: { query: { sort: "colour" } } }),
];
