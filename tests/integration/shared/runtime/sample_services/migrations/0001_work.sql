CREATE TABLE work (
    at timestamptz NOT NULL DEFAULT now(),
    what text NOT NULL
);
