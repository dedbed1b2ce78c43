"""Parses what the company directory answers about a SIRET. Pure.

The contract is « Recherche d'entreprises » (`GET /search?q=<siret>`, SI-05, SI-06): the
establishment is in `results[].matching_etablissements[]`, and also, with its address in parts, in
`siege` if it is the head office. Texts of the directory are suggestions for the user to edit;
those that cannot be parsed are left out.
"""

import re
from datetime import date

import msgspec

from services.profile.text_rules import is_readable, normalize
from shared.domain.typed_text import UnsafeText

#: Longer texts are neither names nor addresses.
MAX_HINT_LENGTH = 100
MAX_ADDRESS_LENGTH = 400
#: Placeholder of companies that opted out of publication.
_HIDDEN = "[NON-DIFFUSIBLE]"
_POSTAL_CODE = re.compile(r"(?<![0-9])[0-9]{5}(?![0-9])", re.ASCII)


class SiretCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Result of looking a SIRET up: `found`, `closed`, `unlisted`, or `deferred`."""

    state: str
    closed_on: date | None = None

    @property
    def closed_text(self) -> str:
        """`closed_on` as messages have it: `2024-05-31`, or empty."""
        return "" if self.closed_on is None else self.closed_on.isoformat()


class EstablishmentRecord(SiretCheck, frozen=True, kw_only=True):
    """What the directory knows about a SIRET; texts that may not be shown are empty."""

    company_name: str = ""
    address: str = ""
    address_extra: str = ""
    postal_code: str = ""
    city: str = ""
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


def parse_record(body: bytes, siret: str) -> EstablishmentRecord | None:
    """The record of `siret`, or None if the body cannot be parsed."""
    try:
        found = _decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    for company in found.results:
        for establishment in (company.siege, *(company.matching_etablissements or ())):
            if establishment is not None and establishment.siret == siret:
                return _record(company, establishment)
    return EstablishmentRecord(state="unlisted")


def _record(company: _Company, establishment: _Establishment) -> EstablishmentRecord:
    closed = establishment.etat_administratif == "F"
    shown = establishment.statut_diffusion_etablissement != "P"
    if not shown and not closed:
        return EstablishmentRecord(state="unlisted")
    closed_on = _parse_date(establishment.date_fermeture) if closed else None
    if not shown:
        return EstablishmentRecord(state="closed", closed_on=closed_on)
    extra, street, postal_code, city = _address(establishment)
    return EstablishmentRecord(
        state="closed" if closed else "found",
        company_name=_clean_text(company.nom_raison_sociale) or _clean_text(company.nom_complet),
        address=street,
        address_extra=extra,
        postal_code=postal_code,
        city=city,
        closed_on=closed_on,
        hospital_pharmacy=bool(establishment.liste_finess),
    )


def _address(one: _Establishment) -> tuple[str, str, str, str]:
    """(complement, street, postal code, city), from the parts or from the address in one line."""
    parts = (one.numero_voie, one.indice_repetition, one.type_voie, one.libelle_voie)
    street = " ".join(text for text in map(_clean_text, parts) if text)
    postal_code, city = _clean_text(one.code_postal), _clean_text(one.libelle_commune)
    if _clean_text(one.cedex):
        postal_code, city = _clean_text(one.cedex), _clean_text(one.libelle_cedex) or city
    if street:
        return _clean_text(one.complement_adresse), street, postal_code, city
    line = (one.adresse or "")[:MAX_ADDRESS_LENGTH]
    codes = list(_POSTAL_CODE.finditer(line))
    if not codes:
        return "", "", postal_code, city
    last = codes[-1]
    city = _clean_text(line[last.end() :]) or city
    return "", _clean_text(line[: last.start()]), last.group(), city


def _clean_text(value: str | None) -> str:
    """A text fit to be shown, or an empty one."""
    try:
        text = normalize((value or "")[: MAX_ADDRESS_LENGTH + 1])
    except UnsafeText:
        return ""
    if len(text) > MAX_HINT_LENGTH or _HIDDEN in text or not all(map(is_readable, text)):
        return ""
    return text


def _parse_date(value: str | None) -> date | None:
    try:
        return date.fromisoformat((value or "")[:10])
    except ValueError:
        return None
