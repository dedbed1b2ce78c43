"""One person in Chromium: presses, console messages, requests.

Buttons are found by their visible name, in the visitor's language. `check` verifies at the end of
every test: a silent console, no violation of the content policy, no request to another host,
nothing in storage but the design system's `scheme`.
"""

import re
from contextlib import suppress
from dataclasses import dataclass, field

from playwright.async_api import (
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Request,
    Response,
    WebError,
    expect,
)

from tests.support import eventually
from tests.support.servers.portal import PASSWORD

#: Reported as a console error, the only place where browsers always report it.
WATCH = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`content policy: ${event.violatedDirective} ${event.blockedURI}`));"""
STORED = "[...Object.keys(localStorage), ...Object.keys(sessionStorage)]"
WORDS = {
    "begin": ("Première connexion - Créer un compte", "First time here - Create an account"),
    "continue": ("Continuer", "Continue"),
    "check": ("Vérifier le code", "Check the code"),
    "confirm": ("Vérifier mon adresse", "Confirm my address"),
    "accept": ("J'accepte", "I accept"),
    "sign_in": ("Se connecter", "Sign in"),
    "cancel": ("Annuler", "Cancel"),
    "abandon": ("Abandonner la création du compte", "Cancel the account creation"),
    "give_up": ("Oui, abandonner", "Yes, cancel it"),
    "again": ("Envoyer un autre message", "Send another email"),
    "correct": ("Corriger l'adresse", "Correct the address"),
    "give_code": ("Valider le code", "Check the code"),
    "copy_key": ("Copier la clé", "Copy the key"),
    "download": ("Télécharger", "Download"),
    "copy": ("Copier", "Copy"),
    "recovery": ("Utiliser un code de secours", "Use a recovery code"),
    "forgotten": ("Mot de passe oublié", "Forgotten password"),
    "send_link": ("Recevoir le lien", "Get the link"),
    "send_message": ("Recevoir le message", "Get the email"),
    "change_password": ("Changer de mot de passe", "Change password"),
    "new_list": ("Faire une nouvelle liste", "Make a new list"),
    "change_phone": ("Changer de téléphone", "Change phone"),
    "confirm_loss": ("Confirmer la perte", "Confirm the loss"),
    "save": ("Enregistrer", "Save"),
    "validate": ("Valider", "Submit"),
    "close": ("Fermer", "Close"),
    "confirm_validation": ("Confirmer la validation", "Yes, submit"),
    "go_back": ("Revenir", "Go back"),
    "block": ("Bloquer mon compte", "Freeze my account"),
}
STEPS = {
    "form": "/inscription",
    "validation": "/inscription/validation",
    "address": "/inscription/adresse",
    "link": "/inscription/lien",
    "verified": "/inscription/adresse-validee",
    "terms": "/inscription/conditions",
    "creation": "/inscription/creation",
    "cancel": "/inscription/annuler",
    "sign_in": "/connexion",
    "enrolment": "/connexion/telephone",
    "code": "/connexion/code",
    "recovery": "/connexion/code-de-secours",
    "codes": "/connexion/codes-de-secours",
    "information": "/informations",
    "summary": "/informations/validation",
    "home": "/accueil",
    "account": "/compte",
    "new_phone": "/compte/telephone/nouveau",
}


@dataclass
class ChromiumUser:
    """A browser profile of its own with one tab, `page`, to begin with."""

    base: str
    language: str
    scripts: bool
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)
    foreign: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Record errors, in every tab."""
        self.context.on("console", self._on_console)
        self.context.on("weberror", self._on_error)
        self.context.on("request", self._on_request)

    def leave(self) -> None:
        """Record nothing any more."""
        self.context.remove_listener("console", self._on_console)
        self.context.remove_listener("weberror", self._on_error)
        self.context.remove_listener("request", self._on_request)

    def _on_error(self, error: WebError) -> None:
        self.complaints.append(str(error.error))

    def _on_console(self, message: ConsoleMessage) -> None:
        # A page with status 422 or 404 is also reported as a failed resource.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def _on_request(self, request: Request) -> None:
        if request.url.startswith(self.base + "/"):
            self.asked.append(request.url.removeprefix(self.base))
        elif not request.url.startswith(("data:", "blob:")):
            self.foreign.add(request.url)

    async def check(self) -> None:
        """WF-02, WF-03, GD-04, SE-12 for everything this visitor saw."""
        stored: set[str] = set()
        for tab in self.context.pages:
            try:
                stored |= set(await tab.evaluate(STORED))
            except Error:  # a tab that shows nothing has no storage
                continue
        assert not self.complaints, self.complaints
        assert not self.foreign, self.foreign
        assert stored <= {"scheme"}, stored

    def word(self, key: str) -> str:
        """A button's name in the visitor's language."""
        return WORDS[key][0 if self.language == "fr" else 1]

    async def open(self, path: str, tab: Page | None = None) -> Response:
        """Type an address."""
        url = path if path.startswith("http") else self.base + path
        answer = await (tab or self.page).goto(url)
        assert answer is not None
        return answer

    def button(self, key: str) -> Locator:
        """A button or a link that looks like one, in the page's main part."""
        name = self.word(key)
        main = self.page.locator("main")
        found = main.get_by_role("button", name=name, exact=True)
        return found.or_(main.get_by_role("link", name=name, exact=True)).first

    async def press(self, key: str) -> None:
        """Press it."""
        await self.button(key).click()

    async def sign_out(self) -> None:
        """The button in the header of every page of a session (SE-06)."""
        name = "Se déconnecter" if self.language == "fr" else "Sign out"
        await self.page.locator("header").get_by_role("button", name=name, exact=True).click()
        await self.at("sign_in")

    async def switch_language(self) -> None:
        """The other language and back; the page stays (B-09), with what was typed in its query."""
        there, names = self.page.url.partition("?")[0], {"en": "English", "fr": "Français"}
        first, second = ("en", "fr") if self.language == "fr" else ("fr", "en")
        for lang in (first, second):
            button = self.page.locator("header").get_by_role("button", name=names[lang])
            await button.click()
            await expect(self.page.locator("html")).to_have_attribute("lang", lang)
            assert self.page.url.partition("?")[0] == there

    async def at(self, step: str, tab: Page | None = None) -> None:
        """Wait until a step's page is there."""
        where = re.compile(re.escape(self.base + STEPS[step]) + r"(\?.*)?$")
        await expect(tab or self.page).to_have_url(where)
        await expect((tab or self.page).locator("main h1")).to_be_visible()

    async def fill(self, address: str, **values: str) -> None:
        """Fill in the account form."""
        given = {"first_name": "Pierre", "last_name": "Durand", "password": PASSWORD, **values}
        for name, value in {**given, "address": address}.items():
            await self.page.locator(f"#{name}").fill(value)

    async def ask(self, address: str) -> None:
        """From the form to the page that waits for the verification."""
        await self.open("/inscription")
        await self.fill(address)
        await self.press("continue")
        await self.at("validation")

    async def give_code(self, code: str) -> None:
        """Copy a code."""
        await self.page.locator("#code").fill(code)
        await self.press("check")

    async def accept(self) -> None:
        """From the terms to the created account."""
        await tick(self.page.get_by_label(self.word("accept")))
        await self.press("continue")
        await self.at("creation")


async def tick(box: Locator) -> None:
    """Tick a box of the design system, which draws it next to the input. A click misses the box
    while the page still moves: then once more."""

    async def ticked() -> bool:
        with suppress(Error):
            await box.check(force=True)
        return await box.is_checked()

    await eventually(ticked, every=0.2, why="the box is ticked")
