-- Projects of an organization, and which one a task is in.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create table projects (
    organization_id uuid not null references organizations (id),
    id uuid not null,
    name text not null,
    color text not null default '#64748b',
    rank text collate "C" not null,
    archived_at timestamptz,
    version bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint projects_name_not_blank check (btrim(name) <> ''),
    constraint projects_name_length check (char_length(name) <= 100),
    constraint projects_color_shape check (color ~ '^#[0-9a-f]{6}$'),
    constraint projects_rank_shape check (rank ~ '^[0-9A-Za-z]*[1-9A-Za-z]$' and char_length(rank) <= 200),
    constraint projects_version_positive check (version > 0)
);
comment on table projects is 'The projects of an organization. None is deleted: it is archived.';
comment on column projects.rank is
    'Place in the order that people gave them: a fraction in digits of base 62, so that there is always room between two.';
create index projects_rank on projects (organization_id, rank, id);

alter table projects enable row level security;
create policy tenant on projects to miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
grant select (organization_id, id, name, color, rank, archived_at, version, created_at, updated_at),
    insert (organization_id, id, name, color, rank),
    update (name, color, rank, archived_at, version, updated_at)
    on projects to miyabi_tasks;

alter table tasks add column project_id uuid;
-- Validated in 0056.
alter table tasks add constraint tasks_project_fkey
    foreign key (organization_id, project_id) references projects (organization_id, id) not valid;
comment on column tasks.project_id is 'Null: in no project.';
grant select (project_id), insert (project_id), update (project_id) on tasks to miyabi_tasks;

-- Every task has a number since 0052. Validated in 0059.
alter table tasks add constraint tasks_number_present check (number is not null) not valid;

-- The same with projects, and with every due date that a task may have.
-- squawk-ignore ban-drop-function -- the one below is called in the same way; both are committed together
drop function app.search_tasks;
create function app.search_tasks(
    p_query text, p_limit integer,
    p_statuses text[] default null, p_priorities text[] default null,
    p_assignee uuid default null, p_unassigned boolean default false, p_creator uuid default null,
    p_parent uuid default null, p_top_level boolean default false, p_label uuid default null,
    p_due_from timestamptz default null, p_due_before timestamptz default null,
    p_created_from timestamptz default null, p_created_before timestamptz default null,
    p_after_created_at timestamptz default null, p_after_id uuid default null,
    p_project uuid default null, p_no_project boolean default false
) returns setof uuid
    language plpgsql stable security definer rows 100 set search_path = pg_catalog, public, pg_temp
    as $$
declare
    -- A word that one in ten of the newest tasks has is frequent.
    newest constant integer := 200;
    frequent constant integer := 20;
    -- Most tasks that are taken from the index of words, to be sorted.
    most constant integer := 2000;
    organization uuid := current_setting('app.current_org_id')::uuid;
    words tsquery := websearch_to_tsquery('english', p_query);
    found uuid[];
    having_words integer;
begin
    if numnode(words) = 0 then
        return;
    end if;
    -- The organization is a word of each row: the index answers for one tenant, not for all.
    words := quote_literal('organization:' || organization::text)::tsquery && words;
    select count(*) filter (where t.search @@ words) into having_words from (
        select n.search from public.tasks n
        where n.organization_id = organization and n.deleted_at is null
        order by n.created_at desc, n.id desc limit newest) t;
    if having_words < frequent then
        found := array(select app.search_candidates(organization, words, most + 1));
        if cardinality(found) > most then
            found := null;
        end if;
    end if;
    -- `execute`: planned with the values at hand. What was found is sorted; for a frequent word the
    -- newest tasks are walked, or those of the narrowest condition are read.
    return query execute
        'select t.id from public.tasks t
         where t.organization_id = $1 and t.deleted_at is null and '
        || case when found is null then 't.search @@ $2' else 't.id = any($18)' end || '
           and ($3::text[] is null or t.status = any($3))
           and ($4::text[] is null or t.priority = any($4))
           and ($5::uuid is null or t.assignee_id = $5)
           and (not $6::boolean or t.assignee_id is null)
           and ($7::uuid is null or t.created_by = $7)
           and ($8::uuid is null or t.parent_id = $8)
           and (not $9::boolean or t.parent_id is null)
           and ($10::uuid is null or exists (
                select from public.task_labels l
                where l.organization_id = $1 and l.label_id = $10 and l.task_id = t.id))
           and ($11::timestamptz is null or t.due_key >= $11 and t.due_key < ''infinity'')
           and ($12::timestamptz is null or t.due_key < $12)
           and ($13::timestamptz is null or t.created_at >= $13)
           and ($14::timestamptz is null or t.created_at < $14)
           and ($19::uuid is null or t.project_id = $19)
           and (not $20::boolean or t.project_id is null)
           and ($15::timestamptz is null or (t.created_at, t.id) < ($15, $16::uuid))
         order by t.created_at desc, t.id desc
         limit $17'
        using organization, words, p_statuses, p_priorities, p_assignee, p_unassigned, p_creator, p_parent, p_top_level,
            p_label, p_due_from, p_due_before, p_created_from, p_created_before, p_after_created_at, p_after_id,
            least(p_limit, 1000), found, p_project, p_no_project;
end
$$;
grant execute on function app.search_tasks to miyabi_tasks;
