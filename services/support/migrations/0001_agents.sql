-- Agents of the desk and the links that invite them. Times are UTC.

create table agents (
    id uuid primary key,
    address text not null check (octet_length(address) <= 254),
    -- What compares; an address that was removed may be invited again, as another agent.
    address_key text not null,
    -- Empty until the invitation is accepted.
    first_name text not null default '' check (char_length(first_name) <= 100),
    last_name text not null default '' check (char_length(last_name) <= 100),
    language text not null check (language in ('fr', 'en')),
    role text not null check (role in ('agent', 'supervisor', 'operator', 'auditor')),
    state text not null check (state in
        ('proposed', 'accepted', 'invited', 'to_enrol', 'active', 'suspended', 'removed')),
    -- When the state began.
    since timestamptz not null,
    -- argon2id of the peppered password.
    password_hash text check (password_hash like '$argon2id$%'),
    pepper_key_id text,
    -- Who proposed the account, and who agreed; both NULL where the command line did.
    proposed_by uuid references agents,
    approved_by uuid references agents,
    -- When a second factor was enrolled, for the first time or anew: a newcomer approves nothing.
    joined_at timestamptz,
    -- Until when the password alone may enrol a second factor.
    enrol_before timestamptz,
    seen_at timestamptz,
    -- Wrong passwords since the last right one.
    failures integer not null default 0 check (failures >= 0),
    constraint hashes_name_their_keys check ((password_hash is null) = (pepper_key_id is null)),
    constraint nobody_agrees_alone check (approved_by is null or approved_by <> proposed_by),
    constraint active_has_a_password check (state <> 'active' or password_hash is not null)
);
comment on table agents is 'Personal data: name, address. Kept: the journal names agents by id.';
create unique index agents_address_key on agents (address_key) where state <> 'removed';

-- Links that invite an agent, or let one enrol anew, as keyed hashes.
create table agent_links (
    link_hash bytea primary key,
    agent_id uuid not null references agents,
    purpose text not null check (purpose in ('invitation', 'reset')),
    sent_at timestamptz not null,
    expires_at timestamptz not null check (expires_at > sent_at),
    used_at timestamptz,
    replaced boolean not null default false
);
comment on table agent_links is 'Secret: hashes only. Deleted a week after expires_at.';
create index agent_links_agent_id on agent_links (agent_id);
create index agent_links_expires_at on agent_links (expires_at);

-- Moments of wrong passwords, by keyed hash of an address and by network (AU-02).
create table agent_attempts (
    key text primary key,
    moments timestamptz[] not null,
    expires_at timestamptz not null
);
comment on table agent_attempts is 'Personal data: network. Deleted after a day.';
create index agent_attempts_expires_at on agent_attempts (expires_at);

-- What people ask of the desk, as it arrived: what they wrote is sealed for support.
create table incoming_requests (
    event_id text primary key,
    type text not null,
    -- The account of whoever asked, where there is one.
    account_id uuid,
    body jsonb not null,
    received_at timestamptz not null
);
comment on table incoming_requests is 'Personal data, sealed: what people wrote to the desk.';
