-- Tasks, comments and labels.
--
-- Every list, filter and sort has an index that begins with organization_id and uses only
-- operators that row-level security lets through to an index (uuid, text =, timestamptz, ^@).

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create table tasks (
    organization_id uuid not null references organizations (id),
    id uuid not null,
    title text not null,
    title_key text collate "C" not null generated always as (lower(title)) stored,
    description text not null default '',
    status text not null default 'pending',
    priority text not null default 'p2',
    assignee_id uuid,
    parent_id uuid,
    due_at timestamptz,
    due_key timestamptz not null generated always as (coalesce(due_at, 'infinity'::timestamptz)) stored,
    metadata jsonb not null default '{}',
    version bigint not null default 1,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    search tsvector not null generated always as (
        setweight(to_tsvector('english', title), 'A')
        || setweight(to_tsvector('english', description), 'B')
        || array_to_tsvector(array['organization:' || organization_id::text])
    ) stored,
    primary key (organization_id, id),
    constraint tasks_title_not_blank check (btrim(title) <> ''),
    constraint tasks_title_length check (char_length(title) <= 200),
    constraint tasks_description_length check (char_length(description) <= 20000),
    constraint tasks_status_known check (status in ('pending', 'in_progress', 'completed', 'failed', 'cancelled')),
    constraint tasks_priority_known check (priority in ('p0', 'p1', 'p2', 'p3')),
    constraint tasks_metadata_object check (jsonb_typeof(metadata) = 'object'),
    constraint tasks_metadata_size check (octet_length(metadata::text) <= 16384),
    constraint tasks_version_positive check (version > 0),
    constraint tasks_parent_not_self check (parent_id <> id),
    constraint tasks_assignee_fkey foreign key (organization_id, assignee_id) references memberships (organization_id, user_id),
    constraint tasks_created_by_fkey foreign key (organization_id, created_by) references memberships (organization_id, user_id),
    constraint tasks_parent_fkey foreign key (organization_id, parent_id) references tasks (organization_id, id)
);
comment on table tasks is 'The tasks of an organization; a deleted one keeps its row until it is restored.';
comment on column tasks.title_key is 'For prefix search (`title_key ^@ lower($1)`): lower(title) itself is not leakproof, so no index on it would be used.';
comment on column tasks.due_key is 'For the order by due date: what is never due comes last.';
comment on column tasks.search is
    'Full text, read only by app.search_tasks. Holds the organization as a word, so that the index never walks another tenant''s rows.';

-- One index for each order of a list, and one for each order within a status: what is open is often
-- what is newest or due last, so that looking for it along an order of everything would read all
-- that is closed first. The other filters are read by their own index, or along the order.
create index tasks_created on tasks (organization_id, created_at, id) where deleted_at is null;
create index tasks_updated on tasks (organization_id, updated_at, id) where deleted_at is null;
create index tasks_due on tasks (organization_id, due_key, id) where deleted_at is null;
create index tasks_priority on tasks (organization_id, priority, created_at, id) where deleted_at is null;
create index tasks_title on tasks (organization_id, title_key, id) where deleted_at is null;
create index tasks_status_created on tasks (organization_id, status, created_at, id) where deleted_at is null;
create index tasks_status_updated on tasks (organization_id, status, updated_at, id) where deleted_at is null;
create index tasks_status_due on tasks (organization_id, status, due_key, id) where deleted_at is null;
create index tasks_status_priority on tasks (organization_id, status, priority, created_at, id) include (due_key, assignee_id) where deleted_at is null;
create index tasks_status_title on tasks (organization_id, status, title_key, id) where deleted_at is null;
create index tasks_assignee on tasks (organization_id, assignee_id, created_at, id) where deleted_at is null;
create index tasks_parent on tasks (organization_id, parent_id, created_at, id) where deleted_at is null;
create index tasks_creator on tasks (organization_id, created_by, created_at, id) where deleted_at is null;
create index tasks_deleted on tasks (organization_id, deleted_at, id) where deleted_at is not null;
-- Row-level security makes it useless to a runtime role: only app.search_tasks, which runs as the owner, reads it.
create index tasks_search on tasks using gin (search) where deleted_at is null;

create table task_comments (
    organization_id uuid not null references organizations (id),
    id uuid not null,
    task_id uuid not null,
    author_id uuid not null,
    body text not null,
    version bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    primary key (organization_id, id),
    constraint task_comments_body_not_blank check (btrim(body) <> ''),
    constraint task_comments_body_length check (char_length(body) <= 10000),
    constraint task_comments_version_positive check (version > 0),
    constraint task_comments_task_fkey foreign key (organization_id, task_id) references tasks (organization_id, id),
    constraint task_comments_author_fkey foreign key (organization_id, author_id) references memberships (organization_id, user_id)
);
comment on table task_comments is 'What people say about a task, oldest first.';
create index task_comments_task on task_comments (organization_id, task_id, created_at, id) where deleted_at is null;

create table labels (
    organization_id uuid not null references organizations (id),
    id uuid not null,
    name text not null,
    name_key text collate "C" not null generated always as (lower(name)) stored,
    color text not null default '#64748b',
    version bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint labels_name_key unique (organization_id, name_key),
    constraint labels_name_not_blank check (btrim(name) <> ''),
    constraint labels_name_length check (char_length(name) <= 50),
    constraint labels_color_shape check (color ~ '^#[0-9a-f]{6}$'),
    constraint labels_version_positive check (version > 0)
);
comment on table labels is 'The labels of an organization.';

create table task_labels (
    organization_id uuid not null references organizations (id),
    task_id uuid not null,
    label_id uuid not null,
    task_created_at timestamptz not null,
    primary key (organization_id, task_id, label_id),
    constraint task_labels_task_fkey foreign key (organization_id, task_id) references tasks (organization_id, id),
    constraint task_labels_label_fkey foreign key (organization_id, label_id) references labels (organization_id, id) on delete cascade
);
comment on table task_labels is 'Which task has which label.';
comment on column task_labels.task_created_at is
    'The task''s created_at, which never changes: a page of the newest tasks with a label is one index range.';
create index task_labels_label on task_labels (organization_id, label_id, task_created_at desc, task_id desc);

alter table tasks enable row level security;
alter table task_comments enable row level security;
alter table labels enable row level security;
alter table task_labels enable row level security;

create policy tenant on tasks to miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant on task_comments to miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant on labels to miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant on task_labels to miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);

-- Not granted: deleting tasks and comments (they are marked), changing who made them or when.
-- Not granted: tasks.search, which only app.search_tasks reads.
grant select (organization_id, id, title, title_key, description, status, priority, assignee_id, parent_id, due_at, due_key, metadata, version, created_by, created_at, updated_at, deleted_at),
    insert (organization_id, id, title, description, status, priority, assignee_id, parent_id, due_at, metadata, created_by),
    update (title, description, status, priority, assignee_id, parent_id, due_at, metadata, version, updated_at, deleted_at)
    on tasks to miyabi_tasks;
grant select (organization_id, id, task_id, author_id, body, version, created_at, updated_at, deleted_at),
    insert (organization_id, id, task_id, author_id, body),
    update (body, version, updated_at, deleted_at)
    on task_comments to miyabi_tasks;
grant select (organization_id, id, name, name_key, color, version, created_at, updated_at),
    insert (organization_id, id, name, color),
    update (name, color, version, updated_at),
    delete
    on labels to miyabi_tasks;
grant select (organization_id, task_id, label_id, task_created_at),
    insert (organization_id, task_id, label_id, task_created_at),
    delete
    on task_labels to miyabi_tasks;
