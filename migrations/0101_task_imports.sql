-- Where imported tasks come from, so that the same import repeated makes no second ones.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create table task_imports (
    organization_id uuid not null references organizations (id),
    source text not null,
    external_id text not null,
    task_id uuid not null,
    url text,
    imported_at timestamptz not null default now(),
    primary key (organization_id, source, external_id),
    constraint task_imports_task_fkey foreign key (organization_id, task_id) references tasks (organization_id, id),
    constraint task_imports_source_length check (char_length(source) between 1 and 100),
    constraint task_imports_external_id_length check (char_length(external_id) between 1 and 200),
    constraint task_imports_url_shape check (url ~ '^https?://' and char_length(url) <= 2000)
);
comment on table task_imports is 'What each imported task was elsewhere. A row outlives the deletion of its task: it is not imported again.';
comment on column task_imports.source is 'The system and what of it, as the importer names it: github:octocat/garden.';
comment on column task_imports.external_id is 'Its id there.';
create index task_imports_task_id on task_imports (organization_id, task_id);

alter table task_imports enable row level security;
create policy tenant on task_imports to miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
-- Neither updated nor deleted: what was imported stays so.
grant select (organization_id, source, external_id, task_id, url, imported_at),
    insert (organization_id, source, external_id, task_id, url)
    on task_imports to miyabi_tasks;
