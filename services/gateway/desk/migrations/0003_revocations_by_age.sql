-- Those older than any session are deleted every minute.
create index session_revocations_latest on session_revocations ((greatest(before, partial_before)));
