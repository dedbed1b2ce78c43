-- What is deleted first is found by a b-tree: rows written later take the place of deleted ones, so
-- that soon every part of the table holds old and new ones, and a block range index leads to all.
DROP INDEX inbox_received_at;
CREATE INDEX inbox_received_at ON inbox (received_at);
