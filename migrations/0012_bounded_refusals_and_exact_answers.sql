-- How many refusals of somebody the trail has, and answers that are repeated to the byte.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create table refusal_counts (
    organization_id uuid not null references organizations (id),
    actor_id uuid not null,
    hour timestamptz not null,
    lines bigint not null,
    primary key (organization_id, actor_id, hour),
    constraint refusal_counts_lines_positive check (lines > 0)
);
comment on table refusal_counts is
    'Lines of refusals that somebody caused in an hour: whoever is refused again and again fills no trail.';
comment on column refusal_counts.actor_id is
    'The user. No foreign key: somebody refused for not being a member is no member.';

alter table refusal_counts enable row level security;

create policy tenant on refusal_counts to miyabi_activity, miyabi_auth, miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);

grant select (organization_id, actor_id, hour, lines), insert (organization_id, actor_id, hour, lines), update (lines), delete
    on refusal_counts to miyabi_activity, miyabi_auth, miyabi_tasks;

alter table idempotency_keys add column answer text;
comment on column idempotency_keys.answer is
    'The body to the byte. `body` holds the same for code from before this column, and goes with a later release.';
grant select (answer), update (answer) on idempotency_keys to miyabi_tasks;
