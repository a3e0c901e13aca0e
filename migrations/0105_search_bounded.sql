-- The search of 0074 with a bound on what frequent words cost. The same queries find the same tasks, in
-- the same order.
--
-- Tasks were asked for their words one by one until a page was full: all of an organization when the
-- newest had none, or when the newest were all there were. Now 1,000 are asked at most, before the index
-- gives all tasks with the words. A phrase was compared word by word from its end with every task that
-- has its words, and each repeated word was looked up again.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

-- squawk-ignore ban-drop-function -- no role may execute it; all is committed together
drop function app.search_query;
-- squawk-ignore ban-drop-function -- no role may execute it; all is committed together
drop function app.search_candidates;

create function app.search_phrase(p_words text[], p_places integer[]) returns text
    language plpgsql immutable strict parallel safe set search_path = pg_catalog, public, pg_temp
    as $$
declare
    nodes text[] := p_words;
    firsts integer[] := p_places;
    lasts integer[] := p_places;
begin
    while cardinality(nodes) > 1 loop
        select array_agg(
                case when after.node is null then before.node
                    else '(' || before.node || '<' || after.first - before.last || '>' || after.node || ')' end
                order by before.number),
            array_agg(before.first order by before.number),
            array_agg(coalesce(after.last, before.last) order by before.number)
            into nodes, firsts, lasts
            from unnest(nodes, firsts, lasts) with ordinality before (node, first, last, number)
            left join unnest(nodes, firsts, lasts) with ordinality after (node, first, last, number)
                on after.number = before.number + 1
            where before.number % 2 = 1;
    end loop;
    return nodes[1];
end
$$;
comment on function app.search_phrase is
    'Words as far from each other as their places are, as the text of a query. Balanced: a text that lacks the beginning of a phrase is not compared with the rest. A part of app.search_query: no role may execute it.';

create function app.search_query(
    p_query text, out wanted tsquery, out unwanted tsquery, out places tsquery, out indexed tsquery, out is_exact boolean, out unwanted_indexed tsquery
) returns record
    language plpgsql immutable strict parallel safe set search_path = pg_catalog, public, pg_temp
    as $$
declare
    -- As in a web search: words, "phrases", -without, or.
    term_pattern constant text := '(-?)(?:"([^"]*)"?|([^\s"]+))';
    part text[];
    words text[];
    word_places integer[];
    terms text[] := '{}';
    signs text[] := '{}';
    -- The distinct words of each term, without their places.
    sets text[] := '{}';
    alternatives text[] := '{}';
    together text[] := '{}';
    together_set text[] := '{}';
    alternative_sets text[] := '{}';
    positive text[] := '{}';
    negative text[] := '{}';
    negative_words text[] := '{}';
    negative_sets text[] := '{}';
    without tsquery;
begin
    is_exact := true;
    for part in select regexp_matches(translate(app.search_fold(left(p_query, 1000)), '“”„', '"""'), term_pattern, 'g') loop
        select array_agg(word.quoted order by word.place), array_agg(word.place order by word.place)
            into words, word_places
            from (
                select t.place,
                    '''' || coalesce(case when octet_length(t.token) = length(t.token) then (ts_lexize('english_stem', t.token))[1] end, t.token)
                        || '''' || case when t.is_prefix then ':*' else '' end as quoted
                from (
                    select s.place, s.token,
                        app.is_written_in_pairs(ascii(s.token)) and length(s.token) = 1 as is_prefix,
                        -- The last character of a run is a part of the pair before.
                        lag(app.is_written_in_pairs(ascii(s.token)) and length(s.token) = 2, 1, false) over (order by s.place) as is_in_pair
                    from app.search_tokens(coalesce(part[2], part[3])) s
                ) t
                where not (t.is_prefix and t.is_in_pair)
            ) word;
        if words is not null then
            terms := terms || app.search_phrase(words, word_places);
            signs := signs || case when part[2] is null and part[3] = 'or' then 'or' else part[1] end;
            sets := sets || array_to_string(array(select distinct unnest(words)), ' & ');
        end if;
    end loop;
    for number in 1 .. cardinality(terms) loop
        if signs[number] = 'or' and number > 1 and number < cardinality(terms) and cardinality(together) > 0 then
            alternatives := alternatives || array_to_string(together, ' & ');
            alternative_sets := alternative_sets || array_to_string(together_set, ' & ');
            together := '{}';
            together_set := '{}';
        elsif signs[number] = '-' then
            if terms[number] <> all (negative) then
                negative := negative || terms[number];
                negative_sets := negative_sets || sets[number];
                -- A text may have the words of a phrase in another order.
                if terms[number] = sets[number] then
                    negative_words := negative_words || terms[number];
                else
                    is_exact := false;
                end if;
            end if;
        elsif terms[number] <> all (together) then
            together := together || terms[number];
            if sets[number] <> all (together_set) then
                together_set := together_set || sets[number];
            end if;
            positive := positive || terms[number];
            is_exact := is_exact and terms[number] = sets[number];
        end if;
    end loop;
    if cardinality(together) > 0 then
        alternatives := alternatives || array_to_string(together, ' & ');
        alternative_sets := alternative_sets || array_to_string(together_set, ' & ');
    end if;
    wanted := nullif(array_to_string(alternatives, ' | '), '')::tsquery;
    unwanted := nullif(array_to_string(negative, ' | '), '')::tsquery;
    places := nullif(array_to_string(positive, ' | '), '')::tsquery;
    indexed := nullif(array_to_string(alternative_sets, ' | '), '')::tsquery;
    unwanted_indexed := nullif(array_to_string(negative_sets, ' | '), '')::tsquery;
    if cardinality(negative_words) > 0 then
        without := !! array_to_string(negative_words, ' | ')::tsquery;
        indexed := coalesce(indexed && without, without);
    end if;
end
$$;
comment on function app.search_query is
    'A query in the syntax of a web search: what a text must have, what neither task nor comments may have, any word of it, to say where it was found, and what the index is asked for, with whether that is all.';

create function app.search_candidates(
    p_organization uuid, p_indexed tsquery, p_words tsquery, p_own_text_only boolean
) returns setof uuid
    language plpgsql stable rows 100 set search_path = pg_catalog, public, pg_temp
    -- Through the index of words, and in no other way.
    set enable_seqscan = off set enable_indexscan = off
    as $$
begin
    return query execute
        'select w.task_id from public.task_words w
         where w.organization_id = $1 and w.words @@ $2 and (not $3 or w.source_id = w.task_id)'
        -- The operator @@ as a function: compared with the rows that the index gave, and not by the index, which
        -- would take a phrase apart for each of them.
        || case when p_words is null then '' else ' and ts_match_vq(w.words, $4)' end
        using p_organization, p_indexed, p_own_text_only, p_words;
end
$$;
comment on function app.search_candidates is
    'Tasks with these words in their own text or, unless that alone is asked for, in a comment, in no order, some of them several times: rows of the index of words that match a query, or null for all that the index gives. A part of app.search_tasks: no role may execute it.';

create or replace function app.search_tasks(
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
    -- Tasks that are asked for their words one by one, at 2 to 3 us each, before all that have them are
    -- taken from the index.
    walked constant integer := 1000;
    -- Candidates from which on the tasks are compared with a hash of them.
    many constant integer := 5000;
    open_statuses constant text[] := array['pending', 'in_progress'];
    closed_statuses constant text[] := array['completed', 'failed', 'cancelled'];
    organization uuid := current_setting('app.current_org_id')::uuid;
    -- The organization is a word of each row: the index answers for one tenant, not for all.
    tenant tsquery := (quote_literal('organization:' || organization))::tsquery;
    query record := app.search_query(p_query);
    searched tsquery;
    having_words integer;
    candidates uuid[];
    unwanted_ids uuid[];
    found_ids uuid[] := '{}';
    page_ids uuid[];
    missing integer;
    is_walked boolean;
    is_large boolean := false;
    in_walk integer;
    statuses text[];
    -- Conditions that an index of theirs may answer, when they leave few tasks.
    is_narrow boolean := p_unassigned or p_top_level or p_no_project
        or coalesce(p_assignee, p_creator, p_parent, p_label, p_project) is not null
        or coalesce(p_due_from, p_due_before, p_created_from, p_created_before) is not null;
    filters text;
    walk text;
    page text;
begin
    if query.wanted is null and query.unwanted is null then
        return;
    end if;
    searched := tenant;
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
    filters := '($4::text[] is null or t.priority = any($4))
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
        || case when p_project is null then '' else ' and t.project_id = $20' end
        || case when p_no_project then ' and t.project_id is null' else '' end;
    -- Open tasks, then closed ones, each the newest first.
    for is_open in reverse 1 .. 0 loop
        statuses := case is_open when 1 then open_statuses else closed_statuses end;
        if p_statuses is not null then
            statuses := array(select unnest(statuses) intersect select unnest(p_statuses));
        end if;
        continue when cardinality(statuses) = 0 or p_after_is_open is false and is_open = 1;
        missing := least(p_limit, 1000) - cardinality(found_ids);
        is_walked := candidates is null and having_words >= frequent;
        loop
            if not is_walked and candidates is null then
                candidates := array(
                    select app.search_candidates(organization, coalesce(tenant && query.indexed, tenant),
                        case when not query.is_exact then searched end, query.wanted is null));
                is_large := cardinality(candidates) > many;
                -- Each of a few is asked for unwanted words of its other texts; of many, those that have them are known.
                if is_large and query.unwanted is not null then
                    unwanted_ids := array(
                        select app.search_candidates(organization, tenant && query.unwanted_indexed, query.unwanted, false));
                end if;
            end if;
            walk := 'select t.id, t.created_at from public.tasks t
                where t.organization_id = $1 and t.deleted_at is null and ' || filters
                || case when p_after_is_open = (is_open = 1) then ' and (t.created_at, t.id) < ($15, $16)' else '' end
                || case when is_walked then ''
                    -- The planner reads an array, in 10 ms for 50,000 ids, and finds each by itself. Behind `coalesce` it does
                    -- neither: the tasks are walked and compared with a hash of the ids.
                    when is_large then ' and coalesce(t.id = any($17), false)'
                        || case when query.unwanted is null then '' else ' and not coalesce(t.id = any($21), false)' end
                    else ' and t.id = any($17)' end
                || ' and t.status = STATUS order by t.created_at desc, t.id desc limit '
                || case when is_walked then walked::text when is_large or query.unwanted is null then '$19' else 'all' end;
            -- Few tasks are open: they are walked by their index. The closed ones are most, of an organization
            -- that has many: what is open is passed on the way.
            walk := case when not is_walked and not is_large or is_narrow or is_open = 0 and p_statuses is null
                then replace(walk, 'STATUS', 'any($3)')
                else 'select p.id, p.created_at from unnest($3) s (status) cross join lateral ('
                    || replace(walk, 'STATUS', 's.status') || ') p order by p.created_at desc, p.id desc'
                    || case when is_walked then ' limit ' || walked else '' end
                end;
            -- `offset 0`: asked task by task, not joined, for which the whole index would be read.
            page := 'select f.id, f.created_at from (' || walk || ' offset 0) f where true'
                || case when not is_walked then '' else
                    ' and exists (select from public.task_words w where w.organization_id = $1 and w.task_id = f.id and w.words @@ $2 offset 0)' end
                || case when query.unwanted is null or not is_walked and is_large then '' else
                    ' and not exists (select from public.task_words w where w.organization_id = $1 and w.task_id = f.id and w.words @@ $18 offset 0)' end
                || ' order by f.created_at desc, f.id desc limit $19';
            -- `execute`: planned with the values at hand.
            execute 'select array(select f.id from (' || page || ') f order by f.created_at desc, f.id desc)'
                into page_ids
                using organization, searched, statuses, p_priorities, p_assignee, p_unassigned, p_creator, p_parent, p_top_level,
                    p_label, p_due_from, p_due_before, p_created_from, p_created_before, p_after_created_at, p_after_id,
                    candidates, query.unwanted, missing, p_project, unwanted_ids;
            exit when not is_walked or cardinality(page_ids) >= missing;
            execute 'select count(*) from (' || walk || ') walked'
                into in_walk
                using organization, searched, statuses, p_priorities, p_assignee, p_unassigned, p_creator, p_parent, p_top_level,
                    p_label, p_due_from, p_due_before, p_created_from, p_created_before, p_after_created_at, p_after_id,
                    candidates, query.unwanted, missing, p_project, unwanted_ids;
            -- With fewer than that, all were asked.
            exit when in_walk < walked;
            is_walked := false;
        end loop;
        found_ids := found_ids || page_ids;
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
