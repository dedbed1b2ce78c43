-- Two kinds of entries that are looked for among all: one of them is written a day.
CREATE INDEX journal_entries_verified ON journal_entries (number DESC)
    WHERE section = 'agents' AND type = 'support.JournalVerified';
CREATE INDEX journal_entries_anonymised ON journal_entries (at)
    WHERE type = 'support.AnonymisationOrdered.v1';
