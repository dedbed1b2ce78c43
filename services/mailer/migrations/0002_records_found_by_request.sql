-- A request's mails are looked for whatever became of them, and the oldest that waits each second.
DROP INDEX deliveries_of_request;
CREATE INDEX deliveries_of_request ON deliveries (request_id);
CREATE INDEX deliveries_waiting ON deliveries (written_at) WHERE ended_at IS NULL;
