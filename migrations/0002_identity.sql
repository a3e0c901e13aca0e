-- Who people are and how they are signed in.
--
-- `users` is visible to a function only as far as the organization goes. `sessions`,
-- `refresh_tokens`, `revoked_tokens` and `sign_in_attempts` are of no organization and are looked
-- up before a user is known, so they have no policy: only miyabi_auth is granted anything on them.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create table users (
    id uuid primary key,
    github_id bigint not null,
    login text not null,
    name text,
    avatar_url text,
    email text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    disabled_at timestamptz,
    constraint users_github_id_key unique (github_id),
    constraint users_login_length check (char_length(login) between 1 and 100),
    constraint users_name_length check (char_length(name) <= 300),
    constraint users_avatar_url_https check (avatar_url like 'https://%' or avatar_url like 'http://127.0.0.1%'),
    constraint users_email_length check (char_length(email) <= 320)
);
comment on table users is 'People. Identity is the numeric id at GitHub: logins change hands.';
comment on column users.email is 'Only ever a primary and verified address; never used to find a user.';

create table sign_in_attempts (
    state_hash bytea primary key,
    browser_hash bytea not null,
    code_verifier text not null,
    return_to text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz,
    constraint sign_in_attempts_state_hash_sha256 check (octet_length(state_hash) = 32),
    constraint sign_in_attempts_browser_hash_sha256 check (octet_length(browser_hash) = 32)
);
comment on table sign_in_attempts is 'OAuth states: each can be used once, by the browser that began it.';
create index sign_in_attempts_expires_at on sign_in_attempts (expires_at);

create table sessions (
    id uuid primary key,
    user_id uuid not null references users (id),
    selected_organization_id uuid,
    csrf_hash bytea not null,
    user_agent text,
    ip_address text,
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    revoked_reason text,
    constraint sessions_csrf_hash_sha256 check (octet_length(csrf_hash) = 32),
    constraint sessions_user_agent_length check (char_length(user_agent) <= 500),
    constraint sessions_ip_address_length check (char_length(ip_address) <= 64),
    constraint sessions_revoked_reason_known
        check (revoked_reason in ('sign_out', 'sign_out_everywhere', 'revoked', 'reuse', 'disabled', 'expired'))
);
comment on table sessions is 'One row a sign-in, from which a family of refresh tokens descends.';
comment on column sessions.selected_organization_id is 'The organization that the next access token is for.';
comment on column sessions.csrf_hash is 'Hash of the token that a request with the refresh cookie must bring in a header.';
comment on column sessions.expires_at is 'Absolute end, however often it is refreshed.';
create index sessions_user_id on sessions (user_id, created_at desc);

create table refresh_tokens (
    token_hash bytea primary key,
    session_id uuid not null references sessions (id),
    parent_hash bytea,
    generation bigint not null default 0,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz,
    constraint refresh_tokens_parent_hash_key unique (parent_hash),
    constraint refresh_tokens_token_hash_sha256 check (octet_length(token_hash) = 32),
    constraint refresh_tokens_generation_positive check (generation >= 0)
);
comment on table refresh_tokens is 'Hashes only. A token has at most one child: parent_hash is unique.';
create index refresh_tokens_session_id on refresh_tokens (session_id);

create table revoked_tokens (
    kind text not null,
    id uuid not null,
    issued_before timestamptz,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    primary key (kind, id),
    constraint revoked_tokens_kind_known check (kind in ('session', 'token', 'user')),
    constraint revoked_tokens_user_has_epoch check ((kind = 'user') = (issued_before is not null))
);
comment on table revoked_tokens is
    'Access tokens to refuse before they expire: all of a session, one by its jti, or all of a user issued up to a moment.';
comment on column revoked_tokens.expires_at is 'When the last access token that this row refuses has expired anyway.';
create index revoked_tokens_expires_at on revoked_tokens (expires_at);

grant select (state_hash, browser_hash, code_verifier, return_to, created_at, expires_at, used_at),
    insert (state_hash, browser_hash, code_verifier, return_to, expires_at),
    update (used_at),
    delete
    on sign_in_attempts to miyabi_auth;

grant select (id, user_id, selected_organization_id, csrf_hash, user_agent, ip_address, created_at, last_seen_at, expires_at, revoked_at, revoked_reason),
    insert (id, user_id, selected_organization_id, csrf_hash, user_agent, ip_address, expires_at),
    update (selected_organization_id, last_seen_at, revoked_at, revoked_reason)
    on sessions to miyabi_auth;

grant select (token_hash, session_id, parent_hash, generation, created_at, expires_at, used_at),
    insert (token_hash, session_id, parent_hash, generation, expires_at),
    update (used_at),
    delete
    on refresh_tokens to miyabi_auth;

grant select (kind, id, issued_before, created_at, expires_at),
    insert (kind, id, issued_before, expires_at),
    update (issued_before, expires_at),
    delete
    on revoked_tokens to miyabi_auth;
