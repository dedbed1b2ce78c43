"""What support stores about the requests of an account, for its holder's data export (B-11, GD-02).

Notes of the desk that the person is not shown are not in a request: its thread is.
"""

import json

from services.support import request_store
from services.support.deps import Deps
from services.support.request_moves import DETAILS, TEXT
from shared.contracts.data_export import PersonalDataView
from shared.contracts.support.people_requests import ExportRequests
from shared.domain.data_export import seal_export
from shared.messaging.handlers import RequestContext
from shared.runtime.telemetry import get_logger

#: More than an account can have within the retention.
MAX_REQUESTS = 10_000

log = get_logger("support")


async def export_requests(
    request: ExportRequests, context: RequestContext[Deps]
) -> PersonalDataView:
    """Every request with what was written in it."""
    tx, opener = context.tx, context.deps.opener
    rows, messages = [], []
    for one in await request_store.of_account(tx, request.account_id, MAX_REQUESTS):
        fields = json.loads(opener.open(one.details, DETAILS))
        rows.append(
            {
                "number": one.number,
                "kind": one.kind,
                "state": str(one.state),
                "received_at": one.received_at,
                "answer_by": one.answer_by.isoformat(),
                "ended_at": one.closed_at,
                "reason": one.reason,
                **fields,
            }
        )
        for entry in await request_store.entries(tx, one.number):
            if entry.text is not None:
                messages.append(
                    {
                        "number": one.number,
                        "by": "holder" if entry.author == "person" else "desk",
                        "written_at": entry.at,
                        "text": opener.open(entry.text, TEXT),
                    }
                )
    log.info("Personal data was exported.", action="personal_data_read", account=request.account_id)
    document = {"support_requests": rows, "support_messages": messages}
    return seal_export(context.deps.gateway_sealer, document)
