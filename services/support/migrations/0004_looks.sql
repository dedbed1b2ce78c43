-- Accounts that agents opened, and the agreements of supervisors to open more in a day. The journal
-- has every look; these rows say what is open now. Days are those of Paris.

create table account_looks (
    agent_id uuid not null references agents,
    day date not null,
    account_id uuid not null,
    -- Names of `LOOK_REASONS`, in the order in which they were given.
    reasons text[] not null check (cardinality(reasons) > 0),
    opened_at timestamptz not null,
    primary key (agent_id, day, account_id)
);
comment on table account_looks is 'Deleted two days later.';
create index account_looks_day on account_looks (day);

create table look_agreements (
    -- That of the proposal.
    id uuid primary key,
    agent_id uuid not null references agents,
    day date not null
);
comment on table look_agreements is 'Deleted two days later.';
create index look_agreements_agent_id on look_agreements (agent_id, day);
