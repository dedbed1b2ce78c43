"""What the public directory of companies answers about a SIRET, and what we make of it. Pure.

The contract is that of « Recherche d'entreprises » (`GET /search?q=<siret>`, SI-05, SI-06): the
establishment is in `results[].matching_etablissements[]`, and once more, with its address in parts,
in `siege` where it is the head office. Texts of the directory are hints for the person to edit;
whatever is not understood in them is left out.
"""

from __future__ import annotations

import re
from datetime import date

import msgspec

from services.profile.texts import is_readable, tidy

#: Longer texts than these are no names and no addresses.
LONGEST_HINT = 100
LONGEST_ADDRESS = 400
#: What stands where a company does not want to be shown.
_HIDDEN = "[NON-DIFFUSIBLE]"
_POSTAL_CODE = re.compile(r"(?<![0-9])[0-9]{5}(?![0-9])", re.ASCII)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """`state` is `found`, `closed` or `unlisted`; the texts are empty where nothing is shown."""

    state: str
    company_name: str = ""
    address: str = ""
    address_extra: str = ""
    postal_code: str = ""
    city: str = ""
    closed_on: date | None = None
    hospital_pharmacy: bool = False


class _Establishment(msgspec.Struct, frozen=True):
    siret: str | None = None
    etat_administratif: str | None = None
    statut_diffusion_etablissement: str | None = None
    date_fermeture: str | None = None
    adresse: str | None = None
    complement_adresse: str | None = None
    numero_voie: str | None = None
    indice_repetition: str | None = None
    type_voie: str | None = None
    libelle_voie: str | None = None
    code_postal: str | None = None
    libelle_commune: str | None = None
    cedex: str | None = None
    libelle_cedex: str | None = None
    liste_finess: list[str] | None = None


class _Company(msgspec.Struct, frozen=True):
    nom_raison_sociale: str | None = None
    nom_complet: str | None = None
    siege: _Establishment | None = None
    matching_etablissements: list[_Establishment] | None = None


class _Found(msgspec.Struct, frozen=True):
    results: list[_Company]


_decoder = msgspec.json.Decoder(_Found)


def read_answer(body: bytes, siret: str) -> Answer | None:
    """What the directory says of `siret`, or None where it says nothing that we understand."""
    try:
        found = _decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    for company in found.results:
        for one in (company.siege, *(company.matching_etablissements or ())):
            if one is not None and one.siret == siret:
                return _answer(company, one)
    return Answer(state="unlisted")


def _answer(company: _Company, one: _Establishment) -> Answer:
    closed = one.etat_administratif == "F"
    shown = one.statut_diffusion_etablissement != "P"
    if not shown and not closed:
        return Answer(state="unlisted")
    closed_on = _day(one.date_fermeture) if closed else None
    if not shown:
        return Answer(state="closed", closed_on=closed_on)
    extra, street, postal_code, city = _address(one)
    return Answer(
        state="closed" if closed else "found",
        company_name=_text(company.nom_raison_sociale) or _text(company.nom_complet),
        address=street,
        address_extra=extra,
        postal_code=postal_code,
        city=city,
        closed_on=closed_on,
        hospital_pharmacy=bool(one.liste_finess),
    )


def _address(one: _Establishment) -> tuple[str, str, str, str]:
    """(complement, street, postal code, town): in parts, or cut at the address's postal code."""
    parts = (one.numero_voie, one.indice_repetition, one.type_voie, one.libelle_voie)
    street = " ".join(text for text in map(_text, parts) if text)
    postal_code, city = _text(one.code_postal), _text(one.libelle_commune)
    if _text(one.cedex):
        postal_code, city = _text(one.cedex), _text(one.libelle_cedex) or city
    if street:
        return _text(one.complement_adresse), street, postal_code, city
    whole = (one.adresse or "")[:LONGEST_ADDRESS]
    codes = list(_POSTAL_CODE.finditer(whole))
    if not codes:
        return "", "", postal_code, city
    last = codes[-1]
    return "", _text(whole[: last.start()]), last.group(), _text(whole[last.end() :]) or city


def _text(said: str | None) -> str:
    """A text to be shown, or nothing: hidden ones, long ones and unreadable ones are left out."""
    text = tidy((said or "")[: LONGEST_ADDRESS + 1])
    if len(text) > LONGEST_HINT or _HIDDEN in text or not all(map(is_readable, text)):
        return ""
    return text


def _day(said: str | None) -> date | None:
    try:
        return date.fromisoformat((said or "")[:10])
    except ValueError:
        return None
