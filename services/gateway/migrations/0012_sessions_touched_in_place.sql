-- A session in use is touched every fifteen seconds. Without an index on that moment, and with room
-- in each page, the new row takes the place of the old one and no index is written; once a minute the
-- purge reads the sessions that are open instead.
drop index sessions_seen_at;
drop index sessions_ends_at;
alter table sessions set (fillfactor = 70);
