-- The partner whom an event is for; NULL for events that every subscriber receives.
ALTER TABLE outbox ADD COLUMN recipient text;
