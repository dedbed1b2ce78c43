"""Who runs the portal and how to reach them: what pages and mails both print.

In the try-out (a loopback base URL) whatever is not set is the guide's; elsewhere every
contact is required, so that no applicant is sent to another operator's support desk. `Brand` is the
settled result, the same for the gateway and the mailer.
"""

from collections.abc import Callable
from dataclasses import dataclass

from shared.settings import Problem, ServiceSettings, setting, specs


def validate_email_address(value: str) -> str | None:
    """Why this cannot be an address that mails and pages show, or None."""
    local, at, domain = value.rpartition("@")
    if not (local and at and domain) or "@" in local or not value.isascii():
        return "must be one address, such as desk@agency.example"
    if any(not char.isprintable() or char in ' <>(),;:"\\[]' for char in value):
        return "must be one address without a name, such as desk@agency.example"
    return None


def validate_line(value: str) -> str | None:
    """Why this cannot be one line of text, or None."""
    if not value.isprintable() or len(value) > 200:
        return "must be one line of at most 200 characters"
    return None


@dataclass(frozen=True, kw_only=True)
class Brand:
    """The operator's name and contacts on pages and in mails. `sender` is the one address mails
    come from.
    """

    service_name: str
    operator_name: str
    phone: str
    phone_international: str
    support_address: str
    import_address: str
    export_address: str
    dpo_address: str
    dpo_postal: str
    sender: str


#: The guide's own contacts. The sender is an address of a reserved domain: it receives nothing.
DEFAULT_BRAND = Brand(
    service_name="IMPEXWEB",
    operator_name="ANSM",
    phone="01.55.87.40.90",
    phone_international="+33 1 55 87 40 90",
    support_address="importation-medicaments@ansm.sante.fr",
    import_address="importation-medicaments@ansm.sante.fr",
    export_address="exportation-medicaments@ansm.sante.fr",
    dpo_address="dpo@ansm.sante.fr",
    dpo_postal=(
        "ANSM, DAUR, délégué à la protection des données, "
        "143-147 Bd Anatole France 93250 SAINT DENIS Cedex"
    ),
    sender="impexweb@impexweb.example",
)


def _contact(
    name: str, doc: str, example: str, valid: Callable[[str], str | None] = validate_line
) -> str:
    """A setting that is the guide's in the try-out and mandatory anywhere else."""
    spec: str = setting(
        name,
        default="",
        doc=doc,
        valid=valid,
        default_doc=f"try-out: {example}; mandatory elsewhere",
    )
    return spec


@dataclass(frozen=True, kw_only=True)
class BrandSettings(ServiceSettings):
    """Name, sender and contacts. `brand` gives them settled."""

    service_name: str = setting(
        "IMPEX_SERVICE_NAME",
        default=DEFAULT_BRAND.service_name,
        doc="Name of the service, on pages and in the sender's name.",
        valid=validate_line,
    )
    operator_name: str = _contact(
        "IMPEX_OPERATOR_NAME",
        "Short name of the agency that runs the portal.",
        DEFAULT_BRAND.operator_name,
    )
    phone: str = _contact(
        "IMPEX_SUPPORT_PHONE",
        "Telephone of the support desk as dialled in France.",
        DEFAULT_BRAND.phone,
    )
    phone_international: str = _contact(
        "IMPEX_SUPPORT_PHONE_INTERNATIONAL",
        "Telephone of the support desk as dialled from abroad.",
        DEFAULT_BRAND.phone_international,
    )
    support_address: str = _contact(
        "IMPEX_SUPPORT_ADDRESS",
        "Mailbox of the desk, which reads the replies to our mails.",
        DEFAULT_BRAND.support_address,
        validate_email_address,
    )
    import_address: str = _contact(
        "IMPEX_IMPORT_ADDRESS",
        "Address for questions about imports.",
        DEFAULT_BRAND.import_address,
        validate_email_address,
    )
    export_address: str = _contact(
        "IMPEX_EXPORT_ADDRESS",
        "Address for questions about exports.",
        DEFAULT_BRAND.export_address,
        validate_email_address,
    )
    dpo_address: str = _contact(
        "IMPEX_DPO_ADDRESS",
        "Address of the data protection officer.",
        DEFAULT_BRAND.dpo_address,
        validate_email_address,
    )
    dpo_postal: str = _contact(
        "IMPEX_DPO_POSTAL",
        "Postal address of the data protection officer.",
        DEFAULT_BRAND.dpo_postal,
    )
    sender: str = _contact(
        "IMPEX_MAIL_SENDER",
        "Sender of all mails, in header and envelope; bounces go there.",
        DEFAULT_BRAND.sender,
        validate_email_address,
    )
    allow_mixed_domains: bool = setting(
        "IMPEX_ALLOW_MIXED_DOMAINS",
        default=False,
        doc="Whether mails may come from a domain other than the portal's.",
    )

    @property
    def brand(self) -> Brand:
        """What is printed: what was set, and in the try-out the guide's for the rest."""
        names = list(Brand.__dataclass_fields__)
        return Brand(
            **{name: getattr(self, name) or getattr(DEFAULT_BRAND, name) for name in names}
        )

    def check(self) -> list[Problem]:
        """Off loopback every contact is explicit, and sender and portal share a domain (C16)."""
        if self.try_out:
            return []
        problems = [
            (spec.name, f"is required off the loopback address: {spec.doc}")
            for field, spec in specs(BrandSettings)
            if hasattr(DEFAULT_BRAND, field.name) and not getattr(self, field.name)
        ]
        mail, site = self.sender.rpartition("@")[2].lower(), (self.base.hostname or "").lower()
        if mail and not self.allow_mixed_domains and not _same_domain(mail, site):
            sentence = (
                f"is of {mail} while the portal is at {site}; if that is meant, "
                "set IMPEX_ALLOW_MIXED_DOMAINS=true"
            )
            problems.append(("IMPEX_MAIL_SENDER", sentence))
        return problems


def _same_domain(mail: str, site: str) -> bool:
    """One name is the other or lies under it; sister names of one parent do not count."""
    return mail == site or site.endswith(f".{mail}") or mail.endswith(f".{site}")
