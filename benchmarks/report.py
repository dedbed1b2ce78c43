"""The table that `make bench` prints."""

import sys
from collections.abc import Mapping, Sequence
from itertools import groupby
from textwrap import wrap

from benchmarks.measure import Line, Plan

HEAD = ("", "ours", "(min - max)", "baseline", "ratio", "aim", "")
WIDTHS = (46, 12, 17, 10, 8, 9, 6)


def progress(text: str) -> None:
    """One line on standard error while measuring."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


def number(value: float, unit: str = "") -> str:
    """Three significant figures, and the unit."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f} {unit}".strip()


def row(cells: Sequence[str]) -> str:
    return "  ".join(
        cell.ljust(width) if at == 0 else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True))
    ).rstrip()


def cells(line: Line, plan: Plan) -> tuple[str, ...]:
    """One line's cells; a quick run gives no verdict."""
    several = len(line.values) > 1
    spread = f"({number(min(line.values))} - {number(max(line.values))})" if several else ""
    verdict = "" if line.passed is None else "pass" if line.passed else "MISS"
    return (
        line.what,
        number(line.value, line.unit),
        spread,
        number(line.baseline, line.unit) if line.baseline is not None else "",
        f"{line.ratio:.2f} x" if line.ratio is not None else "",
        line.aim,
        "-" if verdict and plan.quick else verdict,
    )


def table(facts: Mapping[str, object], lines: Sequence[Line], plan: Plan) -> str:
    """The whole report: where and when, then each scenario next to its baselines."""
    out = ["", *wrap(" | ".join(f"{name} {value}" for name, value in facts.items()), 118)]
    out.append("medians of the rounds, ours and baseline in turn; ratio of each round")
    if plan.quick:
        out.append("QUICK: too few samples for a verdict")
    for scenario, group in groupby(lines, key=lambda line: line.scenario):
        ours = "bare" if scenario == "baseline" else HEAD[1]
        out += ["", row((scenario, ours, *HEAD[2:]))]
        baselines: dict[str, list[str]] = {}
        notes: list[str] = []
        for line in group:
            out.append(row(cells(line, plan)))
            if line.floor_name:
                baselines.setdefault(line.floor_name, []).append(line.what)
            if line.note:
                notes.append(f"    {line.what}: {line.note}")
        # Named next to their lines only where the scenario has more than one baseline.
        for name, compared in baselines.items():
            of = f" of {'; '.join(compared)}" if len(baselines) > 1 else ""
            notes.append(f"    baseline{of}: {name}")
        out += [part for note in notes for part in wrap(note, 118, subsequent_indent=" " * 8)]
    verdicts = [line.passed for line in lines if line.passed is not None]
    if verdicts and not plan.quick:
        out += ["", f"{sum(verdicts)} of {len(verdicts)} aims met"]
    return "\n".join(out)
