"""Known and unknown addresses: the same form takes the same time, whatever they have (AU-08).

The peer is the same form for an address without an account, in turn in the same run. Counters and
requests are deleted before each post, so that no throttle and no earlier request is measured.
"""

import statistics
from dataclasses import dataclass

import aiohttp
import asyncpg

from benchmarks.browser import PASSWORD, Unexpected, new_address
from benchmarks.environment import Environment
from benchmarks.measure import Line, Plan, ratio_line
from benchmarks.signed_in_user import SignedInUser
from operations.provision.provisioning import DATABASE
from shared.database import Connection

WRONG_PASSWORD, OTHER_PASSWORD = "Zt9kPw4mHs2vXd6q", "Wc3nQx7mLr8yTf5k"
RESET = """
delete from registration.counters;
delete from registration.requests;
delete from registration.mailed_links;
"""
SET_STATE = """
update registration.accounts
set state = $2, frozen_at = case when $2 = 'frozen' then now() end where address = $1
"""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A form, what is typed besides the address, where it leads, and the known account's state."""

    what: str
    path: str
    leads_to: str
    values: dict[str, str]
    state: str = "active"


QUESTIONS = (
    Question(
        what="sign-in, wrong password",
        path="/connexion",
        leads_to="/connexion?saisie=",
        values={"password": WRONG_PASSWORD},
    ),
    # A closed account's own password is refused like a wrong one.
    *(
        Question(
            what=f"sign-in, own password, account {state}",
            path="/connexion",
            leads_to="/connexion?saisie=",
            values={"password": PASSWORD},
            state=state,
        )
        for state in ("deactivated", "frozen")
    ),
    Question(
        what="account form",
        path="/inscription",
        leads_to="/inscription/validation",
        values={"first_name": "Jeanne", "last_name": "Martin", "password": OTHER_PASSWORD},
    ),
    *(
        Question(
            what=f"forgotten password, account {state}",
            path="/mot-de-passe-oublie",
            leads_to="/mot-de-passe-oublie?resultat=",
            values={},
            state=state,
        )
        for state in ("active", "deactivated")
    ),
    Question(
        what="lost phone",
        path="/telephone-perdu",
        leads_to="/telephone-perdu?resultat=",
        values={},
    ),
)


async def run(environment: Environment, plan: Plan) -> list[Line]:
    """Each question for a known and for an unknown address, in turn."""
    await environment.start_services()
    database = await asyncpg.connect(environment.postgres.url(DATABASE))
    try:
        async with aiohttp.TCPConnector() as connector:
            holder = SignedInUser(environment, connector)
            await holder.fill_in()
            await holder.close()
            await environment.settle()
            return [
                await _line(environment, plan, connector, database, holder.address, one)
                for one in QUESTIONS
            ]
    finally:
        await database.close()


async def _line(
    environment: Environment,
    plan: Plan,
    connector: aiohttp.BaseConnector,
    database: Connection,
    known: str,
    question: Question,
) -> Line:
    """The slower of the two medians next to the faster one, round by round."""
    await database.execute(SET_STATE, known, question.state)
    pairs: list[tuple[float, float]] = []
    for _ in range(plan.rounds):
        unknown = new_address()
        spent: dict[str, list[float]] = {known: [], unknown: []}
        for number in range(plan.mails + 1):
            # In turns, so that neither is always the second; the first of each is not counted.
            for address in (known, unknown) if number % 2 else (unknown, known):
                await database.execute(RESET)
                took = await _ask(environment, connector, address, question)
                if number:
                    spent[address].append(took)
        medians = [statistics.median(times) for times in spent.values()]
        pairs.append((max(medians), min(medians)))
    return ratio_line(
        "known_and_unknown",
        question.what,
        "ms",
        pairs,
        floor_name="the same form, the faster of a known and an unknown address",
        at_most=1.1,
    )


async def _ask(
    environment: Environment, connector: aiohttp.BaseConnector, address: str, question: Question
) -> float:
    """Milliseconds of one form, posted by an unknown browser."""
    visitor = SignedInUser(environment, connector)
    try:
        page = await visitor.get(question.path)
        answer, where = await visitor.send(page, question.path, address=address, **question.values)
    finally:
        await visitor.close()
    if answer.status != 303 or not where.startswith(question.leads_to):
        raise Unexpected(f"POST {question.path}: {answer.status} {where} {answer.text[-500:]}")
    return answer.milliseconds
