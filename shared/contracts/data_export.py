"""What every service answers when a person asks what is held about them (B-11, GD-02)."""

from shared.contracts.base import Reply, Sealed


class PersonalDataView(Reply, frozen=True, kw_only=True):
    """What a service holds about an account: `document` is a JSON object, sealed for the gateway.

    Its keys name matters in English (`sessions`, `terms`), its values are rows of plain texts,
    numbers and times; of secrets only their existence.
    """

    document: Sealed
