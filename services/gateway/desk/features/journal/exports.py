"""Exports of the journal (GD-05): proposed by one person, agreed to by another, then downloaded."""

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import hdrs, web

from services.gateway.clients.services import open_sealed
from services.gateway.desk.proposals import ActForm
from services.gateway.desk.proposals import propose as propose_act
from services.gateway.desk.support import agent_of, ask_support
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import path_values
from services.gateway.portal.csv_file import BOM, csv_text
from services.gateway.portal.flash import redirect_with_flash
from services.gateway.portal.form_errors import invalid_form
from services.gateway.portal.journal_texts import REASONS, reason_text
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.support.journal import (
    ExportPart,
    ExportsView,
    ListExports,
    ReadExport,
)
from shared.runtime.telemetry import get_logger

#: Why accounts and events are exported, of the reasons of acts.
EXPORT_REASONS = ("suspicious_access", "legal_duty")
#: The columns of the file. Programs read it: names and values are those of the journal.
COLUMNS = ("at", "account", "type", "section", "agent", "facts", "about_the_person")

log = get_logger("desk")


async def show(request: web.Request, form: Form) -> web.Response:
    """The exports that can be downloaded, and the form for another one."""
    agent, lang = agent_of(request), request[REQUEST_STATE].lang
    view = await ask_support(request, ListExports(agent_id=agent.account_id), ExportsView)
    return page(
        request,
        "journal_exports.html",
        form=form,
        exports=[(one, reason_text(one.reason, lang)) for one in view.exports],
        reasons=[(name, reason_text(name, lang)) for name in EXPORT_REASONS if name in REASONS],
    )


async def propose(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Propose an export; somebody else agrees to it under « À approuver »."""
    if missing := [name for name in ("first_day", "last_day", "reason") if not fields[name]]:
        return invalid_form(request, fields, *missing)
    days = {name: fields[name] for name in ("first_day", "last_day")}
    wanted = ActForm(act="export_journal", reason=fields["reason"], details=days)
    done = await propose_act(request, fields, wanted)
    if isinstance(done, Form):
        return done
    return redirect_with_flash(request, "journal_exports", "export_proposed")


async def download(request: web.Request) -> web.StreamResponse:
    """The file, read from support some entries at a time.

    Where support stops answering the connection is reset, so that a part of the file is never taken
    for the whole.
    """
    export_id = path_values(request)["export"]
    part = await _read(request, export_id, "")
    response = web.StreamResponse(
        headers={
            hdrs.CONTENT_TYPE: "text/csv; charset=utf-8; header=present",
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="journal-{export_id[:8]}.csv"',
        }
    )
    try:
        await response.prepare(request)
        await response.write((BOM + csv_text([COLUMNS])).encode())
        while True:
            await response.write(csv_text(_lines(request, part)).encode())
            if part.after is None:
                break
            part = await _read(request, export_id, part.after)
        await response.write_eof()
    except ConnectionError:
        pass  # the browser has gone
    except Exception:
        log.exception("An export could not be finished.", action="dependency_away")
        if request.transport is not None:
            request.transport.abort()
    return response


async def _read(request: web.Request, export_id: str, after: str) -> ExportPart:
    message = ReadExport(agent_id=agent_of(request).account_id, export_id=export_id, after=after)
    return await ask_support(request, message, ExportPart)


def _lines(request: web.Request, part: ExportPart) -> list[list[str]]:
    """The cells of some entries."""
    entries = msgspec.json.decode(open_sealed(request, ExportPart, "lines", part.lines))
    return [_cells(entry) for entry in entries]


def _cells(entry: Mapping[str, Any]) -> list[str]:
    facts, values = (msgspec.json.encode(entry[name]).decode() for name in ("facts", "values"))
    names = ("at", "account_id", "type", "section", "agent_id")
    return [*(str(entry[name]) for name in names), facts, values]
