"""Both interpreters of the password rules over one table: Python directly, the page's by Node."""

import json
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

from services.registration.passwords import Candidate, PasswordRules

HERE = Path(__file__).parent
TABLE: list[dict[str, Any]] = json.loads((HERE / "passwords.json").read_text("utf-8"))


def candidate(row: dict[str, Any]) -> Candidate:
    """A row of the table as the server's interpreter takes it."""
    names = ("password", "first_name", "last_name", "address")
    return Candidate(**{name: row[name] for name in names})


def by_server(rules: PasswordRules, table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The results of the server, in the form of the page's."""
    return [
        {
            "verdicts": [
                {"rule": v.rule, "ok": v.ok, "code": v.code, "params": dict(v.params)}
                for v in rules.check(candidate(row))
            ],
            "strength": rules.strength(candidate(row)),
            "folded": rules.fold(row["password"]),
        }
        for row in table
    ]


def by_page(rules: PasswordRules, table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The results of the page's interpreter, run by Node."""
    question = {"rules": json.loads(rules.to_json()), "table": table}
    done = subprocess.run(
        ["node", str(HERE / "check_passwords.mjs")],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def reclassified(first: int, last: int) -> str:
    """The characters of a range whose class Node's version of Unicode and Python's do not agree on.

    U+0295 was a lower-case letter up to Unicode 15. The server's class counts.
    """
    script = """
      const [first, last] = process.argv.slice(1).map(Number), classes = [];
      for (let code = first; code <= last; code += 1) {
        const sign = String.fromCodePoint(code);
        classes.push(["Lu", "Ll", "L", "M", "Cf"].filter((one) =>
          new RegExp(`\\\\p{${one}}`, "u").test(sign)));
      }
      process.stdout.write(JSON.stringify(classes));
    """
    done = subprocess.run(
        ["node", "--eval", script, str(first), str(last)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    differing = []
    for code, classes in enumerate(json.loads(done.stdout), start=first):
        category = unicodedata.category(chr(code))
        ours = [one for one in ("Lu", "Ll", "L", "M", "Cf") if category.startswith(one)]
        if classes != ours:
            differing.append(chr(code))
    return "".join(differing)
