-- « obrien » finds O'Brien, and « jeanmichel » Jean-Michel: the words of a name are searched joined too.

-- The words of a text, each as it is and joined with the next one or two. `\1\2` joins every other
-- pair: once from the first word on, once from the second; triples likewise, from three places on.
CREATE FUNCTION search_words(value text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    text_from text := folded(value);
    joined text := text_from;
BEGIN
    FOR start IN 1..3 LOOP
        IF start < 3 THEN
            joined := joined || ' ' || regexp_replace(text_from, '(\S+) (\S+)', '\1\2', 'g');
        END IF;
        joined := joined || ' ' || regexp_replace(text_from, '(\S+) (\S+) (\S+)', '\1\2\3', 'g');
        text_from := regexp_replace(text_from, '^\S+ ?', '');
    END LOOP;
    RETURN array_to_tsvector(array_remove(string_to_array(joined, ' '), ''));
END $$;

DROP INDEX accounts_name_words;
ALTER TABLE accounts DROP COLUMN name_words;
ALTER TABLE accounts ADD COLUMN name_words tsvector NOT NULL GENERATED ALWAYS AS (
    search_words(first_name || ' ' || last_name)) STORED;
CREATE INDEX accounts_name_words ON accounts USING gin (name_words) WITH (fastupdate = off);
