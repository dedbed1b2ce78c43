"""E-mail addresses: malformed ones, the comparison key (RE-08), likely typos (G-05)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.portal.field_texts import field_text
from services.registration.email_addresses import (
    InvalidEmailAddress,
    address_key,
    mask_email_address,
    parse_email_address,
)
from services.registration.email_typos import KNOWN_DOMAINS, is_one_slip, suggest_correction


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
        ("p(d)@x.fr", "format", {"reason": "sign", "sign": "("}),
        ("p\r\nBcc: v@x.fr", "format", {"reason": "invisible"}),
        ("p@x.fr\0", "format", {"reason": "invisible"}),
        ("p@x\u202e.fr", "format", {"reason": "invisible"}),
        ("a" * 65 + "@x.fr", "local_too_long", {"max": 64}),
        ("a" * 64 + "@" + ("b" * 61 + ".") * 3 + "info", "too_long", {"max": 254}),
        ("p@x.fr,q@x.fr", "several", {}),
        ("p@x.fr;q@x.fr", "several", {}),
        ("p@x.fr q@x.fr", "several", {}),
        ("Pierre <p@x.fr>", "display_name", {}),
        ("p@[127.0.0.1]", "undeliverable_domain", {}),
        ("p@127.0.0.1", "undeliverable_domain", {}),
        ("p@localhost", "undeliverable_domain", {}),
        ("p@x.invalid", "undeliverable_domain", {}),
        ("p@x.TEST", "undeliverable_domain", {}),
        ("élodie@x.fr", "accents", {"sign": "é"}),
        ("p@gmаil.com", "mixed_scripts", {}),
        ("p@аррӏе.com", "look_alike_letters", {}),
        ("p@xn--80ak6aa92e.com", "look_alike_letters", {}),
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
        ("o’x@labo.fr", "o'x@labo.fr", "o'x@labo.fr"),
        ("o‘x＠labo．fr", "o'x@labo.fr", "o'x@labo.fr"),
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
        ("p@gmail.con", "p@gmail.com"),
        ("p@yahho.fr", "p@yahoo.fr"),
        ("p@outlok.com", "p@outlook.com"),
        ("p@hotmail.co.uj", "p@hotmail.co.uk"),
        ("p@free.frr", "p@free.fr"),
        ("p@labo.f", "p@labo.fr"),
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
def test_g_05_t_05_a_likely_typo_gets_a_suggestion(typed: str, meant: str | None) -> None:
    assert suggest_correction(typed) == meant


@pytest.mark.parametrize(
    "domain",
    [
        "ars.sante.fr", "sante.gouv.nc", "aphm.fr", "chu-lyon.fr",
        "orange.ci", "orange.re", "wanadoo.nc", "outlook.be", "outlook.kr", "hotmail.ch",
        "hotmail.se", "protonmail.ch", "yahoo.be", "yahoo.gr", "live.de", "ansm.sante.re",
        # A country's own ending, no matter who owns the domain.
        "gmail.fr", "gmail.co", "gmail.cm", "laposte.ne", "icloud.fr", "labo.cm", "proton.ma",
        # Two slips, and short names that are one letter from many others.
        "gmaill.co", "hotmmial.fr", "fre.fr", "freee.fr", "ge.com", "aon.com", "mc.com",
        # In a list of real ones, though one letter from a frequent one.
        "email.com", "hotmail.fi", "gol.com", "my.com",
    ],
)  # fmt: skip
def test_t_05_a_real_domain_is_never_doubted(domain: str) -> None:
    assert suggest_correction(f"p@{domain}") is None


@pytest.mark.parametrize(
    ("typed", "meant", "slip"),
    [
        ("gmail", "gmail", False), ("", "", False), ("a", "", True), ("", "a", True),
        ("gmial", "gmail", True), ("gmai", "gmail", True), ("ggmail", "gmail", True),
        ("gmaik", "gmail", True), ("gmali", "gmail", True), ("mgail", "gmail", True),
        ("gmal", "gmial", True), ("gami", "gmail", False), ("gimal", "gmail", False),
        ("liamg", "gmail", False), ("ab", "ba", True), ("abc", "cba", False),
    ],
)  # fmt: skip
def test_t_05_one_slip_adds_drops_replaces_or_swaps_one_letter(
    typed: str, meant: str, slip: bool
) -> None:
    assert is_one_slip(typed, meant) is slip
    assert is_one_slip(meant, typed) is slip


@pytest.mark.parametrize(
    ("domain", "mixed"),
    [
        ("佐々木.jp", False), ("サーバー.jp", False), ("日本語ひらがなカタカナ.jp", False),
        ("abc日本.jp", False), ("한국漢字.kr", False), ("ㄅㄆ漢.tw", False), ("ab서울.kr", False),
        ("почта.рф", False), ("هند.com", False), ("ไทย.th", False), ("café.fr", False),
        ("l·l.cat", False), ("labo-9.fr", False),
        ("gmаil.com", True), ("paypαl.fr", True), ("ひらがな한국.jp", True), ("日本ж.jp", True),
        ("тест日本.jp", True), ("ໄທย.th", True), ("abcд日.jp", True),
    ],
)  # fmt: skip
def test_t_19_scripts_are_mixed_only_as_unicode_permits(domain: str, mixed: bool) -> None:
    if not mixed:
        parse_email_address(f"p@{domain}", smtputf8=False)
        return
    with pytest.raises(InvalidEmailAddress, match="mixed_scripts"):
        parse_email_address(f"p@{domain}", smtputf8=False)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("x@labo,fr", "(«\u00a0,\u00a0» n'est pas permis)"),
        ("x@labo.fr;", "(«\u00a0;\u00a0» n'est pas permis)"),
        ("pierre durand@labo.fr", "(elle contient un espace)"),
        ("Pierre Durand x@labo.fr", "(elle contient un espace)"),
        ("x@la\u202ebo.fr", "(elle contient un signe invisible)"),
        ("x:y@labo.fr", "(«\u00a0:\u00a0» n'est pas permis)"),
        ("Pierre <x@labo.fr>", "sans nom ni chevrons"),
        ("x@labo.fr, y@labo.fr", "une seule adresse"),
        ("été@labo.fr", "«\u00a0é\u00a0»"),
        ("иван@labo.fr", "«\u00a0и\u00a0»"),
        ("x…y@labo.fr", "«\u00a0…\u00a0»"),
        ("x\u0316y@labo.fr", "«\u00a0◌\u0316\u00a0»"),
        ("p@аррӏе.com", "ressemblent à d'autres"),
        ("p@gmаil.com", "alphabets différents"),
    ],
)
def test_t_17_every_message_is_true_of_the_address(typed: str, says: str) -> None:
    with pytest.raises(InvalidEmailAddress) as caught:
        parse_email_address(typed, smtputf8=False)
    assert says in field_text(caught.value.error, "fr")


@given(st.sampled_from(KNOWN_DOMAINS))
def test_g_05_a_known_domain_gets_no_suggestion(domain: str) -> None:
    assert suggest_correction(f"p@{domain.upper()}") is None


@given(st.text(max_size=80))
def test_g_05_a_suggestion_keeps_what_is_before_the_at(typed: str) -> None:
    meant = suggest_correction(typed)
    if meant is not None:
        assert meant.rpartition("@")[0] == typed.strip().rpartition("@")[0]
