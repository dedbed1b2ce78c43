"""Parses what the company directory answers about a SIRET. Pure.

The contract is « Recherche d'entreprises » (`GET /search?q=<siret>`, SI-05, SI-06): the
establishment is in `results[].matching_etablissements[]`, and also, with its address in parts, in
`siege` if it is the head office. Texts of the directory are suggestions for the user to edit;
those that cannot be parsed are left out. What is suggested is accepted by the form.
"""

import re
from datetime import date

import msgspec

from services.profile.establishment import FRENCH_POSTAL_CODE
from services.profile.text_rules import MAX_LINE_LENGTH, is_readable
from shared.domain.typed_text import UnsafeText, clean_line

#: An address in one line, of which parts become lines of the form.
MAX_ADDRESS_LENGTH = 400
#: What stands for data that the directory does not publish: « [ND] », « [NON-DIFFUSIBLE] » and any
#: other words in brackets, these also without them where they are all there is.
_MASK = re.compile(
    r"\[[^\]]*\]|^(?:n\.? ?d\.?|x{3,}|non[ -]?(?:diffus|communiqu|renseign)\w*)$", re.IGNORECASE
)
#: Where the street begins in an address in one line: a number, or a way without one.
_WAY = (
    r"(?:ALL(?:EE)?|AV(?:ENUE)?|BD|BOULEVARD|CHE(?:MIN)?|COURS|ESP(?:LANADE)?|IMP(?:ASSE)?"
    r"|MONTEE|PASS(?:AGE)?|PL(?:ACE)?|QU?AI|ROUTE|RTE|RUE|SENTE|SENTIER|SQ(?:UARE)?|VOIE)"
)
_NUMBERED_STREET = re.compile(
    rf"(?<!\S)(?<!BP )(?<!CS )[0-9]{{1,4}}(?: ?(?:BIS|TER|QUATER|[A-Z]))?,? {_WAY} \S",
    re.IGNORECASE,
)
#: Not behind an article: « 5 RUE DE LA PLACE VERTE », « ZONE DE LA ROUTE DE LYON ».
_STREET = re.compile(
    rf"(?<!\S)(?<!DE )(?<!DU )(?<!DES )(?<!LA )(?<!L )(?<!LE ){_WAY} \S", re.IGNORECASE
)
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
    if not FRENCH_POSTAL_CODE.fullmatch(postal_code):
        postal_code = ""
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
    street = _clean_text(" ".join(text for text in map(_clean_text, parts) if text))
    postal_code, city = _clean_text(one.code_postal), _clean_text(one.libelle_commune)
    if _clean_text(one.cedex):
        postal_code, city = _clean_text(one.cedex), _clean_text(one.libelle_cedex) or city
    if street:
        return _clean_text(one.complement_adresse), street, postal_code, city
    line = one.adresse or ""
    codes = [] if len(line) > MAX_ADDRESS_LENGTH else list(_POSTAL_CODE.finditer(line))
    if not codes:
        return "", "", postal_code, city
    last = codes[-1]
    city = _clean_text(line[last.end() :]) or city
    extra, street = _split_line(_clean_text(line[: last.start()], MAX_ADDRESS_LENGTH))
    return extra, street, last.group(), city


def _split_line(line: str) -> tuple[str, str]:
    """(complement, street) of an address in one line, whose complement stands in front.

    The last numbered street counts, else the first street. A line that is too long even so is left
    out.
    """
    numbered = list(_NUMBERED_STREET.finditer(line))
    street = numbered[-1] if numbered else _STREET.search(line)
    begin = street.start() if street else 0
    parts = line[:begin].rstrip(" ,-"), line[begin:]
    return parts if max(map(len, parts)) <= MAX_LINE_LENGTH else ("", "")


def _clean_text(value: str | None, max_length: int = MAX_LINE_LENGTH) -> str:
    """A text fit to be shown, or an empty one: masked, too long, unreadable, or of signs only."""
    try:
        text = clean_line(value or "", MAX_ADDRESS_LENGTH)
    except UnsafeText:
        return ""
    if len(text) > max_length or not all(map(is_readable, text)):
        return ""
    if _MASK.search(text) or not any(map(str.isalnum, text)):
        return ""
    return " ".join(text.split())


def _parse_date(value: str | None) -> date | None:
    try:
        return date.fromisoformat((value or "")[:10])
    except ValueError:
        return None
