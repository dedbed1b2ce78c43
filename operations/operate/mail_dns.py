"""`impex mail records`: what the sender's domain must say in the DNS, and what of it is missing.

Asks the resolver of this machine; changes nothing. The relay signs (DKIM), so its selector must be
given for its record to be checked.
"""

import argparse
import os
from collections.abc import Callable, Iterator

import dns.exception
import dns.resolver

from operations.printing import say
from shared.errors import ConfigurationError, DependencyDown

#: (name, kind of record) to the texts of the records found; none is an empty list.
Lookup = Callable[[str, str], list[str]]

SETTING = "IMPEX_MAIL_SENDER"
SECONDS = 5


def main(options: argparse.Namespace) -> int:
    """Print what is missing; exit code 0 if nothing is."""
    domain = os.environ.get(SETTING, "").rpartition("@")[2]
    if not domain:
        sentence = "is required, to know the domain that mails come from"
        raise ConfigurationError([(SETTING, sentence)])
    found = list(missing(domain, _ask, options.selector))
    for sentence in found:
        say(f"Missing: {sentence}")
    if not found:
        say(f"{domain} says all that receivers ask for.")
    return 1 if found else 0


def missing(domain: str, lookup: Lookup, selector: str | None = None) -> Iterator[str]:
    """One sentence for each record that receivers ask for and do not find (EM-10)."""
    if not lookup(domain, "MX"):
        yield f"an MX record of {domain}, so that bounces and replies arrive"
    spf = [text for text in lookup(domain, "TXT") if text.lower().startswith("v=spf1")]
    if len(spf) != 1:
        yield (
            f"one TXT record of {domain} like “v=spf1 ip4:<the relay's address> -all” "
            f"({len(spf)} found; exactly one counts)"
        )
    elif spf[0].lower().split()[-1].lstrip("+") == "all":
        yield f"a limit in the SPF record of {domain}: “{spf[0]}” lets everybody send"
    policies = (lookup(f"_dmarc.{name}", "TXT") for name in _and_parents(domain))
    if not any("p=" in text for found in policies for text in found if text.startswith("v=DMARC1")):
        yield f"a TXT record of _dmarc.{domain} like “v=DMARC1; p=reject; rua=mailto:<a mailbox>”"
    if selector is None:
        yield "the relay's DKIM selector; give it with --selector"
    elif not any(_has_key(text) for text in lookup(f"{selector}._domainkey.{domain}", "TXT")):
        yield f"a TXT record of {selector}._domainkey.{domain} with the relay's public key"


def _has_key(text: str) -> bool:
    """A public key; an empty one is a withdrawn one."""
    tags = dict(tag.strip().partition("=")[::2] for tag in text.split(";"))
    return bool(tags.get("p", "").strip())


def _and_parents(domain: str) -> Iterator[str]:
    """The domain and its parents, down to two labels: receivers accept the policy of any."""
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        yield ".".join(labels[start:])


def _ask(name: str, kind: str) -> list[str]:
    try:
        answer = dns.resolver.resolve(name, kind, lifetime=SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        raise DependencyDown("resolver", str(error)) from error
    if kind == "TXT":
        return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
    return [record.to_text() for record in answer]
