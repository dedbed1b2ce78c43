"""The settings of every service: each answers with its own, and says nothing secret."""

from services.support.authorization import require_view
from services.support.deps import Deps
from shared.contracts.support.settings import AllSettingsView, ListSettings, ServiceSettingRows
from shared.database import Pool, acquire
from shared.messaging.handlers import RequestContext
from shared.runtime.settings_view import setting_rows


async def read_settings(request: ListSettings, deps: Deps, pool: Pool) -> AllSettingsView:
    """Ask every service, for those who may read it."""
    async with acquire(pool) as connection:
        await require_view(connection, request.agent_id, "settings")
    away: set[str] = set()
    found = await deps.owners.settings(away)
    own = ServiceSettingRows(service="support", rows=setting_rows(deps.settings))
    others = (
        ServiceSettingRows(service=service, rows=rows) for service, rows in sorted(found.items())
    )
    return AllSettingsView(services=(own, *others), away=tuple(sorted(away)))


async def list_settings(_request: ListSettings, context: RequestContext[Deps]) -> AllSettingsView:
    """What was read."""
    view: AllSettingsView = context.prepared
    return view
