-- As in the inbox: rows written later take the place of deleted ones, and a block range index would
-- lead to all of them.
DROP INDEX outcomes_at;
CREATE INDEX outcomes_at ON outcomes (at);
