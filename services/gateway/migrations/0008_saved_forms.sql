-- Forms as somebody left them: refused ones, which their page shows again to the browser that sent
-- them, and those that were sent after the session had ended, for the account that they were made
-- for. Sealed; never a password or a code. Input saved in the last day is not taken over.
drop table saved_input;

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
comment on table saved_forms is 'Personal data, sealed: forms as they were typed. Kept half an hour for a browser, a day for an account.';

create unique index saved_forms_of_account on saved_forms (account_id, page)
    where account_id is not null;
create index saved_forms_browser_hash on saved_forms (browser_hash, saved_at);
create index saved_forms_network on saved_forms (network);
create index saved_forms_expires_at on saved_forms (expires_at);
