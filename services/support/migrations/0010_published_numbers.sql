-- The published number that was dialled, which the second agent looks up where it was found. Calls
-- from before have none.

alter table calls add column telephone text not null default ''
    check (octet_length(telephone) <= 20 and (telephone = '' or line = 'switchboard'));
