"""People as functions of their number: names and towns as common as they are, half of the
establishments pharmacies."""

from dataclasses import dataclass

import msgspec

from shared.contracts.profile.views import ProfileFields

MASK = 2**64 - 1
FIRST_NAMES = (
    "Marie", "Pierre", "Zoé", "Jean-Michel", "Anne", "Luc", "Élodie", "François", "Nathalie",
    "Chloé", "Hélène", "Paul", "Inès", "Léa", "Hugo", "Camille", "Agnès", "Joël", "Noémie", "Rémi",
)  # fmt: skip
ROOTS = (
    "Martin", "Bernard", "Thomas", "Petit", "Robert", "Richard", "Durand", "Dubois", "Moreau",
    "Laurent", "Simon", "Michel", "Lefèvre", "Leroy", "Roux", "David", "Bertrand", "Morel",
    "Fournier", "Girard", "Müller", "d’Été", "Noël", "Garcia", "Klein",
)  # fmt: skip
ENDINGS = ("", "eau", "ier", "in", "elle", "on", "ac", "oux", "and", "ez", "-Roche", "-Duval")
TOWNS = ("Paris", "Lyon", "Marseille", "Saint-Étienne", "Nîmes", "Lille", "Saint-Denis")
KINDS = ("Pharmacie", "Pharmacie", "Pharmacie", "Laboratoire", "Hôpital", "Clinique")
NAMES_OF_PLACES = ("du Marché", "Saint-Louis", "de la Gare", "des Lilas", "Pasteur", "du Cœur")
#: What keeps the ids of one table apart from those of another.
SALTS = {
    name: (place + 1) << 48
    for place, name in enumerate(
        ("account", "entry", "mail", "message", "session", "request", "agent", "proposal")
    )
}


def mixed(number: int) -> int:
    """64 bits that look random (splitmix64)."""
    number = (number + 1) * 0x9E3779B97F4A7C15 & MASK
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9 & MASK
    number = (number ^ number >> 27) * 0x94D049BB133111EB & MASK
    return number ^ number >> 31


def uuid_of(number: int, salt: str) -> str:
    """The id of row `number` of a table, in random order."""
    return f"{mixed(number + SALTS[salt]):016x}{number:016x}"


def account_id(number: int) -> str:
    """The id of account `number`."""
    return uuid_of(number, "account")


@dataclass(frozen=True, slots=True)
class Person:
    """An account's names, address and establishment."""

    first_name: str
    last_name: str
    address: str
    siret: str
    company_name: str
    city: str
    postal_code: str
    phone: str
    number: int

    def fields(self) -> str:
        """The complementary information, as stored."""
        fields = ProfileFields(
            last_name=self.last_name,
            first_name=self.first_name,
            phone=self.phone,
            position="other",
            siret=self.siret,
            company_name=self.company_name,
            city=self.city,
            postal_code=self.postal_code,
            address=f"{self.number % 90} rue de la République",
            terms=True,
        )
        return msgspec.json.encode(fields).decode()


def person(number: int) -> Person:
    """The holder of account `number`."""
    rest = mixed(number)

    def one_of(count: int) -> int:
        nonlocal rest
        rest, found = divmod(rest, count)
        return found

    first = FIRST_NAMES[one_of(20)]
    last = ROOTS[one_of(25)] + ENDINGS[one_of(12)] + ENDINGS[one_of(12)]
    # One of six lives in a big town, the others in one of three thousand.
    town = f"Commune {one_of(3_000)}" if one_of(6) else TOWNS[one_of(7)]
    rest = mixed(number ^ 1 << 60)
    return Person(
        first_name=first,
        last_name=last,
        address=f"{first[:5].lower()}.{number}@labo{number % 5_000}.example",
        siret=f"{777_000_000 + one_of(300_000)}{one_of(20):05}",
        company_name=f"{KINDS[one_of(6)]} {NAMES_OF_PLACES[one_of(6)]} {number % 3_000}",
        city=town,
        postal_code=f"{1_000 + one_of(94_999):05}",
        phone=f"+331{number * 7 % 100_000_000:08}",
        number=number,
    )
