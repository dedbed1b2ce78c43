"""Data export: what registration stores about an account, for its holder (B-11, GD-02).

Of passwords, codes and links only the times are exported. Requests that others made for the same
address belong to them and are left out.
"""

from services.registration import account_store
from services.registration.deps import Deps
from shared.contracts.base import Refusal
from shared.contracts.data_export import PersonalDataView
from shared.contracts.registration.holder import ExportAccount
from shared.domain.data_export import seal_export
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger

CATEGORIES = {
    "account": """
        SELECT id::text AS account_id, address, first_name, last_name, language, state, created_at,
            imported_at, verified_at AS address_proved_at, named_at AS name_changed_at,
            address_changed_at, second_factor_at, phone_replaced_at, frozen_at, undo_until,
            desk_only AS only_the_desk_thaws, signed_in_at AS last_sign_in_at
        FROM accounts LEFT JOIN last_sign_ins ON account_id = id WHERE id = $1
    """,
    "dormant_account": """
        SELECT last_used_at, warned_at, warned_again_at, deactivation_at, outcome, ended_at
        FROM dormant_accounts WHERE account_id = $1
    """,
    "password": "SELECT set_at, right_at AS last_right_at FROM credentials WHERE account_id = $1",
    "terms": """
        SELECT version, language, sha256, address, accepted_at FROM terms_acceptances
        WHERE account_id = $1 ORDER BY accepted_at
    """,
    "account_requests": """
        SELECT id::text AS request_id, address, first_name, last_name, language, state,
            requested_at, sent_at, verified_at, created_at, kept_until, mail_state, mail_at,
            mail_reason
        FROM requests WHERE account_id = $1 AND NOT decoy ORDER BY requested_at
    """,
    "address_change": """
        SELECT address, tries AS wrong_codes, requested_at, sent_at, expires_at, kept_until
        FROM address_changes WHERE account_id = $1
    """,
    "recovery_address": """
        SELECT address, verified_at FROM recovery_addresses WHERE account_id = $1
    """,
    "recovery_address_change": """
        SELECT address, tries AS wrong_codes, sent_at, expires_at FROM recovery_address_changes
        WHERE account_id = $1
    """,
    "address_codes": """
        SELECT tries AS wrong_codes, sent_at, expires_at, used_at FROM address_codes
        WHERE account_id = $1
    """,
    "mailed_links": """
        SELECT kind, stolen, requested_at, expires_at, replaced, used_at FROM mailed_links
        WHERE account_id = $1 ORDER BY requested_at
    """,
    "disavowals": """
        SELECT used_at, expires_at FROM disavowals WHERE account_id = $1 ORDER BY used_at
    """,
}
# A counter's key is the account's id, or a keyed hash of its address, optionally with a network.
LIMITS = """
SELECT kind, cardinality(moments) AS counted,
    (SELECT max(moment) FROM unnest(moments) AS moment) AS latest_at, forget_at
FROM counters
WHERE cardinality(moments) > 0 AND split_part(key, ' ', 1) = ANY($1)
ORDER BY kind, latest_at
"""

log = get_logger("registration")


async def export_account(request: ExportAccount, context: RequestContext[Deps]) -> PersonalDataView:
    """Account, terms, requests, codes, links and limits, by category."""
    account, tx = await account_store.read(context.tx, request.account_id), context.tx
    if account is None:
        raise Refused(Refusal(slug="unknown_account"))
    document = {}
    for category, sql in CATEGORIES.items():
        document[category] = [dict(row) for row in await tx.fetch(sql, account.id)]
    deps, key = context.deps, account.address_key
    limit_keys = [account.id, *deps.rate_limit_keys(key), *deps.quota_keys(key)]
    document["limits"] = [dict(row) for row in await tx.fetch(LIMITS, limit_keys)]
    log.info("Personal data were read.", action="personal_data_read", account=account.id)
    return seal_export(context.deps.gateway_sealer, document)
