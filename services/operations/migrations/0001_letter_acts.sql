-- One row per act on dead letters that an operator ordered on the desk's page, and how far it is: of
-- the one letter with this code, or of all of a fault. Whoever carries it out holds a lease, so that
-- another process goes on after a crash. A row lives 30 days after its end.
CREATE TABLE letter_acts (
    act_id      uuid PRIMARY KEY,
    act         text NOT NULL CHECK (act IN ('replay', 'discard')),
    service     text NOT NULL,
    code        text,
    fault       text,
    agent_id    text NOT NULL,
    reason      text NOT NULL,
    ordered_at  timestamptz NOT NULL,
    done        integer NOT NULL DEFAULT 0 CHECK (done >= 0),
    lease_until timestamptz,
    ended_at    timestamptz,
    CHECK ((code IS NULL) <> (fault IS NULL)),
    CHECK (ended_at IS NULL OR lease_until IS NULL)
);

CREATE INDEX letter_acts_open ON letter_acts (ordered_at) WHERE ended_at IS NULL;
CREATE INDEX letter_acts_ended ON letter_acts (ended_at) WHERE ended_at IS NOT NULL;
