-- When the holder closes sessions, sign-ins that still lack their second factor end too, also those
-- that a stored answer would open: a full session stays, a partial one proved before is invalid.
alter table session_revocations alter column before drop not null;
alter table session_revocations add column partial_before timestamptz;
alter table session_revocations
    add constraint something_is_revoked check (before is not null or partial_before is not null);
