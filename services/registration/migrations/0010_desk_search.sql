-- The desk searches accounts by address, as a whole, by its beginning or by its domain, and by the
-- beginnings of the words of a name, in any order.

-- What a text is searched by: no case, no accents, words of letters and digits with single blanks
-- between them. Cut, so that no text makes a word that is too long for an index.
CREATE FUNCTION folded(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN btrim(regexp_replace(
    replace(replace(replace(translate(regexp_replace(
        lower(left(normalize(left(value, 300), NFKD), 400) COLLATE "und-x-icu"),
        '[\u0300-\u036f]+', '', 'g'),
        'øłđı', 'oldi'), 'œ', 'oe'), 'æ', 'ae'), 'ß', 'ss'),
    '[^[:alnum:]]+', ' ', 'g'));

ALTER TABLE accounts ADD COLUMN name_words tsvector NOT NULL GENERATED ALWAYS AS (
    array_to_tsvector(string_to_array(folded(first_name || ' ' || last_name), ' '))) STORED;

CREATE INDEX accounts_address_prefix ON accounts (address_key text_pattern_ops);
CREATE INDEX accounts_domain_prefix ON accounts (split_part(address_key, '@', 2) text_pattern_ops);
-- Names change rarely, so what is new goes into the index at once and no search has to read it apart.
CREATE INDEX accounts_name_words ON accounts USING gin (name_words) WITH (fastupdate = off);
