-- A date that Python cannot hold makes every read of its neighbours fail: nobody writes one.
ALTER TABLE journal_entries ADD CONSTRAINT dates_can_be_read CHECK (
    at BETWEEN '2000-01-01Z' AND '9000-01-01Z' AND heard_at BETWEEN '2000-01-01Z' AND '9000-01-01Z');
ALTER TABLE journal_links ADD CONSTRAINT dates_can_be_read CHECK (
    expires_at BETWEEN '2000-01-01Z' AND '9000-01-01Z');
ALTER TABLE journal_anchors ADD CONSTRAINT dates_can_be_read CHECK (
    at BETWEEN '2000-01-01Z' AND '9000-01-01Z');
