"""The states of the pages about a lost password, a lost phone and « ce n'est pas moi »."""

from types import SimpleNamespace
from typing import Any

from shared.contracts.support.proposals import PlannedActView
from tests.support.pages.page_basis import ADDRESS, ALONE, NOW, State, form, me, rules
from tests.support.pages.sign_in_states import refused

TOKEN = "t" * 43
ENDED = {"used": NOW, "replaced": None, "expired": NOW, "malformed": None, "gone": None}
BAD_ADDRESS = {"address": ["Saisissez une adresse au format nom@exemple.fr (il manque @)."]}
WRONG_CODE = refused("link_wrong_code", "code", tries_left=4)
STOLEN = form({"stolen": "1"}, {"password": ["Ce n'est pas votre mot de passe."]})
TOO_MANY = refused("too_many_requests", None, wait="3 h", time="13:40 (heure de Paris)")

TOO_NEW = form(
    {"alone": "1"},
    {
        "alone": [
            "Votre mot de passe a moins de 30 jours : décochez cette case, et le secrétariat vous "
            "appellera."
        ]
    },
)
SENT = {"number": "TEL-K7QMR-2RXCV", "answer_by": "2026-11-24", "sent": "k1.AAAA"}

DONE = {**SENT, "alone": False}


def without_password_or_phone() -> list[State]:
    """Forgotten password, lost phone, « ce n'est pas moi »."""
    return [*_passwords(), *_phones(), *_disavowals(), *_objections(), *_unlocks()]


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
    bad = form({"address": "pierre"}, BAD_ADDRESS)
    return [
        State("lost_phone", page, {"form": form()}, path),
        State("lost_phone-signing-in", page, {"form": form()}, path, me=me(full=False)),
        State("lost_phone-errors", page, {"form": bad}, path),
        State("lost_phone-often", page, {"form": TOO_MANY}, path),
        State("lost_phone_sent", "lost_phone_sent.html", {"address": ADDRESS}, path),
        _confirm("lost_phone_confirm", "valid"),
        _confirm("lost_phone_confirm-errors", "valid", form=WRONG_CODE),
        _confirm("lost_phone_confirm-stolen", "valid", form=STOLEN),
        _confirm("lost_phone_confirm-alone", "valid", brand=ALONE),
        _confirm("lost_phone_confirm-too-new", "valid", form=TOO_NEW, brand=ALONE),
        *(_confirm(f"lost_phone_confirm-{state}", state) for state in ENDED),
        State("lost_phone_done", "lost_phone_done.html", {"frozen": False, **DONE}),
        State("lost_phone_done-frozen", "lost_phone_done.html", {"frozen": True, **DONE}),
        State(
            "lost_phone_done-alone",
            "lost_phone_done.html",
            {"frozen": False, **DONE, "alone": True, "brand": ALONE},
        ),
    ]


def _confirm(name: str, state: str, **more: Any) -> State:
    given = {"link": _link(state), "token": TOKEN, "form": form(), **more}
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
        State(
            "disavow-code",
            "disavow.html",
            {"link": _link("valid", masked_address=masked), "token": TOKEN, "form": WRONG_CODE},
            "/ce-n-est-pas-moi",
        ),
        State("disavowed", "disavowed.html", {"desk_only": False, "undo_until": NOW}),
        State("disavowed-late", "disavowed.html", {"desk_only": False, "undo_until": None}),
        State("disavowed-desk", "disavowed.html", {"desk_only": True, "undo_until": None}),
    ]


def _objections() -> list[State]:
    """The link by which a holder objects to what the desk plans."""
    path, given = "/opposition", {"token": TOKEN, "form": form()}
    announced = [
        PlannedActView(state="valid", act=act, number="ACT-1", due_at=NOW)
        for act in ("change_address", "transfer_dossiers", "anonymise")
    ]
    return [
        *(
            State(f"objection-{view.act}", "objection.html", {**given, "link": view}, path)
            for view in announced
        ),
        *(
            State(
                f"objection-{state}",
                "objection.html",
                {**given, "link": PlannedActView(state=state, act="change_name", due_at=NOW)},
                path,
            )
            for state in ("stopped", "done", "gone")
        ),
        State(
            "objection-unavailable",
            "objection.html",
            {**given, "link": PlannedActView(state="valid")},
            path,
        ),
    ]


def _unlocks() -> list[State]:
    """The link that lifts a limit."""
    states = {"valid": "unlock", **{state: f"unlock-{state}" for state in ENDED}}
    given = {"token": TOKEN, "form": form()}
    path = "/debloquer"
    return [
        *(
            State(name, "unlock.html", {**given, "link": _link(state)}, path)
            for state, name in states.items()
        ),
        State(
            "unlock-errors",
            "unlock.html",
            {**given, "link": _link("valid"), "form": WRONG_CODE},
            path,
        ),
    ]
