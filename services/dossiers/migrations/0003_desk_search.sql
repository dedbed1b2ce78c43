-- The desk searches dossiers by number or its beginning, whatever parts its groups.
CREATE FUNCTION number_signs(number_folded text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(number_folded, '[ ._/-]+', '', 'g');

CREATE INDEX dossiers_number ON dossiers (number_signs(number_folded) text_pattern_ops)
    WHERE number_folded <> '';
