-- An address is counted under a keyed hash, not in clear: a counter outlives a cancelled request,
-- and what is typed where an address goes may be a password. Counting starts afresh.
DELETE FROM counters;
COMMENT ON COLUMN counters.key IS 'Keyed hash of an address''s compare form, or a network prefix.';
