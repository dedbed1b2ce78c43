"""What agents chose about the desk's pages."""

from dataclasses import dataclass

from aiohttp import web

from shared.database import Pool, acquire

UPSERT = """
insert into agent_preferences (agent_id, shortcuts) values ($1, $2)
on conflict (agent_id) do update set shortcuts = excluded.shortcuts
"""


@dataclass(frozen=True)
class Preferences:
    """The table of choices, by agent. Sessions are read with them."""

    pool: Pool

    async def set_shortcuts(self, agent_id: str, on: bool) -> None:
        """Keyboard shortcuts are on or off from now on, in every session of the agent."""
        async with acquire(self.pool) as connection:
            await connection.execute(UPSERT, agent_id, on)


PREFERENCES = web.AppKey("preferences", Preferences)
