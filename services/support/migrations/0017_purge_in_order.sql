-- As before, the oldest first: in the order of the index nothing else is read, even where nothing is
-- left and the statistics do not know it yet.
CREATE OR REPLACE FUNCTION journal_purge(batch integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = support, pg_temp AS $$
    WITH gone AS (
        DELETE FROM journal_entries
        WHERE number IN (
            SELECT entry.number FROM journal_entries AS entry
            WHERE entry.expires AND entry.at <= now() - interval '365 days'
                AND EXISTS (SELECT FROM journal_links WHERE entry_number = entry.number)
            ORDER BY entry.at LIMIT batch)
        RETURNING number),
    emptied AS (DELETE FROM journal_values WHERE entry_number IN (SELECT number FROM gone))
    SELECT count(*) FROM gone
$$;
