-- Lost phones that wait without an agent: since when, when another phone may be enrolled, when the
-- person was reminded, since and until when it is open. Times are UTC.

alter table lost_phones
    add column alone_since timestamptz,
    add column alone_due_at timestamptz,
    add column reminded_at timestamptz,
    add column opened_at timestamptz,
    add column open_until timestamptz,
    add constraint a_wait_has_an_end check ((alone_since is null) = (alone_due_at is null)
        and alone_due_at >= alone_since),
    add constraint an_opening_has_an_end check ((opened_at is null) = (open_until is null)
        and (opened_at is null or reminded_at is not null)),
    add constraint one_way_only check (alone_since is null
        or proposal_id is null and released_at is null and codes = 0),
    drop constraint lost_phones_stopped_by_check,
    add constraint lost_phones_stopped_by_check check (stopped_by in ('', 'calls', 'person', 'link',
        'agent', 'sign_in', 'freeze', 'owner', 'changed', 'closed', 'replaced', 'setting', 'clock'));
create index lost_phones_alone on lost_phones (account_id)
    where alone_since is not null and stopped_at is null and resumed_at is null;
