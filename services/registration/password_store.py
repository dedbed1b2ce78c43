"""SQL on the recipes of stored password hashes, in the caller's transaction."""

from shared.database import Connection
from shared.security.password_hashing import Recipe

RECIPE = "pepper_key_id || '$' || split_part(password_hash, '$', 4)"
# Each step asks an index for the next recipe: as many steps as recipes, whatever the rows.
IN_USE = f"""
WITH RECURSIVE of_accounts AS (
    SELECT min({RECIPE}) AS recipe FROM credentials
    UNION ALL
    SELECT (SELECT min({RECIPE}) FROM credentials WHERE {RECIPE} > of_accounts.recipe)
    FROM of_accounts WHERE recipe IS NOT NULL
), of_requests AS (
    SELECT min({RECIPE}) AS recipe FROM requests
    UNION ALL
    SELECT (SELECT min({RECIPE}) FROM requests WHERE {RECIPE} > of_requests.recipe)
    FROM of_requests WHERE recipe IS NOT NULL
)
SELECT recipe FROM of_accounts WHERE recipe IS NOT NULL
UNION
SELECT recipe FROM of_requests WHERE recipe IS NOT NULL
ORDER BY recipe
"""  # noqa: S608


async def recipes_in_use(tx: Connection) -> list[Recipe]:
    """The recipes of all stored hashes, of accounts and of requests, in a fixed order."""
    return [Recipe.parse(row["recipe"]) for row in await tx.fetch(IN_USE)]
