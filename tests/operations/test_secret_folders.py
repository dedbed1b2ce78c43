"""`impex secrets`: what it makes, who may read it, and that it changes nothing that exists."""

import base64
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from operations import service_registry
from operations.cli import parser
from operations.provision.provisioning import ring_makers
from operations.provision.secret_folders import ALL, readers, seals
from operations.provision.secrets_dir import replace_secret
from shared.errors import ConfigurationError
from shared.security.connection_urls import validate_amqp_url, validate_database_url
from shared.security.seal_keys import OpeningRing, SealingRing, SealRing
from shared.security.sealing import KeyRing, Opener, Sealer, new_key
from shared.security.signing_keys import SigningRing

ROOT_ONLY = pytest.mark.skipif(os.getuid() != 0, reason="only root gives files to others")


def secrets(folder: Path, *options: str) -> int:
    """Run the command."""
    chosen = parser().parse_args(["secrets", str(folder), *options])
    return int(chosen.do(chosen))


def contents(folder: Path) -> dict[str, str]:
    """Every file below `folder`, by its path there."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def modes(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Owner, group and mode of everything below `folder`, and of itself."""
    return {
        str(path.relative_to(folder)): (at.st_uid, at.st_gid, at.st_mode & 0o777)
        for path in (folder, *folder.rglob("*"))
        for at in [path.stat()]
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of secrets as the first run makes it."""
    made = tmp_path / "secrets"
    assert secrets(made) == 0
    return made


def changed_by_hand(name: str, text: str) -> str:
    """The content of a file after an operator's work: a rotated ring, a completed address."""
    value = text.strip()
    if make := ring_makers().get(name.rpartition("/")[2]):
        key = make("k2") if ":x25519-" not in value else f"k2:x25519-{half(value)}"
        return f"{key},{value}\n"
    if "://" in value:
        return f"{value}?sslmode=verify-full\n"
    return f"{value}-changed\n"


def half(value: str) -> str:
    """A new key of the kind that `value` has."""
    kind = "private" if "private" in value else "public"
    return f"{kind}:{base64.b64encode(os.urandom(32)).decode()}"


def test_o_02_a_second_run_changes_nothing_that_exists(folder: Path) -> None:
    """Every ring rotated by hand and every address completed, in every folder."""
    for name, text in contents(folder).items():
        replace_secret(folder / name, changed_by_hand(name, text).strip())
    before, rights = contents(folder), modes(folder)
    assert sum("k2:" in text for text in before.values()) > 20
    assert sum("verify-full" in text for text in before.values()) > 20
    for options in ((), ("--database", "elsewhere:5432/other"), ("--broker", "elsewhere:5671/x")):
        assert secrets(folder, *options) == 0
        assert contents(folder) == before
        assert modes(folder) == rights


@pytest.mark.parametrize("where", [ALL, "readers"])
def test_o_02_what_is_missing_is_made_from_what_is_there(folder: Path, where: str) -> None:
    """A reader's copy comes from `all`, rotated rings included."""
    before = contents(folder)
    if where == ALL:
        name = "IMPEX_PEPPER_KEYS"
        replace_secret(folder / ALL / name, f"{new_key('k2')},{before[f'{ALL}/{name}'].strip()}")
        (folder / "registration" / name).unlink()
        assert secrets(folder) == 0
        assert (folder / "registration" / name).read_text() == (folder / ALL / name).read_text()
    else:
        for path in (folder / "gateway").iterdir():
            path.unlink()
        assert secrets(folder) == 0
        assert contents(folder) == before


def test_o_02_what_differs_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    replace_secret(folder / "registration" / "IMPEX_PEPPER_KEYS", new_key("k9"))
    capsys.readouterr()
    assert secrets(folder, "--smtp", "smtp://127.0.0.1:25") == 0
    assert secrets(folder, "--smtp", "smtp://mail.example:25") == 0
    shown = capsys.readouterr().out
    assert "registration/IMPEX_PEPPER_KEYS" in shown
    assert "all/IMPEX_SMTP_URL" in shown
    assert (folder / ALL / "IMPEX_SMTP_URL").read_text() == "smtp://127.0.0.1:25\n"


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("--database=other:5432/impex", "IMPEX_DATABASE_URL"),
        ("--broker=other:5671/impex", "IMPEX_AMQP_URL"),
        ("--management=other:15671", "IMPEX_AMQP_MANAGEMENT_URL"),
    ],
)
def test_o_02_an_address_that_stays_although_an_option_gives_another_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str], option: str, name: str
) -> None:
    before = contents(folder)
    capsys.readouterr()
    assert secrets(folder) == 0
    assert "left as they are" not in capsys.readouterr().out
    assert secrets(folder, option) == 0
    assert f"the options differ: all/{name}\n" in capsys.readouterr().out
    assert contents(folder) == before


def test_o_03_only_their_owner_reads_the_folders_and_files(folder: Path) -> None:
    found = modes(folder)
    for name, (uid, gid, mode) in found.items():
        assert (uid, gid) == (os.getuid(), os.getgid()), name
        assert mode == (0o700 if (folder / name).is_dir() else 0o600), name


def test_o_03_the_umask_does_not_matter(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert secrets(tmp_path / "secrets") == 0
    finally:
        os.umask(before)
    assert {mode for _, _, mode in modes(tmp_path / "secrets").values()} == {0o700, 0o600}


@ROOT_ONLY
def test_o_03_an_option_gives_folders_and_files_to_an_owner_or_a_group(tmp_path: Path) -> None:
    """By number and by name, for all and for one; `all` stays the administrator's."""
    folder = tmp_path / "secrets"
    chosen = ("--owner", "10001", "--owner", "postgresql=nobody", "--group", "mailer=10002")
    assert secrets(folder, *chosen) == 0
    uids = {name: uid for name, (uid, _, _) in modes(folder).items()}
    found = modes(folder)
    assert uids["registration"] == uids["registration/IMPEX_PEPPER_KEYS"] == 10001
    assert uids["postgresql"] == uids["postgresql/postgresql-administrator"] == 65534
    assert (uids["."], uids[ALL]) == (0, 0)
    assert found["mailer"] == (10001, 10002, 0o750)
    assert found["mailer/IMPEX_SEAL_KEYS_MAILER"] == (10001, 10002, 0o640)
    assert found["mfa/IMPEX_TOTP_KEYS"][2] == 0o600

    # Without options nothing changes; what is new in a folder belongs to the folder's owner.
    (folder / "mailer" / "IMPEX_SEAL_KEYS_MAILER").unlink()
    assert secrets(folder) == 0
    assert modes(folder) == found
    # And an option closes what an earlier version left open.
    (folder / "profile").chmod(0o755)
    (folder / "profile" / "IMPEX_SEAL_KEYS_PROFILE").chmod(0o444)
    assert secrets(folder, *chosen) == 0
    assert modes(folder) == found


def symbolic(path: Path, target: Path) -> None:
    path.symlink_to(target)


def hard(path: Path, target: Path) -> None:
    path.hardlink_to(target)


@pytest.mark.parametrize("link", [symbolic, hard])
@pytest.mark.parametrize("options", [("--owner", "10001"), (), ("--rotate", "IMPEX_TOTP_KEYS")])
def test_s_08_a_reader_has_no_file_of_others_given_to_it(
    folder: Path, link: Callable[[Path, Path], None], options: tuple[str, ...]
) -> None:
    """Its folder is its own: it puts links there, of either kind, in place of its secret."""
    others = folder.parent / "shadow"
    others.write_text("root's\n")
    others.chmod(0o644)
    before = others.stat()
    secret = folder / "mfa" / "IMPEX_TOTP_KEYS"
    secret.unlink()
    link(secret, others)
    with pytest.raises(ConfigurationError, match="IMPEX_TOTP_KEYS"):
        secrets(folder, *options)
    found = others.stat()
    assert (found.st_uid, found.st_gid, found.st_mode) == (
        before.st_uid,
        before.st_gid,
        before.st_mode,
    )
    assert others.read_text() == "root's\n"


def test_s_08_a_link_to_nowhere_makes_no_file_there(folder: Path) -> None:
    """Nor does one in place of the draft that a secret is written to first."""
    nowhere = folder.parent / "made"
    secret = folder / "mfa" / "IMPEX_TOTP_KEYS"
    secret.with_name(f".{secret.name}.draft").symlink_to(nowhere)
    assert secrets(folder, "--rotate", secret.name) == 0
    assert "k2:" in secret.read_text()
    secret.unlink()
    secret.symlink_to(nowhere)
    with pytest.raises(ConfigurationError, match="must not be a link"):
        secrets(folder)
    assert not nowhere.exists()


@pytest.mark.parametrize(
    "options",
    [
        ("--owner", "nobody-of-that-name"),
        ("--owner", "registrations=root"),
        ("--owner", "registration="),
        ("--group", "nobody-of-that-name"),
        ("--group", "=root"),
        ("--rotate", "IMPEX_SESSION_KEY"),
        ("--rotate", "IMPEX_SMTP_URL"),
    ],
)
def test_o_03_a_wrong_option_is_named(folder: Path, options: tuple[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=options[0]):
        secrets(folder, *options)


@pytest.mark.parametrize(("option", "what"), [("--owner", "user"), ("--group", "group")])
def test_o_03_an_unknown_user_or_group_is_named(folder: Path, option: str, what: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{option}: there is no {what} nobody-here$"):
        secrets(folder, option, "mailer=nobody-here")


def test_an_open_folder_of_before_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "operator").mkdir()
    (tmp_path / "operator").chmod(0o755)
    assert secrets(tmp_path) == 0
    assert f"every user of this machine can read {tmp_path / 'operator'}" in capsys.readouterr().out


def test_s_02_who_seals_is_given_public_keys_only(folder: Path) -> None:
    """Every service, every ring: only the reader of a ring opens what is sealed with it."""
    sealed = 0
    for one in service_registry.services():
        opened = service_registry.opening_names(one)
        for name in service_registry.seal_ring_names():
            path = folder / one.name / name
            if not path.exists():
                continue
            text = path.read_text().strip()
            assert ("private" in text) is (name in opened), path
            assert SealingRing.parse(text)
            if seals(one.name, name):
                sealed += 1
                with pytest.raises(ValueError, match="cannot open"):
                    OpeningRing.parse(text)
    assert sealed >= 9
    assert "private" in (folder / ALL / "IMPEX_SEAL_KEYS_SUPPORT").read_text(), (
        "what waits is sealed for it"
    )


@pytest.mark.parametrize("name", sorted(ring_makers()))
def test_s_02_a_ring_is_rotated_in_every_folder_that_has_it(folder: Path, name: str) -> None:
    before, rights = contents(folder), modes(folder)
    assert secrets(folder, "--rotate", name) == 0
    after = contents(folder)
    assert modes(folder) == rights
    changed = {path for path in after if after[path] != before[path]}
    assert changed == {path for path in after if path.endswith(f"/{name}")}
    for path in changed:
        reader = path.partition("/")[0]
        kinds = dict.fromkeys(service_registry.seal_ring_names(), SealRing.parse)
        kinds |= dict.fromkeys(service_registry.signing_ring_names(), SigningRing.parse)
        ids = [key_id for key_id, _ in kinds.get(name, KeyRing.parse)(after[path]).keys]
        assert ids == ["k2", "k1"], path
        assert seals(reader, name) is ("public" in after[path])


def test_s_02_a_shared_key_of_before_is_taken_from_those_who_seal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before the rotation everything works as it did; after it, what was stored still opens."""
    name, shared = "IMPEX_SEAL_KEYS_REGISTRATION", new_key("k1")
    having = list(folder.glob(f"*/{name}"))
    assert len(having) == 5
    for path in having:
        replace_secret(path, shared)
    stored = Sealer("registration", SealingRing.parse(shared)).seal("123456", "a field")
    capsys.readouterr()
    assert secrets(folder) == 0
    assert {path.read_text().strip() for path in having} == {shared}
    assert f"--rotate {name}" in capsys.readouterr().out

    assert secrets(folder, "--rotate", name) == 0
    assert capsys.readouterr().out.startswith(
        f"{name} has a new key in front. Restart registration, then gateway, profile and support."
    )
    reader = Opener(
        "registration", OpeningRing.parse((folder / "registration" / name).read_text().strip())
    )
    assert reader.open(stored, "a field") == "123456"
    for sender in ("gateway", "profile", "support"):
        text = (folder / sender / name).read_text().strip()
        assert shared not in text
        sealed = Sealer("registration", SealingRing.parse(text)).seal("654321", "a field")
        assert reader.open(sealed, "a field") == "654321"
    assert secrets(folder) == 0
    assert "can open too" not in capsys.readouterr().out


def test_a_rotated_secret_is_never_missing(folder: Path) -> None:
    """A service that starts meanwhile reads the former value or the new one."""
    path = folder / "mfa" / "IMPEX_TOTP_KEYS"
    seen: set[str] = set()
    ended = threading.Event()

    def read() -> None:
        while not ended.is_set():
            try:
                seen.add(path.read_text())
            except FileNotFoundError:
                seen.add("missing")

    known = {path.read_text()}
    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(20):
        assert secrets(folder, "--rotate", "IMPEX_TOTP_KEYS") == 0
        known.add(path.read_text())
    ended.set()
    reader.join()
    assert seen <= known
    assert path.stat().st_mode & 0o777 == 0o600


def test_every_reader_has_a_folder_of_its_own(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {ALL, *readers()}


ELSEWHERE = (
    "--database=db.agency.example:5432/impex",
    "--broker=mq.agency.example:5671/impex",
    "--management=mq.agency.example:15671",
)


def test_o_04_addresses_of_servers_elsewhere_are_accepted_by_every_service(tmp_path: Path) -> None:
    """By TLS, with the file of the authority; nothing is left to complete by hand."""
    assert secrets(tmp_path, *ELSEWHERE, "--ca-file=/etc/impex/ca.pem") == 0
    for reader, names in readers().items():
        for name in names & {path.name for path in (tmp_path / reader).iterdir()}:
            url = (tmp_path / reader / name).read_text().strip()
            if name.endswith("_DATABASE_URL"):
                assert validate_database_url(url) is None
                assert url.endswith("/impex?sslmode=verify-full&sslrootcert=/etc/impex/ca.pem")
            elif name.endswith("_AMQP_URL"):
                assert validate_amqp_url(url) is None
                assert url.endswith(":5671/impex?cafile=/etc/impex/ca.pem")
    management = (tmp_path / "operator" / "IMPEX_AMQP_MANAGEMENT_URL").read_text().strip()
    assert management.startswith("https://")
    assert management.endswith("@mq.agency.example:15671/?cafile=/etc/impex/ca.pem")


@pytest.mark.parametrize(
    "option",
    [
        "--database=db_1:5432/impex", "--database=h/impex", "--database=h:5432/impex%2Dprod",
        "--database=a:5432,b:5432/impex", "--database=[::1]:5432/impex", "--broker=h:5672/%2F",
        "--broker=h:5672/a~b", "--management=h:15672/",
    ],
)  # fmt: skip
def test_a_place_of_a_server_is_taken_as_it_is(tmp_path: Path, option: str) -> None:
    assert secrets(tmp_path, option) == 0
    place = option.partition("=")[2]
    assert any(f"@{place}" in text for text in contents(tmp_path / ALL).values())


def test_a_password_is_replaced_whatever_became_of_a_ring(folder: Path) -> None:
    (folder / ALL / "IMPEX_PEPPER_KEYS").write_text("garbage")
    assert secrets(folder, "--new-password", "impex_mfa") == 0
    assert secrets(folder, "--rotate", "IMPEX_TOTP_KEYS") == 0


@pytest.mark.parametrize("content", [b"", b"garbage", b"k1:short", b"\xff\xfe"])
@pytest.mark.parametrize("name", ["IMPEX_PEPPER_KEYS", "IMPEX_PUSH_KEYS", "IMPEX_SEAL_KEYS_MFA"])
def test_a_ring_that_was_damaged_by_hand_is_named(folder: Path, name: str, content: bytes) -> None:
    path = folder / ALL / name
    path.write_bytes(content)
    for options in ((), ("--rotate", name)):
        with pytest.raises(ConfigurationError) as caught:
            secrets(folder, *options)
        assert caught.value.problems[0][0] == str(path)


def test_servers_of_this_machine_and_a_try_out_need_no_tls(tmp_path: Path) -> None:
    assert secrets(tmp_path / "local") == 0
    assert secrets(tmp_path / "closed", *ELSEWHERE, "--without-tls") == 0
    for folder in ("local", "closed"):
        for name in ("IMPEX_MFA_DATABASE_URL", "IMPEX_MFA_AMQP_URL"):
            url = (tmp_path / folder / "mfa" / name).read_text()
            assert "?" not in url
            assert not url.startswith("amqps")


@pytest.mark.parametrize(
    "option",
    [
        "--database=/impex", "--database=x", "--database=x:5432", "--database=x:5432/",
        "--database=x:5432/a/b", "--database=x:5432/im pex", "--database=x:99999/impex",
        "--database=x:-1/impex", "--database=me@x:5432/impex", "--database=x:5432/a?sslmode=off",
        "--database=x:5432/a#b", "--database=x:5432/im\tpex", "--database=a b:5432/impex",
        "--broker=[", "--broker=x", "--broker=127.0.0.1:5672", "--broker=127.0.0.1:0/impex",
        "--broker=x:5672/%zz", "--management=127.0.0.1:0", "--management=x:1/y",
        "--management=x:1?y", "--management=",
    ],
)  # fmt: skip
def test_a_place_that_is_none_is_named(tmp_path: Path, option: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        secrets(tmp_path, option)
    assert caught.value.problems[0][0] == option.partition("=")[0]


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("impex_mfa", {"IMPEX_MFA_DATABASE_URL"}),
        ("mfa", {"IMPEX_MFA_AMQP_URL"}),
        ("postgresql-administrator", {"IMPEX_DATABASE_URL"}),
        (
            "rabbitmq-administrator",
            {"IMPEX_AMQP_URL", "IMPEX_AMQP_MANAGEMENT_URL", "administrator.conf"},
        ),
    ],
)
def test_a_new_password_is_in_every_folder_and_nothing_else_changes(
    folder: Path, name: str, settings: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before, were = contents(folder), modes(folder)
    former = (folder / ALL / (name if "-" in name else f"password-{name}")).read_text().strip()
    assert secrets(folder, "--new-password", name) == 0
    after = contents(folder)
    own = {path for path in before if path.rpartition("/")[2] in {name, f"password-{name}"}}
    changed = {path for path in before if before[path] != after[path]}
    assert {path.rpartition("/")[2] for path in changed - own} == settings
    assert own <= changed
    (fresh,) = {after[path].strip() for path in own}
    assert all(before[path].replace(former, fresh) == after[path] for path in changed)
    assert former not in "".join(after.values())
    assert modes(folder) == were
    printed = capsys.readouterr().out
    assert fresh not in printed
    assert secrets(folder) == 0, "and a later run keeps it"
    assert contents(folder) == after


def test_a_new_password_names_who_needs_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A partner is no service of ours to restart."""
    for name, then in (
        ("mfa", "Then restart mfa."),
        ("backoffice", f"Then give {folder / 'backoffice'} to whoever runs backoffice."),
    ):
        assert secrets(folder, "--new-password", name) == 0
        assert capsys.readouterr().out.splitlines()[-1] == then


def test_a_folder_without_accounts_lists_none_of_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        secrets(tmp_path, "--new-password", "mfa")
    assert caught.value.problems[0][1].endswith(": none is there")


def test_a_new_password_of_nobody_is_refused(folder: Path) -> None:
    before = contents(folder)
    for name in ("nobody", "../all"):
        with pytest.raises(ConfigurationError) as caught:
            secrets(folder, "--new-password", name)
        assert caught.value.problems[0][0] == "--new-password"
    assert contents(folder) == before
