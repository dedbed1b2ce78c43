-- Deleted a year after they happened, among entries that stay and take their place: a block range
-- index would lead to all of them.
CREATE INDEX journal_entries_expiring ON journal_entries (at) WHERE expires;
