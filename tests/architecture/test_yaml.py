"""Every YAML file of the repository is accepted by parsers that refuse repeated keys."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.strict_yaml import load_yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = subprocess.run(
    ["git", "ls-files", "-z", "*.yaml", "*.yml"],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=True,
).stdout.split("\0")[:-1]


@pytest.mark.parametrize("name", FILES)
def test_no_key_is_repeated(name: str) -> None:
    assert load_yaml((ROOT / name).read_text("utf-8"))


@pytest.mark.parametrize(
    "text", ["a: 1\na: 2\n", "one: {b: 1, b: 1}\n", "- x: &x {c: 1}\n- <<: *x\n  d: 1\n  d: 2\n"]
)
def test_a_repeated_key_is_refused(text: str) -> None:
    with pytest.raises(yaml.YAMLError, match="twice"):
        load_yaml(text)


def test_a_merged_mapping_may_be_overridden() -> None:
    text = "x: &x {a: 1, b: 1}\ny: &y\n  <<: *x\n  a: 2\nz: {<<: *y, c: 3}\n"
    assert load_yaml(text)["z"] == {"a": 2, "b": 1, "c": 3}
