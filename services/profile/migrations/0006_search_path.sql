-- A restore, and any session of another role, works without this schema in its path: the function
-- that the index calls finds what it calls itself.
ALTER FUNCTION search_words(text) SET search_path FROM CURRENT;
