"""`impex dossiers log` where there is nothing to show."""

import pytest

from operations.cli import parser
from operations.operate import dossier_log


@pytest.mark.parametrize(
    ("chosen", "first"),
    [
        ((), "No message about a dossier was handled in the last 30 days."),
        (("--partner", "labo"), "Nothing is known of it: it never arrived,"),
        (("--dossier", "AI-2026-00417"), "Nothing is known of it: it never arrived,"),
        (("--message", "0199d2c4"), "Nothing is known of it: it never arrived,"),
    ],
)
def test_an_empty_log_has_another_message_than_an_unknown_dossier(
    chosen: tuple[str, ...],
    first: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(dossier_log, "as_service", lambda _service, _work: [])
    assert dossier_log.main(parser().parse_args(["dossiers", "log", *chosen])) == 1
    printed = capsys.readouterr().out
    assert printed.startswith(first)
    assert printed.endswith("What is tried again: impex dead list dossiers --in retry\n")
