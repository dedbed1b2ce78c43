"""Persons of an import, and what it does with each. Pure."""

from dataclasses import dataclass, field

from services.registration.email_addresses import EmailAddress


@dataclass(frozen=True, kw_only=True)
class Person:
    """One person of a file, whose fields are valid."""

    line: int
    address: EmailAddress
    first_name: str
    last_name: str
    language: str


@dataclass(frozen=True, kw_only=True)
class NewAccount:
    """An account that is made for a person."""

    id: str
    person: Person


@dataclass(frozen=True, kw_only=True)
class HandedCode:
    """The code of a person, in clear: it is stored nowhere."""

    person: Person
    code: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What an import does: accounts to make, accounts never joined that get another code, and
    persons whose address has an account that it cannot touch."""

    new: tuple[NewAccount, ...]
    renewed: tuple[NewAccount, ...]
    taken: tuple[Person, ...]
