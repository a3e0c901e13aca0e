-- Search in an organization that is far from the average of all: one with 100,000 tasks among a
-- thousand small ones.
--
-- `rows 100`: a page, not the 1,000 rows that a set-returning function is taken for, for which the
-- whole organization was read and hashed. And what PostgreSQL knows of a word is its frequency in
-- all organizations together. A word that the others use and this one does not was looked for along
-- all of its tasks. Now the newest tasks are looked at first, which answers for frequent words; what
-- is rare there is asked of the index of words, which knows; and the plan is left to PostgreSQL only
-- for words that are frequent here.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create function app.search_candidates(p_organization uuid, p_words tsquery, p_limit integer) returns setof uuid
    language plpgsql stable rows 100 set search_path = pg_catalog, public, pg_temp
    -- Through the index of words, and in no other way.
    set enable_seqscan = off set enable_indexscan = off
    as $$
begin
    return query execute
        'select t.id from public.tasks t
         where t.organization_id = $1 and t.deleted_at is null and t.search @@ $2
         limit $3'
        using p_organization, p_words, p_limit;
end
$$;
comment on function app.search_candidates is
    'Ids of tasks with these words, in no order. A part of app.search_tasks: no role may execute it.';

create or replace function app.search_tasks(
    p_query text, p_limit integer,
    p_statuses text[] default null, p_priorities text[] default null,
    p_assignee uuid default null, p_unassigned boolean default false, p_creator uuid default null,
    p_parent uuid default null, p_top_level boolean default false, p_label uuid default null,
    p_due_from timestamptz default null, p_due_before timestamptz default null,
    p_created_from timestamptz default null, p_created_before timestamptz default null,
    p_after_created_at timestamptz default null, p_after_id uuid default null
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
           and ($11::timestamptz is null or t.due_key >= $11 and t.due_at is not null)
           and ($12::timestamptz is null or t.due_key < $12)
           and ($13::timestamptz is null or t.created_at >= $13)
           and ($14::timestamptz is null or t.created_at < $14)
           and ($15::timestamptz is null or (t.created_at, t.id) < ($15, $16::uuid))
         order by t.created_at desc, t.id desc
         limit $17'
        using organization, words, p_statuses, p_priorities, p_assignee, p_unassigned, p_creator, p_parent, p_top_level,
            p_label, p_due_from, p_due_before, p_created_from, p_created_before, p_after_created_at, p_after_id,
            least(p_limit, 1000), found;
end
$$;
