-- Corrects due dates from before the bounds of 0011, which no list could be read with, and validates
-- the bounds. Each becomes the nearest one.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

do $$
declare
    expected bigint;
    corrected bigint;
begin
    select count(*) into expected from tasks
        where due_at < '1970-01-01 00:00:00+00' or due_at >= '10000-01-01 00:00:00+00';
    update tasks
        set due_at = greatest('1970-01-01 00:00:00+00', least(due_at, '9999-12-31 23:59:59.999999+00')),
            version = version + 1, updated_at = now()
        where due_at < '1970-01-01 00:00:00+00' or due_at >= '10000-01-01 00:00:00+00';
    get diagnostics corrected = row_count;
    if corrected <> expected then
        raise exception 'corrected % due dates, % were out of bounds', corrected, expected;
    end if;
end
$$;

alter table tasks validate constraint tasks_due_at_bounds;

-- Names from before 0011, as far as SQL folds them as the function does and none is taken twice.
update labels set name_fold = lower(normalize(name, NFKC))
    where name_fold is null and not exists (
        select from labels other
        where other.organization_id = labels.organization_id and other.id <> labels.id
            and coalesce(other.name_fold, lower(normalize(other.name, NFKC))) = lower(normalize(labels.name, NFKC)));
