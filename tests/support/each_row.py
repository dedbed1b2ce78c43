"""A test that goes through a table: one test for all rows, which names each row that fails.

`pytest.mark.parametrize` makes a test of each row, and a test costs pytest milliseconds, more than
most rows of a long table take by themselves.
"""

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

#: So many names of failed rows are in the line that sums up a failure; all are in its details.
MAX_NAMED = 10

Test = Callable[..., None]


def each_row(
    arguments: str | Sequence[str], rows: Iterable[Any], ids: Callable[[Any], str] = str
) -> Callable[[Test], Test]:
    """Call the decorated test for each of `rows`, which are as those of `parametrize`.

    All rows run. If some fail, the test fails with a group that has the failure of each, with its
    row. Rows share the fixtures of the test: none may leave anything behind in them. ValueError
    without rows, since such a test would show nothing.
    """
    names = (arguments,) if isinstance(arguments, str) else tuple(arguments)
    table = tuple(rows)
    if not table:
        raise ValueError(f"no rows for {', '.join(names)}")

    def for_each(test: Test) -> Test:
        @functools.wraps(test)
        def tested(**fixtures: Any) -> None:
            failed: list[str] = []
            errors: list[BaseException] = []
            for row in table:
                given = dict(zip(names, (row,) if len(names) == 1 else row, strict=True))
                try:
                    test(**given, **fixtures)
                except (Exception, pytest.fail.Exception) as error:
                    error.add_note(f"the row is {ids(row)}")
                    failed.append(ids(row))
                    errors.append(error)
            if errors:
                shown = ", ".join(failed[:MAX_NAMED]) + (", …" if len(failed) > MAX_NAMED else "")
                raise BaseExceptionGroup(f"{len(failed)} of {len(table)} rows: {shown}", errors)

        signature = inspect.signature(test)
        others = [one for name, one in signature.parameters.items() if name not in names]
        # pytest reads from it which fixtures the test needs.
        vars(tested)["__signature__"] = signature.replace(parameters=others)
        return tested

    return for_each
