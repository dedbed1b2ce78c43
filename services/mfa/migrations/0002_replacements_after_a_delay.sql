-- Lost phones that may be replaced without a code of the old one, once a delay has passed and nobody
-- has objected. Support says when one opens and when it ends. Times are UTC.

CREATE TABLE delayed_replacements (
    -- The request to the desk.
    number text PRIMARY KEY CHECK (octet_length(number) <= 40),
    account_id uuid NOT NULL,
    -- A code of the phone since then shows that it is not lost. NULL: it ended before it opened here.
    asked_at timestamptz,
    open_until timestamptz,
    -- An end that comes before the opening holds.
    ended boolean NOT NULL DEFAULT false,
    forget_at timestamptz NOT NULL,
    CONSTRAINT an_opening_is_dated CHECK ((asked_at IS NULL) = (open_until IS NULL)),
    CONSTRAINT what_is_not_open_has_ended CHECK (ended OR open_until IS NOT NULL)
);
COMMENT ON TABLE delayed_replacements IS 'Deleted at forget_at, 30 days after the last change.';
CREATE INDEX delayed_replacements_account_id ON delayed_replacements (account_id);
CREATE INDEX delayed_replacements_forget_at ON delayed_replacements (forget_at);

ALTER TABLE enrolments
    DROP CONSTRAINT enrolments_allowed_by_check,
    ADD CONSTRAINT enrolments_allowed_by_check CHECK (allowed_by IN ('phone', 'recovery', 'delay'));
