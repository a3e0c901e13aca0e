-- no-transaction
-- The words of comments from before 0070, in batches, each a transaction. New and changed rows have
-- theirs by the triggers; a batch locks its rows against changes, so that no words are kept of a text
-- that is changed or deleted meanwhile. Killed, it runs again and writes what is missing.
do $$
<<backfill>>
declare
    batch constant integer := 200;
    organization uuid := '00000000-0000-0000-0000-000000000000';
    id uuid := organization;
    missing bigint;
begin
    loop
        -- Longer than a request may take: whoever changes a row of the batch is waited for.
        perform set_config('lock_timeout', '15s', true);
        with rows_of_batch as materialized (
            select r.* from public.task_comments r
            where (r.organization_id, r.id) > (backfill.organization, backfill.id)
            order by r.organization_id, r.id limit batch for share
        ), written as (
            insert into public.task_words (organization_id, task_id, source_id, words)
            select r.organization_id, r.task_id, r.id, app.words_of_comment(r.organization_id, r.body)
            from rows_of_batch r
            where r.deleted_at is null and not exists (
                select from public.task_words w
                where w.organization_id = r.organization_id and w.task_id = r.task_id and w.source_id = r.id)
            on conflict do nothing
        )
        select r.organization_id, r.id into organization, id
            from rows_of_batch r order by r.organization_id desc, r.id desc limit 1;
        exit when not found;
        commit;
    end loop;
    select count(*) into missing from public.task_comments r
        where r.deleted_at is null and not exists (
            select from public.task_words w
            where w.organization_id = r.organization_id and w.task_id = r.task_id and w.source_id = r.id);
    if missing > 0 then
        raise exception '% comments have no words', missing;
    end if;
end
$$;
