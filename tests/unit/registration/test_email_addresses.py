"""E-mail addresses: malformed ones, the comparison key (RE-08), likely typos (G-05)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registration.email_addresses import (
    InvalidEmailAddress,
    address_key,
    mask_email_address,
    parse_email_address,
)
from services.registration.email_typos import KNOWN_DOMAINS, suggest_correction


@pytest.mark.parametrize(
    ("typed", "code", "params"),
    [
        ("", "missing", {}),
        ("  ", "missing", {}),
        ("pierre", "format", {"reason": "no_at"}),
        ("@x.fr", "format", {"reason": "no_local_part"}),
        ("p@", "format", {"reason": "no_domain"}),
        ("p@@x.fr", "format", {"reason": "two_at"}),
        ("p..d@x.fr", "format", {"reason": "two_dots"}),
        (".p@x.fr", "format", {"reason": "edge_dot"}),
        ("p.@x.fr", "format", {"reason": "edge_dot"}),
        ("p@x..fr", "format", {"reason": "two_dots"}),
        ("p@x_y.fr", "format", {"reason": "domain"}),
        ("p@-x.fr", "format", {"reason": "domain"}),
        ("p(d)@x.fr", "format", {"reason": "characters"}),
        ("p\r\nBcc: v@x.fr", "format", {"reason": "characters"}),
        ("p@x.fr\0", "format", {"reason": "characters"}),
        ("p@x\u202e.fr", "format", {"reason": "characters"}),
        ("a" * 65 + "@x.fr", "local_too_long", {"max": 64}),
        ("a" * 64 + "@" + ("b" * 61 + ".") * 3 + "info", "too_long", {"max": 254}),
        ("p@x.fr,q@x.fr", "several", {}),
        ("p@x.fr;q@x.fr", "several", {}),
        ("p@x.fr q@x.fr", "several", {}),
        ("Pierre <p@x.fr>", "several", {}),
        ("p@[127.0.0.1]", "undeliverable_domain", {}),
        ("p@127.0.0.1", "undeliverable_domain", {}),
        ("p@localhost", "undeliverable_domain", {}),
        ("p@x.invalid", "undeliverable_domain", {}),
        ("p@x.TEST", "undeliverable_domain", {}),
        ("élodie@x.fr", "accents", {}),
        ("p@gmаil.com", "mixed_scripts", {}),
        ("p@аррӏе.com", "mixed_scripts", {}),
        ("p@xn--80ak6aa92e.com", "mixed_scripts", {}),
        ("p@paypαl.fr", "mixed_scripts", {}),
    ],
)  # fmt: skip
def test_malformed_addresses_are_refused_with_their_reason(
    typed: str, code: str, params: dict[str, object]
) -> None:
    with pytest.raises(InvalidEmailAddress) as caught:
        parse_email_address(typed, smtputf8=False)
    error = caught.value.error
    assert (error.field, error.code, error.params) == ("address", code, params)


@pytest.mark.parametrize(
    ("typed", "text", "key"),
    [
        ("Pierre.Durand@Exemple.FR", "Pierre.Durand@exemple.fr", "pierre.durand@exemple.fr"),
        (" p@x.fr ", "p@x.fr", "p@x.fr"),
        ("P+impex@x.fr", "P+impex@x.fr", "p+impex@x.fr"),
        ("O'Brien@x.fr", "O'Brien@x.fr", "o'brien@x.fr"),
        ("p@Café.fr", "p@xn--caf-dma.fr", "p@xn--caf-dma.fr"),
        ("p@cafe\u0301.fr", "p@xn--caf-dma.fr", "p@xn--caf-dma.fr"),
        ("p@日本語.jp", "p@xn--wgv71a119e.jp", "p@xn--wgv71a119e.jp"),
        ("p@почта.рф", "p@xn--80a1acny.xn--p1ai", "p@xn--80a1acny.xn--p1ai"),
    ],
)
def test_re_08_an_address_is_stored_as_typed_with_its_comparison_key(
    typed: str, text: str, key: str
) -> None:
    address = parse_email_address(typed, smtputf8=False)
    assert (address.text, address.key) == (text, key)
    assert address_key(typed) == key


def test_em_01_the_part_before_the_at_is_counted_in_octets() -> None:
    assert parse_email_address("a" * 64 + "@x.fr", smtputf8=False).text.startswith("aaaa")
    with pytest.raises(InvalidEmailAddress):
        parse_email_address("é" * 33 + "@x.fr", smtputf8=True)


def test_em_14_accents_pass_where_the_relay_accepts_them() -> None:
    address = parse_email_address("Élodie@x.fr", smtputf8=True)
    assert (address.text, address.key) == ("Élodie@x.fr", "élodie@x.fr")


def test_re_08_dots_are_left_alone() -> None:
    assert address_key("p.d@gmail.com") != address_key("pd@gmail.com")


@given(st.text(max_size=60))
@settings(deadline=None)
def test_any_text_has_a_key_and_no_other_error(typed: str) -> None:
    assert "\0" not in address_key(typed)
    try:
        address = parse_email_address(typed, smtputf8=True)
    except InvalidEmailAddress:
        return
    assert parse_email_address(address.text, smtputf8=True) == address
    assert address_key(address.text.upper().replace("ß", "ß")) is not None


def test_lg_02_a_masked_address_shows_one_letter() -> None:
    assert mask_email_address("pierre@x.fr") == "p***@x.fr"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("p@gmial.com", "p@gmail.com"),
        ("p@gmailcom", "p@gmail.com"),
        ("p@gamil.com", "p@gmail.com"),
        ("p@gmail.fr", "p@gmail.com"),
        ("P.D@Orange.ft", "P.D@orange.fr"),
        ("p@hotmial.fr", "p@hotmail.fr"),
        ("p@wanado.fr", "p@wanadoo.fr"),
        ("p@laposte.ner", "p@laposte.net"),
        ("p@labo.con", "p@labo.com"),
        ("p@chu-lyon.rf", "p@chu-lyon.fr"),
        ("p@anms.sante.fr", "p@ansm.sante.fr"),
        ("p@gmail.com", None),
        ("p@labo-xyz.fr", None),
        ("p@free.fr", None),
        ("pierre", None),
        ("@gmial.com", None),
    ],
)
def test_g_05_a_likely_typo_gets_a_suggestion(typed: str, meant: str | None) -> None:
    assert suggest_correction(typed) == meant


@given(st.sampled_from(KNOWN_DOMAINS))
def test_g_05_a_known_domain_gets_no_suggestion(domain: str) -> None:
    assert suggest_correction(f"p@{domain.upper()}") is None


@given(st.text(max_size=80))
def test_g_05_a_suggestion_keeps_what_is_before_the_at(typed: str) -> None:
    meant = suggest_correction(typed)
    if meant is not None:
        assert meant.rpartition("@")[0] == typed.strip().rpartition("@")[0]
