-- Acts of agents, from their proposal to their end. Times are UTC.

create table proposals (
    id uuid primary key,
    -- What people call it where no request has a number: ACT-<serial>.
    serial bigint generated always as identity unique,
    act text not null,
    -- What it is about: an account, or an agent; neither for all accounts or the desk itself.
    account_id uuid,
    subject_agent_id uuid references agents,
    request_number text not null default '',
    -- Of closed lists.
    reason text not null,
    -- The act's fields by name, readable because the second person compares them; sealed on the way.
    details jsonb not null default '{}' check (jsonb_typeof(details) = 'object'),
    note text not null default '' check (char_length(note) <= 500),
    state text not null check (state in
        ('proposed', 'approved', 'done', 'refused', 'stopped', 'expired', 'failed')),
    proposed_by uuid not null references agents,
    proposed_at timestamptz not null,
    expires_at timestamptz,
    approved_by uuid references agents,
    approved_at timestamptz,
    -- Approved by nobody, because the desk has one agent: the setting allows it after a long wait.
    single boolean not null default false,
    due_at timestamptz,
    done_at timestamptz,
    -- Who or what ended it before it was done, and why.
    ended_by text not null default '',
    ended_agent_id uuid references agents,
    ended_at timestamptz,
    ended_why text not null default '',
    -- Why its owner could not carry it out.
    failure text not null default '',
    -- The mailed link by which the holder objects, as a keyed hash.
    link_hash bytea unique check (octet_length(link_hash) = 32),
    -- Whatever the program does, nobody agrees with themselves.
    constraint nobody_approves_their_own check (approved_by is null or approved_by <> proposed_by),
    constraint nobody_acts_on_themselves
        check (subject_agent_id is null or subject_agent_id <> proposed_by),
    constraint one_subject check (account_id is null or subject_agent_id is null),
    constraint approved_is_dated
        check ((state = 'approved') <= (approved_at is not null and due_at is not null)),
    constraint done_is_dated check ((state = 'done') <= (done_at is not null)),
    constraint ended_is_dated
        check ((state in ('refused', 'stopped', 'expired')) <= (ended_at is not null))
);
comment on table proposals is
    'Personal data: what is to be changed, notes. Kept as long as the account.';
create index proposals_account_id on proposals (account_id, proposed_at);
create index proposals_expires_at on proposals (expires_at) where state = 'proposed';
create index proposals_due_at on proposals (due_at) where state = 'approved';
create index proposals_proposed_at on proposals (proposed_at);
-- The same act is not planned twice for one account.
create unique index one_open_act on proposals (account_id, act)
    where state in ('proposed', 'approved');
