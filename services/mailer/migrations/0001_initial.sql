-- One row per mail. It is written in the transaction that hears the event, and from then on says
-- what became of the mail. `sealed` holds the code and link token as the event brought them, and is
-- emptied with the last state. A row lives 30 days after its end.
CREATE TABLE deliveries (
    mail_id     uuid PRIMARY KEY,
    cause       text NOT NULL,
    template    text NOT NULL,
    subject     text,
    request_id  text,
    traceparent text,
    language    text NOT NULL,
    address     text NOT NULL,
    facts       jsonb NOT NULL,
    sealed      jsonb,
    asked_at    timestamptz NOT NULL,
    written_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    state       text NOT NULL DEFAULT 'pending' CHECK (state IN (
                    'pending', 'sending', 'transmitting', 'accepted', 'deferred', 'refused',
                    'dropped', 'held')),
    reason      text,
    due_at      timestamptz,
    deferrals   integer NOT NULL DEFAULT 0 CHECK (deferrals >= 0),
    doubts      integer NOT NULL DEFAULT 0 CHECK (doubts >= 0),
    claim       uuid,
    lease_until timestamptz,
    ended_at    timestamptz,
    UNIQUE (cause, template),
    CHECK ((state IN ('pending', 'deferred')) = (due_at IS NOT NULL)),
    CHECK ((state IN ('sending', 'transmitting')) = (lease_until IS NOT NULL)),
    CHECK ((state IN ('accepted', 'refused', 'dropped')) = (ended_at IS NOT NULL)),
    CHECK (sealed IS NULL OR state NOT IN ('accepted', 'refused', 'dropped'))
);

CREATE INDEX deliveries_due ON deliveries (due_at) WHERE state IN ('pending', 'deferred');
CREATE INDEX deliveries_leased ON deliveries (lease_until)
    WHERE state IN ('sending', 'transmitting');
CREATE INDEX deliveries_of_request ON deliveries (request_id) WHERE ended_at IS NULL;
CREATE INDEX deliveries_ended ON deliveries (ended_at) WHERE ended_at IS NOT NULL;

-- One row per attempt, with the mail server's own words.
CREATE TABLE attempts (
    mail_id  uuid NOT NULL REFERENCES deliveries ON DELETE CASCADE,
    number   integer NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    outcome  text NOT NULL,
    reason   text,
    smtp_code integer,
    answer   text NOT NULL DEFAULT '',
    PRIMARY KEY (mail_id, number)
);

-- Requests that were given up, ran out or became accounts: a mail about them that is heard of
-- later, out of order, is not sent.
CREATE TABLE closed_requests (
    request_id text PRIMARY KEY,
    closed_at  timestamptz NOT NULL
);

-- Whom later mails about an account go to.
CREATE TABLE directory (
    account_id text PRIMARY KEY,
    address    text NOT NULL,
    first_name text NOT NULL,
    last_name  text NOT NULL,
    language   text NOT NULL,
    known_at   timestamptz NOT NULL
);
