"""YAML as Docker Compose reads it: a repeated key in a mapping is an error.

PyYAML silently takes the last of the two, though keys are unique (YAML 1.2, section 3.2.1.1).
"""

from typing import Any

import yaml


class _StrictLoader(yaml.SafeLoader):
    """A safe loader that refuses repeated keys; a merged key (`<<`) may be overridden."""

    def compose_mapping_node(self, anchor: str | None) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            name = (key.tag, str(key.value))
            if name in seen:
                raise yaml.constructor.ConstructorError(
                    "while reading a mapping", node.start_mark, f"{name[1]} twice", key.start_mark
                )
            seen.add(name)
        return node


def load_yaml(text: str) -> Any:
    """The document in `text`; raises `yaml.YAMLError` where a key is repeated."""
    return yaml.load(text, _StrictLoader)
