-- The one effect of a measured event.
CREATE TABLE effects (
    id uuid PRIMARY KEY,
    note text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
