-- Organizations, their roles and members: what tenancy hangs on.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create table built_in_roles (
    name text primary key,
    permissions jsonb not null
);
comment on table built_in_roles is
    'What each new organization starts with; equal to BUILT_IN_ROLES in handlers/catalog. No runtime role sees it.';

insert into built_in_roles (name, permissions) values
    ('owner', '["tasks.read", "tasks.write", "tasks.delete", "tasks.assign", "members.read", "members.manage", "roles.manage", "org.update", "org.delete", "audit.read"]'),
    ('admin', '["tasks.read", "tasks.write", "tasks.delete", "tasks.assign", "members.read", "members.manage", "roles.manage", "org.update", "audit.read"]'),
    ('member', '["tasks.read", "tasks.write", "tasks.delete", "tasks.assign", "members.read"]'),
    ('viewer', '["tasks.read", "members.read"]');

create table organizations (
    id uuid primary key,
    name text not null,
    created_at timestamptz not null default now(),
    deleted_at timestamptz,
    constraint organizations_name_not_blank check (btrim(name) <> ''),
    constraint organizations_name_length check (char_length(name) <= 100)
);
comment on table organizations is 'The tenants.';

create table roles (
    organization_id uuid not null references organizations (id),
    name text not null,
    permissions jsonb not null,
    built_in boolean not null default false,
    created_at timestamptz not null default now(),
    primary key (organization_id, name),
    constraint roles_name_shape check (name ~ '^[a-z][a-z0-9_-]{0,49}$'),
    constraint roles_permissions_array check (jsonb_typeof(permissions) = 'array'),
    constraint roles_permissions_known check (
        permissions <@ '["tasks.read", "tasks.write", "tasks.delete", "tasks.assign", "members.read", "members.manage", "roles.manage", "org.update", "org.delete", "audit.read"]'
    )
);
comment on table roles is 'Named sets of permissions. The built-in ones are in every organization and nobody edits them.';

create table memberships (
    organization_id uuid not null references organizations (id),
    user_id uuid not null references users (id),
    role text not null,
    created_at timestamptz not null default now(),
    removed_at timestamptz,
    primary key (organization_id, user_id),
    constraint memberships_role_fkey foreign key (organization_id, role) references roles (organization_id, name)
);
comment on table memberships is 'Who belongs to which organization, as what.';
comment on column memberships.removed_at is
    'Set when somebody leaves: the row stays, so that what they wrote still says by whom.';
create index memberships_user_id on memberships (user_id, organization_id);

-- Here and not in 0002, which knows no memberships yet. No session exists before this migration, so
-- that checking all of them at once holds nobody up.
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
alter table sessions add constraint sessions_selected_organization_fkey foreign key (selected_organization_id, user_id) references memberships (organization_id, user_id);

create table invitations (
    organization_id uuid not null references organizations (id),
    id uuid not null,
    role text not null,
    github_login text not null,
    token_hash bytea not null,
    invited_by uuid not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    accepted_at timestamptz,
    revoked_at timestamptz,
    primary key (organization_id, id),
    constraint invitations_token_hash_key unique (organization_id, token_hash),
    constraint invitations_token_hash_sha256 check (octet_length(token_hash) = 32),
    constraint invitations_github_login_length check (char_length(github_login) between 1 and 100),
    constraint invitations_role_fkey foreign key (organization_id, role) references roles (organization_id, name),
    constraint invitations_invited_by_fkey foreign key (organization_id, invited_by) references memberships (organization_id, user_id)
);
comment on table invitations is 'Invitations to an organization. No function may touch them yet.';

create function app.give_built_in_roles() returns trigger
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
    as $$
begin
    insert into public.roles (organization_id, name, permissions, built_in)
        select new.id, name, permissions, true from public.built_in_roles;
    return new;
end
$$;
comment on function app.give_built_in_roles() is 'An organization without its built-in roles cannot exist.';

create trigger organizations_built_in_roles after insert on organizations
    for each row execute function app.give_built_in_roles();

alter table organizations enable row level security;
alter table roles enable row level security;
alter table memberships enable row level security;
alter table invitations enable row level security;
alter table users enable row level security;

create policy tenant on organizations to miyabi_activity, miyabi_tasks using (id = (select current_setting('app.current_org_id'))::uuid) with check (id = (select current_setting('app.current_org_id'))::uuid);
create policy own on organizations to miyabi_auth using (exists (select from memberships m where m.organization_id = organizations.id and m.user_id = (select current_setting('app.current_user_id'))::uuid)) with check (exists (select from memberships m where m.organization_id = organizations.id and m.user_id = (select current_setting('app.current_user_id'))::uuid));
create policy tenant on roles to miyabi_activity, miyabi_auth, miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant on memberships to miyabi_activity, miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy own on memberships to miyabi_auth using (user_id = (select current_setting('app.current_user_id'))::uuid) with check (user_id = (select current_setting('app.current_user_id'))::uuid);
create policy tenant on invitations to miyabi_activity, miyabi_auth, miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant on users to miyabi_activity, miyabi_tasks using (exists (select from memberships m where m.user_id = users.id and m.organization_id = (select current_setting('app.current_org_id'))::uuid)) with check (exists (select from memberships m where m.user_id = users.id and m.organization_id = (select current_setting('app.current_org_id'))::uuid));
create policy own on users to miyabi_auth using (id = (select current_setting('app.current_user_id'))::uuid) with check (id = (select current_setting('app.current_user_id'))::uuid);

-- Not granted to anybody: writing organizations, roles, memberships, invitations and users.
-- miyabi_auth makes users and organizations through the functions of 0005.
grant select (id, name, created_at, deleted_at) on organizations to miyabi_activity, miyabi_auth, miyabi_tasks;
grant select (organization_id, name, permissions, built_in) on roles to miyabi_activity, miyabi_auth, miyabi_tasks;
grant select (organization_id, user_id, role, created_at, removed_at) on memberships to miyabi_activity, miyabi_auth, miyabi_tasks;
grant select (id, login, name, avatar_url) on users to miyabi_activity, miyabi_tasks;
grant select (id, github_id, login, name, avatar_url, email, created_at, disabled_at) on users to miyabi_auth;
