-- Links, codes and notices of an account belong to no request: a later one drops the earlier ones
-- that still wait, and notices about failures are counted by day.
CREATE INDEX deliveries_of_account ON deliveries (subject, template, asked_at);
