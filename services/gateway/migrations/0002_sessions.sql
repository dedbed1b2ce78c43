-- Sessions of people who gave a right password (`password`), then their second factor (`full`). Only
-- a hash of the cookie's token is kept (SE-01); a new token is made at each step (AU-14).
create table sessions (
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    -- What the account page and the events call it: opens nothing.
    id uuid not null unique,
    account_id uuid not null,
    level text not null check (level in ('password', 'full')),
    -- What a half signed-in person must give next.
    due text not null check (due in ('code', 'enrolment')),
    address text not null,
    first_name text not null,
    last_name text not null,
    device text not null,
    network text not null,
    -- Until when a second factor may be enrolled without proving the address again (OT-13).
    enrol_before timestamptz not null,
    -- The authenticator that this session, and no other, is enrolling.
    enrolment_id uuid,
    -- Wrong passwords before the right one.
    failures integer not null default 0 check (failures >= 0),
    -- Where the person wanted to go: a name of the portal's own list (AU-15).
    next text not null default '',
    opened_at timestamptz not null,
    -- When what opened it was proved: whatever ends an account's sessions ends those proved before.
    proved_at timestamptz not null,
    code_at timestamptz,
    seen_at timestamptz not null,
    ends_at timestamptz not null check (ends_at > opened_at),
    constraint full_means_a_code check ((level = 'full') = (code_at is not null))
);
comment on table sessions is 'Personal data: name, address, network. Deleted when the session ends.';

create index sessions_account_id on sessions (account_id);
create index sessions_ends_at on sessions (ends_at);
create index sessions_seen_at on sessions (seen_at);

-- Sessions of an account that were proved before this moment have ended, whenever they are written.
create table session_ends (
    account_id uuid primary key,
    before timestamptz not null
);

-- Browsers that somebody signed in with: what softens the throttle and names a new device (AU-16).
create table known_browsers (
    token_hash bytea not null check (octet_length(token_hash) = 32),
    account_id uuid not null,
    known_at timestamptz not null,
    expires_at timestamptz not null check (expires_at > known_at),
    primary key (token_hash, account_id)
);

create index known_browsers_account_id on known_browsers (account_id);
create index known_browsers_expires_at on known_browsers (expires_at);
