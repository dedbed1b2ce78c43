"""Errors carry their documentation."""

import pytest

from shared import errors
from shared.errors import ConfigurationError, DependencyDown, ImpexError, Reject, Retry


@pytest.mark.parametrize("cls", [errors.ImpexError, errors.DecryptionError, errors.SchemaMismatch])
def test_the_docstring_is_the_default_message(cls: type[ImpexError]) -> None:
    assert str(cls()) == " ".join((cls.__doc__ or "").split())
    assert str(cls("another")) == "another"


def test_control_flow_errors_keep_their_arguments() -> None:
    retry = Retry("too early", after=2.5)
    assert (str(retry), retry.reason, retry.after) == ("too early", "too early", 2.5)
    assert Reject("never").reason == "never"
    down = DependencyDown("database", "refused")
    assert (str(down), down.name, down.reason) == (
        "database is unavailable: refused",
        "database",
        "refused",
    )
    problems = [("IMPEX_A", "is wrong"), ("IMPEX_B", "too")]
    assert str(ConfigurationError(problems)) == "IMPEX_A: is wrong\nIMPEX_B: too"
