-- Rate limits of people, API tokens and addresses, where the stage has no cache or it does not respond.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

-- Unlogged: a write costs no WAL and waits for no disk. After a crash of the server the table is empty,
-- and every bucket full.
create unlogged table rate_limits (
    bucket text primary key,
    full_at timestamptz not null
) with (fillfactor = 50);
comment on table rate_limits is
    'Token buckets by the generic cell rate algorithm: a bucket is full without its row, which app.forget_rate_limits deletes then.';
comment on column rate_limits.bucket is 'Name of the limit, and the person, API token or address that it counts.';
comment on column rate_limits.full_at is 'When the bucket will be full again. What it holds follows from that.';
-- Of no organization, and for nobody but the functions below: no role is granted it, no policy shows it.
alter table rate_limits enable row level security;

create function app.take_requests(
    p_bucket text, p_wanted integer, p_per_minute integer, p_burst integer,
    out granted integer, out retry_after_ms integer
)
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
    as $$
declare
    -- What one request takes to flow back, in seconds.
    price double precision := 60.0 / p_per_minute;
    fills_at timestamptz;
    missing double precision;
begin
    loop
        select r.full_at into fills_at from public.rate_limits r where r.bucket = p_bucket for update;
        exit when found;
        insert into public.rate_limits (bucket, full_at) values (p_bucket, clock_timestamp()) on conflict do nothing;
    end loop;
    -- The time after the lock: whoever had it may have been slow.
    missing := greatest(0, extract(epoch from fills_at - clock_timestamp())::double precision) / price;
    granted := greatest(0, least(p_wanted, floor(p_burst - missing)));
    if granted > 0 then
        update public.rate_limits r
            set full_at = clock_timestamp() + make_interval(secs => (missing + granted) * price)
            where r.bucket = p_bucket;
    end if;
    retry_after_ms := greatest(0, ceil(1000 * price * (missing + granted + 1 - p_burst)));
exception when lock_not_available then
    -- A lock that is held for so long is a fault of ours, and no reason to refuse anybody.
    granted := p_wanted;
    retry_after_ms := 0;
end
$$;
comment on function app.take_requests is
    'Takes up to p_wanted requests from a bucket that holds p_burst and gets p_per_minute, and says in how many milliseconds it has another.';

create function app.forget_rate_limits(p_limit integer) returns bigint
    language sql security definer set search_path = pg_catalog, public, pg_temp
    as 'with forgotten as (
            delete from public.rate_limits where bucket in (
                select r.bucket from public.rate_limits r where r.full_at < clock_timestamp() limit p_limit for update skip locked)
            returning 1
        )
        select count(*) from forgotten';
comment on function app.forget_rate_limits is
    'Deletes buckets that are full, at most p_limit of them: no address is kept longer than its limit needs it.';

grant execute on function app.take_requests to miyabi_activity, miyabi_auth, miyabi_inbox, miyabi_orgs, miyabi_tasks;
grant execute on function app.forget_rate_limits to miyabi_ws_broadcast;
