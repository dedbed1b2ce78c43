-- Lost phones: what a request of that kind goes through at the desk, and its calls. Times are UTC.

create table lost_phones (
    number text primary key references requests on delete cascade,
    account_id uuid not null,
    -- The act that removes the phone, and the one that accepts other names.
    proposal_id uuid,
    names_proposal_id uuid,
    stopped_at timestamptz,
    stopped_by text not null default ''
        check (stopped_by in ('', 'calls', 'person', 'link', 'agent', 'sign_in', 'freeze', 'owner')),
    -- When the credentials were ordered to be removed.
    released_at timestamptz,
    -- How many codes were told, and until when the last one is good.
    codes smallint not null default 0 check (codes >= 0),
    code_until timestamptz,
    -- The code was right and the names differ; the account was joined again.
    held_at timestamptz,
    resumed_at timestamptz,
    constraint a_stop_has_a_cause check ((stopped_at is null) = (stopped_by = '')),
    constraint codes_follow_the_removal check (codes = 0 or released_at is not null)
);
create index lost_phones_account_id on lost_phones (account_id);

create table calls (
    id uuid primary key,
    number text not null references lost_phones on delete cascade,
    agent_id uuid not null references agents,
    -- `check` before the removal, `code` after it.
    purpose text not null check (purpose in ('check', 'code')),
    line text not null check (line in ('file', 'switchboard')),
    -- Since when a number of the file is there; where a published one was found.
    line_since timestamptz,
    found_at text not null default '' check (octet_length(found_at) <= 800),
    -- Keyed hash of the digits that were dialled: the second call goes to the same number.
    line_hash bytea not null check (octet_length(line_hash) = 32),
    -- The agent's word, sealed for the desk; both words, sealed for the person's page; of the person's
    -- word only a keyed hash. All go when the call ends.
    agent_word jsonb,
    words jsonb,
    word_hash bytea,
    word_key_id text,
    wrong_words smallint not null default 0 check (wrong_words between 0 and 3),
    started_at timestamptz not null,
    ends_at timestamptz not null check (ends_at > started_at),
    matched_at timestamptz,
    ended_at timestamptz,
    outcome text not null default '' check (outcome in
        ('', 'matched', 'told', 'wrong_words', 'no_answer', 'not_requested', 'doubt', 'time_over')),
    constraint an_end_has_an_outcome check ((ended_at is null) = (outcome = '')),
    constraint words_go_with_the_call check ((ended_at is null) = (words is not null)
        and (ended_at is null) = (agent_word is not null)
        and (ended_at is null) = (word_hash is not null)),
    constraint published_numbers_say_where check ((line = 'switchboard') = (found_at <> ''))
);
comment on table calls is 'Secret while a call lasts: words, sealed and hashed. Kept with the request.';
create unique index one_call_at_once on calls (number) where ended_at is null;
create index calls_number on calls (number, started_at);
create index calls_open on calls (ends_at) where ended_at is null;
