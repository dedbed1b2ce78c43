-- Accounts whose complementary information is validated, as its owner said: nobody is asked again.
create table validated_accounts (
    account_id uuid primary key,
    validated_at timestamptz not null
);

-- What somebody had typed in the complementary information when their session ended: sealed, for
-- that account alone, until it is saved or a day has gone.
create table kept_forms (
    account_id uuid primary key,
    box text not null check (length(box) < 65536),
    kept_at timestamptz not null,
    expires_at timestamptz not null check (expires_at > kept_at)
);
comment on table kept_forms is 'Personal data, sealed: the form as it was typed. Kept a day.';

create index kept_forms_expires_at on kept_forms (expires_at);

-- When the name and the address that a session shows were last changed: events may overtake others.
alter table sessions add column named_at timestamptz;
alter table sessions add column addressed_at timestamptz;
