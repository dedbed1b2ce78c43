-- Two more kinds of requests, and the address that somebody without an account typed: we write to it.
alter table support_requests drop constraint support_requests_kind_check;
alter table support_requests add constraint support_requests_kind_check
    check (kind in ('correction', 'departure', 'message', 'mailbox'));
-- A SHA-256 hash: the address itself is sealed for the desk.
alter table support_requests add column address_hash bytea
    check (octet_length(address_hash) = 32);
create index support_requests_address_hash on support_requests (address_hash, submitted_at)
    where address_hash is not null;
