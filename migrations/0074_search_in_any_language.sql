-- The search over the words of 0070: tasks and their comments, open tasks first.
--
-- Code from before calls app.search_tasks without p_after_is_open, and gets ids alone, the newest task
-- first, from the same words. That function goes with a later release. Nothing reads the column
-- tasks.search any more.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

-- squawk-ignore ban-drop-function -- called in the same way below; all is committed together
drop function app.search_tasks;
-- squawk-ignore ban-drop-function -- a part of it
drop function app.search_candidates;

create function app.search_query(p_query text, out wanted tsquery, out unwanted tsquery, out places tsquery) returns record
    language plpgsql immutable strict parallel safe set search_path = pg_catalog, public, pg_temp
    as $$
declare
    -- As in a web search: words, "phrases", -without, or.
    term_pattern constant text := '(-?)(?:"([^"]*)"?|([^\s"]+))';
    part text[];
    terms text[] := '{}';
    signs text[] := '{}';
    phrase text;
    alternatives text[] := '{}';
    together text[] := '{}';
    positive text[] := '{}';
    negative text[] := '{}';
begin
    for part in select regexp_matches(translate(app.search_fold(left(p_query, 1000)), '“”„', '"""'), term_pattern, 'g') loop
        select case
                -- The words of a term, each as far after the one before as in a text.
                when count(*) > 0 then '(' || string_agg(
                    coalesce('<' || place - place_before || '>', '')
                        || '''' || coalesce(stem, token) || '''' || case when is_prefix then ':*' else '' end,
                    '' order by place) || ')'
            end
            into phrase
            from (
                select t.place, t.token, t.is_prefix, lag(t.place) over (order by t.place) as place_before,
                    case when octet_length(t.token) = length(t.token) then (ts_lexize('english_stem', t.token))[1] end as stem
                from (
                    select s.place, s.token,
                        app.is_written_in_pairs(ascii(s.token)) and length(s.token) = 1 as is_prefix,
                        -- The last character of a run is a part of the pair before.
                        lag(app.is_written_in_pairs(ascii(s.token)) and length(s.token) = 2, 1, false) over (order by s.place) as is_in_pair
                    from app.search_tokens(coalesce(part[2], part[3])) s
                ) t
                where not (t.is_prefix and t.is_in_pair)
            ) word;
        if phrase is not null then
            terms := terms || phrase;
            signs := signs || case when part[2] is null and part[3] = 'or' then 'or' else part[1] end;
        end if;
    end loop;
    for number in 1 .. cardinality(terms) loop
        if signs[number] = 'or' and number > 1 and number < cardinality(terms) and cardinality(together) > 0 then
            alternatives := alternatives || array_to_string(together, ' & ');
            together := '{}';
        elsif signs[number] = '-' then
            negative := negative || terms[number];
        elsif terms[number] <> all (together) then
            together := together || terms[number];
            positive := positive || terms[number];
        end if;
    end loop;
    if cardinality(together) > 0 then
        alternatives := alternatives || array_to_string(together, ' & ');
    end if;
    wanted := nullif(array_to_string(alternatives, ' | '), '')::tsquery;
    unwanted := nullif(array_to_string(negative, ' | '), '')::tsquery;
    places := nullif(array_to_string(positive, ' | '), '')::tsquery;
end
$$;
comment on function app.search_query is
    'A query in the syntax of a web search: what a text must have, what neither task nor comments may have, and any word of it, to say where it was found.';

create function app.search_candidates(p_organization uuid, p_words tsquery, p_own_text_only boolean, p_limit integer) returns setof uuid
    language plpgsql stable rows 100 set search_path = pg_catalog, public, pg_temp
    -- Through the index of words, and in no other way.
    set enable_seqscan = off set enable_indexscan = off
    as $$
begin
    return query execute
        'select w.task_id from public.task_words w
         where w.organization_id = $1 and w.words @@ $2 and (not $3 or w.source_id = w.task_id) limit $4'
        using p_organization, p_words, p_own_text_only, p_limit;
end
$$;
comment on function app.search_candidates is
    'Tasks with these words in their own text or, unless that alone is asked for, in a comment, in no order, some of them several times. A part of app.search_tasks: no role may execute it.';

create function app.search_tasks(
    p_query text, p_limit integer,
    -- The last task of the page before: whether it is open, when it was created, its id. Nulls: the first page.
    p_after_is_open boolean, p_after_created_at timestamptz, p_after_id uuid,
    p_statuses text[] default null, p_priorities text[] default null,
    p_assignee uuid default null, p_unassigned boolean default false, p_creator uuid default null,
    p_parent uuid default null, p_top_level boolean default false, p_label uuid default null,
    p_due_from timestamptz default null, p_due_before timestamptz default null,
    p_created_from timestamptz default null, p_created_before timestamptz default null,
    p_project uuid default null, p_no_project boolean default false,
    out id uuid, out found_in text[]
) returns setof record
    language plpgsql stable security definer rows 100 set search_path = pg_catalog, public, pg_temp
    as $$
declare
    -- A word that one in twenty of the newest tasks has is frequent: walking along the tasks soon
    -- fills a page. What PostgreSQL knows of a word is its frequency in all organizations together.
    newest constant integer := 200;
    frequent constant integer := 10;
    -- Most rows that are taken from the index of words, to be sorted.
    most constant integer := 10000;
    open_statuses constant text[] := array['pending', 'in_progress'];
    closed_statuses constant text[] := array['completed', 'failed', 'cancelled'];
    organization uuid := current_setting('app.current_org_id')::uuid;
    query record := app.search_query(p_query);
    searched tsquery;
    having_words integer;
    candidates uuid[];
    found_ids uuid[] := '{}';
    statuses text[];
    -- Conditions that an index of theirs may answer, when they leave few tasks.
    is_narrow boolean := p_unassigned or p_top_level or p_no_project
        or coalesce(p_assignee, p_creator, p_parent, p_label, p_project) is not null
        or coalesce(p_due_from, p_due_before, p_created_from, p_created_before) is not null;
    matching text;
    page text;
begin
    if query.wanted is null and query.unwanted is null then
        return;
    end if;
    -- The organization is a word of each row: the index answers for one tenant, not for all.
    searched := (quote_literal('organization:' || organization))::tsquery;
    if query.wanted is not null then
        searched := searched && query.wanted;
    end if;
    -- Unwanted words of another text of the task are looked for below. Without anything that is wanted,
    -- each task is found by its own text.
    if query.unwanted is not null then
        searched := searched && !! query.unwanted;
    end if;
    select count(*) filter (where exists (
            select from public.task_words w
            where w.organization_id = organization and w.task_id = n.id and w.words @@ searched
                and (query.wanted is not null or w.source_id = w.task_id) offset 0))
        into having_words
        from (
            select t.id from public.tasks t
            where t.organization_id = organization and t.deleted_at is null
            order by t.created_at desc, t.id desc limit newest) n;
    if having_words < frequent then
        candidates := array(select app.search_candidates(organization, searched, query.wanted is null, most + 1));
        if cardinality(candidates) > most then
            candidates := null;
        end if;
    end if;
    -- `offset 0`: asked task by task, not joined, for which the whole index would be read.
    matching := case when candidates is null then
            'exists (select from public.task_words w where w.organization_id = $1 and w.task_id = t.id and w.words @@ $2 offset 0)'
            else 't.id = any($17)' end
        || case when query.unwanted is null then '' else
            ' and not exists (select from public.task_words w where w.organization_id = $1 and w.task_id = t.id and w.words @@ $18 offset 0)'
            end || '
           and ($4::text[] is null or t.priority = any($4))
           and ($5::uuid is null or t.assignee_id = $5)
           and (not $6::boolean or t.assignee_id is null)
           and ($7::uuid is null or t.created_by = $7)
           and ($8::uuid is null or t.parent_id = $8)
           and (not $9::boolean or t.parent_id is null)
           and ($11::timestamptz is null or t.due_key >= $11 and t.due_key < ''infinity'')
           and ($12::timestamptz is null or t.due_key < $12)
           and ($13::timestamptz is null or t.created_at >= $13)
           and ($14::timestamptz is null or t.created_at < $14)'
        -- Alone it is joined, and may be where the plan begins; behind an `or` it could not.
        || case when p_label is null then '' else
            ' and exists (select from public.task_labels l where l.organization_id = $1 and l.label_id = $10 and l.task_id = t.id)' end
        || case when p_project is null then '' else ' and t.project_id = $21' end
        || case when p_no_project then ' and t.project_id is null' else '' end;
    -- Open tasks, then closed ones, each the newest first.
    for is_open in reverse 1 .. 0 loop
        statuses := case is_open when 1 then open_statuses else closed_statuses end;
        if p_statuses is not null then
            statuses := array(select unnest(statuses) intersect select unnest(p_statuses));
        end if;
        continue when cardinality(statuses) = 0 or p_after_is_open is false and is_open = 1;
        page := 'select t.id, t.created_at from public.tasks t
            where t.organization_id = $1 and t.deleted_at is null and ' || matching
            || case when p_after_is_open = (is_open = 1) then ' and (t.created_at, t.id) < ($15, $16)' else '' end
            || ' and t.status = STATUS order by t.created_at desc, t.id desc limit $19';
        -- Few tasks are open: they are walked by their index. The closed ones are most, of an organization that
        -- has many: what is open is passed on the way.
        page := case when candidates is not null or is_narrow or is_open = 0 and p_statuses is null
            then replace(page, 'STATUS', 'any($3)')
            else 'select p.id, p.created_at from unnest($3) s (status) cross join lateral ('
                || replace(page, 'STATUS', 's.status') || ') p order by p.created_at desc, p.id desc limit $19'
            end;
        -- `execute`: planned with the values at hand.
        execute 'select $20 || array(select f.id from (' || page || ') f order by f.created_at desc, f.id desc)'
            into found_ids
            using organization, searched, statuses, p_priorities, p_assignee, p_unassigned, p_creator, p_parent, p_top_level,
                p_label, p_due_from, p_due_before, p_created_from, p_created_before, p_after_created_at, p_after_id,
                candidates, query.unwanted, least(p_limit, 1000) - cardinality(found_ids), found_ids, p_project;
        exit when cardinality(found_ids) >= least(p_limit, 1000);
    end loop;
    return query
        select f.id, array_remove(array[
                case when ts_filter(own.words, '{a}') @@ query.places then 'title' end,
                case when ts_filter(own.words, '{b}') @@ query.places then 'description' end,
                case when exists (
                    select from public.task_words w
                    where w.organization_id = organization and w.task_id = f.id and w.source_id <> f.id
                        and w.words @@ query.places offset 0) then 'comment' end
            ], null)
        from unnest(found_ids) with ordinality f (id, place)
        left join public.task_words own
            on own.organization_id = organization and own.task_id = f.id and own.source_id = f.id
        order by f.place;
end
$$;
comment on function app.search_tasks(
    text, integer, boolean, timestamptz, uuid, text[], text[], uuid, boolean, uuid, uuid, boolean, uuid,
    timestamptz, timestamptz, timestamptz, timestamptz, uuid, boolean
) is
    'Tasks of the current organization that have the words of a query in their own text or in one comment, open ones first, each the newest first, and where. The only reader of task_words.';
grant execute on function app.search_tasks(
    text, integer, boolean, timestamptz, uuid, text[], text[], uuid, boolean, uuid, uuid, boolean, uuid,
    timestamptz, timestamptz, timestamptz, timestamptz, uuid, boolean
) to miyabi_tasks;

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
    language sql stable security definer rows 100 set search_path = pg_catalog, public, pg_temp
    as $$
    select t.id
    from (
        (select s.id from app.search_tasks(
                p_query, p_limit, p_after_is_open => case when p_after_id is not null then true end,
                p_after_created_at => p_after_created_at, p_after_id => p_after_id,
                p_statuses => array(select unnest(array['pending', 'in_progress']) intersect select unnest(coalesce(p_statuses, array['pending', 'in_progress']))),
                p_priorities => p_priorities, p_assignee => p_assignee, p_unassigned => p_unassigned, p_creator => p_creator,
                p_parent => p_parent, p_top_level => p_top_level, p_label => p_label, p_due_from => p_due_from,
                p_due_before => p_due_before, p_created_from => p_created_from, p_created_before => p_created_before,
                p_project => p_project, p_no_project => p_no_project) s)
        union all
        (select s.id from app.search_tasks(
                p_query, p_limit, p_after_is_open => case when p_after_id is not null then false end,
                p_after_created_at => p_after_created_at, p_after_id => p_after_id,
                p_statuses => array(select unnest(array['completed', 'failed', 'cancelled']) intersect select unnest(coalesce(p_statuses, array['completed', 'failed', 'cancelled']))),
                p_priorities => p_priorities, p_assignee => p_assignee, p_unassigned => p_unassigned, p_creator => p_creator,
                p_parent => p_parent, p_top_level => p_top_level, p_label => p_label, p_due_from => p_due_from,
                p_due_before => p_due_before, p_created_from => p_created_from, p_created_before => p_created_before,
                p_project => p_project, p_no_project => p_no_project) s)
    ) found
    join public.tasks t on t.organization_id = current_setting('app.current_org_id')::uuid and t.id = found.id
    order by t.created_at desc, t.id desc
    limit p_limit
$$;
comment on function app.search_tasks(
    text, integer, text[], text[], uuid, boolean, uuid, uuid, boolean, uuid,
    timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, uuid, uuid, boolean
) is 'The same for code from before p_after_is_open: ids alone, the newest task first. Goes with a later release.';
grant execute on function app.search_tasks(
    text, integer, text[], text[], uuid, boolean, uuid, uuid, boolean, uuid,
    timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, uuid, uuid, boolean
) to miyabi_tasks;
