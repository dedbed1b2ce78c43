"""What is held about a person, as every service writes it down for them (B-11, GD-02)."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from shared.contracts.data_export import PersonalDataView
from shared.security.sealing import Sealer, seal_context

#: Matters, each with its rows; values are texts, numbers, yes or no, times, nothing, or
#: named values of these kinds.
ExportDocument = Mapping[str, Sequence[Mapping[str, Any]]]


def seal_export(gateway: Sealer, document: ExportDocument) -> PersonalDataView:
    """The answer to `ExportAccount`: `document` as JSON that only the gateway can open."""
    text = msgspec.json.encode(document).decode()
    sealed = gateway.seal(text, seal_context(PersonalDataView, "document"))
    return PersonalDataView(document=sealed)
