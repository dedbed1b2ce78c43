-- One row per partner whose events are posted to an address of its own, as the partners' files say:
-- provisioning and `impex partner` write it. Without `url` nothing is read or posted for now.
-- `failures` without an answer in a row; nothing is posted before `resumes_at`.
CREATE TABLE receivers (
    partner    text PRIMARY KEY,
    url        text,
    failures   integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    resumes_at timestamptz
);

-- One row per event for one partner, written in the transaction that hears it. `delivery_id` is the
-- id under which it is handled once, `message_id` that of its envelope. A row lives for 7 days after
-- it was delivered, 30 days after it failed, and no longer than its partner.
CREATE TABLE deliveries (
    partner     text NOT NULL REFERENCES receivers ON DELETE CASCADE,
    delivery_id uuid NOT NULL,
    message_id  uuid NOT NULL,
    type        text NOT NULL,
    body        bytea NOT NULL,
    said_at     timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    state       text NOT NULL DEFAULT 'waiting'
                CHECK (state IN ('waiting', 'delivered', 'failed')),
    attempts    integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    tried_at    timestamptz,
    next_at     timestamptz,
    expires_at  timestamptz NOT NULL,
    status      integer CHECK (status BETWEEN 100 AND 999),
    reason      text NOT NULL DEFAULT '',
    unanswered  boolean NOT NULL DEFAULT false,
    claim       uuid,
    lease_until timestamptz,
    ended_at    timestamptz,
    PRIMARY KEY (partner, delivery_id),
    CHECK ((state = 'waiting') = (next_at IS NOT NULL)),
    CHECK ((state = 'waiting') = (ended_at IS NULL)),
    CHECK ((claim IS NULL) = (lease_until IS NULL)),
    CHECK (claim IS NULL OR state = 'waiting')
);

CREATE INDEX deliveries_due ON deliveries (partner, attempts, next_at) WHERE state = 'waiting';
CREATE INDEX deliveries_expiring ON deliveries (expires_at) WHERE state = 'waiting';
CREATE INDEX deliveries_leased ON deliveries (partner) WHERE lease_until IS NOT NULL;
CREATE INDEX deliveries_ended ON deliveries (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX deliveries_received ON deliveries (partner, received_at DESC);

-- The public halves of the keys that sign, as the service that runs has them.
CREATE TABLE public_keys (
    key_id     text PRIMARY KEY,
    position   integer NOT NULL,
    public_key bytea NOT NULL CHECK (length(public_key) = 32)
);
