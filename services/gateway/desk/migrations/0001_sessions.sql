-- Sessions of agents who gave a right password (`password`), then their second factor (`full`). Only
-- a hash of the cookie's token is kept (SE-01); a new token is made at each step (AU-14). The tables
-- are those of the gateway's schema, without what only applicants have.
create table sessions (
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    -- What the page of one's sessions and the events call it: opens nothing.
    id uuid not null unique,
    -- The agent's id.
    account_id uuid not null,
    level text not null check (level in ('password', 'full')),
    -- What a half signed-in agent must give next.
    due text not null check (due in ('code', 'enrolment')),
    address text not null,
    first_name text not null,
    last_name text not null,
    -- As pages show it; `support` decides what it allows.
    role text not null,
    device text not null,
    network text not null,
    -- Until when a second factor may be enrolled with the password alone.
    enrol_before timestamptz,
    -- The authenticator that this session, and no other, is enrolling.
    enrolment_id uuid,
    -- Wrong passwords before the right one.
    failures integer not null default 0 check (failures >= 0),
    -- Where the agent wanted to go: a name of the desk's own list (AU-15).
    next text not null default '',
    opened_at timestamptz not null,
    -- When what opened it was proved: whatever ends an agent's sessions ends those proved before.
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

-- Sessions of an agent that were proved before this moment have ended, whenever they are written.
create table session_revocations (
    account_id uuid primary key,
    before timestamptz,
    -- The same for sessions that still lack their second factor.
    partial_before timestamptz,
    constraint something_is_revoked check (before is not null or partial_before is not null)
);

-- Browsers that an agent signed in with.
create table known_browsers (
    token_hash bytea not null check (octet_length(token_hash) = 32),
    account_id uuid not null,
    known_at timestamptz not null,
    expires_at timestamptz not null check (expires_at > known_at),
    primary key (token_hash, account_id)
);

create index known_browsers_account_id on known_browsers (account_id);
create index known_browsers_expires_at on known_browsers (expires_at);

-- Forms as somebody left them: refused ones, which their page shows again to the browser that sent
-- them, and those that were sent after the session had ended, for the agent that they were made for.
-- Sealed; never a password or a code.
create table saved_forms (
    -- Of the id in the page's URL, which is stored nowhere.
    id_hash bytea primary key check (octet_length(id_hash) = 32),
    page text not null,
    box text not null check (length(box) < 65536),
    saved_at timestamptz not null,
    expires_at timestamptz not null check (expires_at > saved_at),
    -- Of the cookie of the browser's forms, and the network that it sent from: both limit rows.
    browser_hash bytea check (octet_length(browser_hash) = 32),
    network text,
    account_id uuid,
    constraint one_owner check ((browser_hash is null) = (account_id is not null))
);
comment on table saved_forms is 'Personal data, sealed: forms as they were typed. Kept half an hour for a browser, a day for an agent.';

create unique index saved_forms_of_account on saved_forms (account_id, page)
    where account_id is not null;
create index saved_forms_browser_hash on saved_forms (browser_hash, saved_at);
create index saved_forms_network on saved_forms (network);
create index saved_forms_expires_at on saved_forms (expires_at);
