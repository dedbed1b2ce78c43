"""The mailer checks every mail when it starts: here once per process."""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from services.mailer import settings
from services.mailer.messages import Messages

if TYPE_CHECKING:  # the fork server does without pytest
    import pytest


@cache
def _known_problems(*given: object) -> tuple[str, ...]:
    return tuple(Messages(*given).check())  # type: ignore[arg-type]


class CheckedOnce(Messages):
    """Checks our own templates once in a process, for one brand and address."""

    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self._given = given

    def check(self) -> Iterator[str]:
        templates_dir = self._given[2]
        # An operator's own templates may change between two starts.
        return super().check() if templates_dir else iter(_known_problems(*self._given))


def check_templates_once(monkeypatch: "pytest.MonkeyPatch") -> None:
    """Settings that name no folder of templates check ours at the first start only."""
    monkeypatch.setattr(settings, "Messages", CheckedOnce)
