-- The few that failed, counted every few seconds among those that were delivered.
CREATE INDEX deliveries_failed ON deliveries (partner) WHERE state = 'failed';
