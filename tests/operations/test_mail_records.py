"""`impex mail records`: the sender's domain as receivers see it (EM-10)."""

import pytest

from operations.cli import main
from operations.operate.mail_dns import missing

COMPLETE = {
    ("impex.agency.example", "MX"): ["10 mx.agency.example."],
    ("impex.agency.example", "TXT"): ["google-site=1", "v=spf1 ip4:192.0.2.1 -all"],
    ("_dmarc.agency.example", "TXT"): ["v=DMARC1; p=reject; rua=mailto:dmarc@agency.example"],
    ("relay1._domainkey.impex.agency.example", "TXT"): ["v=DKIM1; k=rsa; p=MIIBIjANBg"],
}


def found(changes: dict[tuple[str, str], list[str]], selector: str | None = "relay1") -> list[str]:
    records = COMPLETE | changes
    return list(
        missing("impex.agency.example", lambda name, kind: records.get((name, kind), []), selector)
    )


def test_em_10_a_complete_domain_misses_nothing() -> None:
    assert found({}) == []


@pytest.mark.parametrize(
    ("name", "kind", "texts", "word"),
    [
        ("impex.agency.example", "MX", [], "MX record"),
        ("impex.agency.example", "TXT", [], "v=spf1"),
        ("impex.agency.example", "TXT", ["v=spf1 a -all", "v=spf1 mx -all"], "exactly one"),
        ("impex.agency.example", "TXT", ["v=spf1 +all"], "lets everybody send"),
        ("impex.agency.example", "TXT", ["v=spf1 all"], "lets everybody send"),
        ("_dmarc.agency.example", "TXT", [], "v=DMARC1"),
        ("_dmarc.agency.example", "TXT", ["v=DMARC1"], "v=DMARC1"),
        ("relay1._domainkey.impex.agency.example", "TXT", [], "public key"),
        ("relay1._domainkey.impex.agency.example", "TXT", ["v=DKIM1; p="], "public key"),
    ],
)
def test_em_10_each_missing_record_is_named(
    name: str, kind: str, texts: list[str], word: str
) -> None:
    (sentence,) = found({(name, kind): texts})
    assert word in sentence


def test_em_10_without_a_selector_the_key_cannot_be_looked_at() -> None:
    (sentence,) = found({}, selector=None)
    assert "--selector" in sentence


def test_em_10_the_command_needs_the_sender(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("IMPEX_MAIL_SENDER", raising=False)
    with pytest.raises(SystemExit) as end:
        main(["mail", "records"])
    assert end.value.code == 2
    assert "IMPEX_MAIL_SENDER" in capsys.readouterr().err
