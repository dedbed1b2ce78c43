"""Data export: what the service stores about an account, but no key or code (B-11, GD-02)."""

import asyncpg

from services.mfa.deps import Deps
from shared.contracts.data_export import PersonalDataView
from shared.contracts.mfa.requests import ExportAccount
from shared.domain.data_export import seal_export
from shared.messaging.handlers import RequestContext
from shared.runtime.telemetry import get_logger

QUERIES = {
    "authenticator": """
        SELECT enrolled_at, begun_at AS first_begun_at FROM authenticators WHERE account_id = $1
    """,
    "authenticators_on_their_way": """
        SELECT begun_at, expires_at, allowed_by FROM enrolments WHERE account_id = $1
        ORDER BY begun_at
    """,
    "replacements_after_a_delay": """
        SELECT asked_at, open_until, ended FROM delayed_replacements
        WHERE account_id = $1 AND asked_at IS NOT NULL ORDER BY asked_at
    """,
    "recovery_codes": """
        SELECT made_at, kept_at,
            (SELECT count(*) FROM recovery_codes AS code WHERE code.account_id = list.account_id)
                AS codes_left
        FROM recovery_lists AS list WHERE account_id = $1
    """,
    "wrong_codes": """
        SELECT kind, failures AS since_the_last_right_one, cardinality(wrong) AS within_a_day,
            (SELECT max(moment) FROM unnest(wrong) AS moment) AS latest_at, forget_at
        FROM tries WHERE account_id = $1 ORDER BY kind
    """,
}

log = get_logger("mfa")


async def export_account(request: ExportAccount, context: RequestContext[Deps]) -> PersonalDataView:
    """Times of authenticators, enrolments and recovery codes; number of wrong codes."""
    document = {}
    try:
        for category, sql in QUERIES.items():
            found = await context.tx.fetch(sql, request.account_id)
            document[category] = [dict(row) for row in found]
    except asyncpg.DataError:
        log.warning("An account id is not valid.", action="input_validation_fail")
    log.info("Personal data was exported.", action="personal_data_read", account=request.account_id)
    return seal_export(context.deps.sealers["gateway"], document)
