-- What was told to the desk, so that one form is told once and nobody tells too often. The text is
-- nowhere here: it goes sealed to the desk alone.
create table desk_words (
    -- Of the form as it was filled in, by that browser.
    form_hash bytea primary key check (octet_length(form_hash) = 32),
    kind text not null check (kind in ('correction', 'departure')),
    -- The number that the page shows.
    number text not null unique,
    -- The account of whoever told it in a session.
    account_id uuid,
    -- An account, or a network prefix.
    counted_under text not null,
    told_at timestamptz not null,
    expires_at timestamptz not null check (expires_at > told_at)
);
comment on table desk_words is 'Personal data: network. Deleted after a day.';

create index desk_words_counted on desk_words (kind, counted_under, told_at);
create index desk_words_account_id on desk_words (account_id);
create index desk_words_expires_at on desk_words (expires_at);
