-- How many searches an agent made on a day of Paris. The journal has each of them.
create table account_searches (
    agent_id uuid not null references agents,
    day date not null,
    made integer not null check (made > 0),
    primary key (agent_id, day)
);
comment on table account_searches is 'Deleted two days later.';
create index account_searches_day on account_searches (day);
