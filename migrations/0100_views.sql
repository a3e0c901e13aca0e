-- Saved views: a list of tasks under a name, for one person or for everybody.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create table views (
    organization_id uuid not null references organizations (id),
    id uuid not null,
    owner_id uuid not null,
    name text not null,
    query text not null,
    layout text not null default 'list',
    shared boolean not null default false,
    rank text collate "C" not null,
    version bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint views_owner_fkey foreign key (organization_id, owner_id) references memberships (organization_id, user_id),
    constraint views_name_not_blank check (btrim(name) <> ''),
    constraint views_name_length check (char_length(name) <= 100),
    constraint views_query_length check (char_length(query) <= 2000),
    constraint views_layout_known check (layout in ('list', 'board')),
    constraint views_rank_shape check (rank ~ '^[0-9A-Za-z]*[1-9A-Za-z]$' and char_length(rank) <= 200),
    constraint views_version_positive check (version > 0)
);
comment on table views is 'Saved views of the list of tasks. A shared one is seen by every member, another one by its owner alone.';
comment on column views.query is 'Query string of GET /api/tasks, without its page: parsed by the same parser when it is saved.';
comment on column views.rank is 'Place in the order of the views that somebody sees, as projects.rank.';
create index views_rank on views (organization_id, rank, id);
create index views_owner_id on views (organization_id, owner_id);

alter table views enable row level security;
create policy visible on views to miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid and case when shared then true else owner_id = (select current_setting('app.current_user_id'))::uuid end) with check (organization_id = (select current_setting('app.current_org_id'))::uuid and case when shared then true else owner_id = (select current_setting('app.current_user_id'))::uuid end);
-- Not updated: whose it is.
grant select (organization_id, id, owner_id, name, query, layout, shared, rank, version, created_at, updated_at),
    insert (organization_id, id, owner_id, name, query, layout, shared, rank),
    update (name, query, layout, shared, rank, version, updated_at), delete
    on views to miyabi_tasks;
