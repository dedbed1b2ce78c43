"""Words about letters: places, outcomes, moments. Pure."""

import re
from datetime import UTC, datetime

from services.gateway.desk.features.operations.queue_lines import moment_text
from shared.contracts.operations import TrialView
from shared.i18n.catalogue import N_, Plural, translate, translate_plural

#: The places of letters, by the word in the address.
PLACES: dict[str, tuple[str, str]] = {
    "mortes": ("dead", N_("Mortes")),
    "attente": ("retry", N_("En attente d'un nouvel essai")),
    "sans-abonne": ("unrouted", N_("Sans abonné")),
    "ecartees": ("discarded", N_("Écartées")),
}
DEAD = "mortes"
EMPTY: dict[str, str] = {
    "dead": N_("Aucune lettre morte."),
    "retry": N_("Rien n'attend un nouvel essai."),
    "unrouted": N_("Aucun événement sans abonné."),
    "discarded": N_("Aucune lettre écartée depuis 30 jours."),
}
#: What `operations` puts in place of a value that may be about a person.
HIDDEN = re.compile(r"‹(?:hidden|(?P<count>[0-9]+) (?P<what>character|value)s?)›")
HIDDEN_TEXT = N_("masqué")
HIDDEN_COUNTS = {
    "character": Plural("{n} caractère", "{n} caractères"),
    "value": Plural("{n} valeur", "{n} valeurs"),
}
#: What a trial came to.
OUTCOMES: dict[str, tuple[str, str]] = {
    "handled": ("success", N_("Elle serait traitée. Rien n'a changé.")),
    "duplicate": ("info", N_("Elle a déjà été traitée : la rejouer ne changerait rien.")),
    "failed": ("error", N_("Elle échouerait encore. Rien n'a changé.")),
    "no_answer": (
        "warning",
        N_(
            "Le service n'a pas répondu à temps. En ligne de commande, l'essai peut durer plus "
            "longtemps : impex dead replay --try."
        ),
    ),
}


def iso_text(text: str, now: datetime, lang: str) -> str:
    """A moment of a header as a list shows it; what is no moment, as it is."""
    if not text:
        return "-"
    try:
        found = datetime.fromisoformat(text)
        return moment_text(found if found.tzinfo else found.replace(tzinfo=UTC), now, lang)
    except (ValueError, OverflowError):
        return text


def short_type(name: str) -> str:
    """The middle of `owner.Name.v1`; the letter's own page has the whole."""
    parts = name.split(".")
    return parts[1] if len(parts) == 3 else name


def value_text(value: str, lang: str) -> str:
    """A value as the page shows it: what `operations` hid is said in words."""
    found = HIDDEN.fullmatch(value)
    if found is None:
        return value
    if found["what"] is None:
        return f"‹{translate(HIDDEN_TEXT, lang)}›"
    return f"‹{translate_plural(HIDDEN_COUNTS[found['what']], int(found['count']), lang)}›"


def trial_words(trial: TrialView, lang: str) -> tuple[str, str]:
    """The look and the text of an outcome."""
    look, text = OUTCOMES.get(trial.outcome, OUTCOMES["no_answer"])
    return look, translate(text, lang)
