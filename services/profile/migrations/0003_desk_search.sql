-- The desk searches what was declared by SIRET or its beginning, by telephone, and by the beginnings
-- of the words of an establishment's name, town and postal code.

-- What a text is searched by: no case, no accents, words of letters and digits with single blanks
-- between them. Cut, so that no text makes a word that is too long for an index.
CREATE FUNCTION folded(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN btrim(regexp_replace(
    replace(replace(replace(translate(regexp_replace(
        lower(left(normalize(left(value, 300), NFKD), 400) COLLATE "und-x-icu"),
        '[\u0300-\u036f]+', '', 'g'),
        'øłđı', 'oldi'), 'œ', 'oe'), 'æ', 'ae'), 'ß', 'ss'),
    '[^[:alnum:]]+', ' ', 'g'));

ALTER TABLE profiles ADD COLUMN establishment_words tsvector NOT NULL GENERATED ALWAYS AS (
    array_to_tsvector(string_to_array(folded(
        left(coalesce(fields ->> 'company_name', ''), 200) || ' '
        || left(coalesce(fields ->> 'city', ''), 80) || ' '
        || left(coalesce(fields ->> 'postal_code', ''), 12)), ' '))) STORED;

-- A number is typed with the national 0 or with the country's code: the last nine digits are the same.
CREATE FUNCTION phone_digits(phone text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN right(regexp_replace(phone, '[^0-9]+', '', 'g'), 9);

CREATE INDEX profiles_siret ON profiles (siret text_pattern_ops) WHERE siret IS NOT NULL;
CREATE INDEX profiles_phone ON profiles (phone_digits(fields ->> 'phone'));
CREATE INDEX profiles_establishment_words ON profiles USING gin (establishment_words)
    WITH (fastupdate = off);
