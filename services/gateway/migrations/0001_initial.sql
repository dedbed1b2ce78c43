-- A browser that asked for an account, until the request runs out. Browsers that have not asked
-- carry a signed cookie and have no row here. Only a hash of the cookie's token is kept (SE-01).
create table presessions (
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    request_id uuid not null,
    created_at timestamptz not null,
    expires_at timestamptz not null check (expires_at > created_at),
    -- When the terms were accepted without an answer: the page follows the creation for a moment.
    accepting_at timestamptz
);

create index presessions_expires_at on presessions (expires_at);
create index presessions_request_id on presessions (request_id);
