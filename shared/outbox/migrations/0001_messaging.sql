-- What every service needs to say facts, hear facts and answer requests exactly once in effect.

-- Facts committed and not yet confirmed by the broker. The relay publishes and deletes them; an old
-- row means broker trouble. Deleting what is confirmed, rather than remembering a last id, cannot
-- lose a row that commits late.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id uuid NOT NULL UNIQUE,
    type text NOT NULL,
    -- The whole envelope as it goes out; secrets in it are sealed.
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    last_error text,
    next_at timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Facts handled, so that a second delivery has no second effect. Kept longer than retries and
-- replays of dead letters last.
CREATE TABLE inbox (
    consumer text NOT NULL,
    message_id uuid NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, message_id)
);
CREATE INDEX inbox_received_at ON inbox USING brin (received_at);

-- Answers to requests that changed something, so that asking twice is asking once. A row without an
-- answer is only ever seen inside the transaction that is carrying the request out.
CREATE TABLE replies (
    type text NOT NULL,
    idempotency_key text NOT NULL,
    -- SHA-256 of the request's fields but the sealed ones, which differ each time.
    content_hash bytea NOT NULL,
    answer text,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (type, idempotency_key)
);
CREATE INDEX replies_expires_at ON replies (expires_at);
