"""The states of the pages about a lost password, a lost phone and « ce n'est pas moi »."""

from types import SimpleNamespace
from typing import Any

from tests.support.pages.page_basis import ADDRESS, NOW, State, form, me, rules
from tests.support.pages.sign_in_states import refused

TOKEN = "t" * 43
ENDED = {"used": NOW, "replaced": None, "expired": NOW, "malformed": None, "gone": None}
BAD_ADDRESS = {"address": ["Saisissez une adresse au format nom@exemple.fr (il manque @)."]}
TOO_MANY = refused("too_many_requests", None, wait="3 h", time="13:40")


def without_password_or_phone() -> list[State]:
    """Forgotten password, lost phone, « ce n'est pas moi »."""
    return [*_passwords(), *_phones(), *_disavowals()]


def _passwords() -> list[State]:
    template = "forgotten.html"
    bad = form({"address": "pierre"}, BAD_ADDRESS)
    short = form(errors={"password": ["Saisissez au moins 8 caractères (il y en a 7)."]})
    path = "/mot-de-passe-oublie"
    return [
        State("forgotten", template, {"form": form()}, path),
        State("forgotten-errors", template, {"form": bad}, path),
        State("forgotten-often", template, {"form": TOO_MANY}, path),
        State("forgotten_sent", "forgotten_sent.html", {"address": ADDRESS, "minutes": 60}, path),
        _reset("reset", "valid"),
        _reset("reset-errors", "valid", form=short),
        _reset(
            "reset-unavailable", "valid", form=refused("unavailable", None), rules="{}", policy=[]
        ),
        *(_reset(f"reset-{state}", state) for state in ENDED),
    ]


def _link(state: str, **more: Any) -> SimpleNamespace:
    return SimpleNamespace(**{"state": state, "at": ENDED.get(state), "stolen": False, **more})


def _reset(name: str, state: str, **more: Any) -> State:
    given = {"link": _link(state), "token": TOKEN, "form": form(), **rules(), **more}
    return State(name, "reset.html", given, "/mot-de-passe")


def _phones() -> list[State]:
    page, path = "lost_phone.html", "/telephone-perdu"
    bad = form({"address": "pierre", "stolen": "1"}, BAD_ADDRESS)
    return [
        State("lost_phone", page, {"form": form()}, path),
        State("lost_phone-signing-in", page, {"form": form()}, path, me=me(full=False)),
        State("lost_phone-errors", page, {"form": bad}, path),
        State("lost_phone-often", page, {"form": TOO_MANY}, path),
        State("lost_phone_sent", "lost_phone_sent.html", {"address": ADDRESS}, path),
        _confirm("lost_phone_confirm", "valid"),
        _confirm("lost_phone_confirm-stolen", "valid", stolen=True),
        *(_confirm(f"lost_phone_confirm-{state}", state) for state in ENDED),
        State("lost_phone_done", "lost_phone_done.html", {"frozen": False}),
        State("lost_phone_done-frozen", "lost_phone_done.html", {"frozen": True}),
    ]


def _confirm(name: str, state: str, **more: Any) -> State:
    given = {"link": _link(state, **more), "token": TOKEN, "form": form()}
    return State(name, "lost_phone_confirm.html", given, "/telephone-perdu/confirmer")


def _disavowals() -> list[State]:
    masked = "P***@pharmacie-des-lilas.example"
    views = {
        "disavow": ("valid", masked, False),
        "disavow-unnamed": ("valid", None, False),
        "disavow-done": ("done", masked, False),
        "disavow-done-desk": ("done", masked, True),
        "disavow-used": ("used", None, False),
        "disavow-expired": ("expired", None, False),
        "disavow-malformed": ("malformed", None, False),
    }
    return [
        *(
            State(
                name,
                "disavow.html",
                {
                    "link": SimpleNamespace(
                        state=state, masked_address=address, desk_only=desk_only
                    ),
                    "token": TOKEN,
                    "form": form(),
                },
                "/ce-n-est-pas-moi",
            )
            for name, (state, address, desk_only) in views.items()
        ),
        State("disavowed", "disavowed.html", {"desk_only": False}),
        State("disavowed-desk", "disavowed.html", {"desk_only": True}),
    ]
