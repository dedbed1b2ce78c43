"""All tables of a large installation that grow, filled in minutes.

Besides what is asked for, each table has what a running installation keeps: a month of inbox rows,
a day of replies, live sessions. Nothing is due to be purged or done, so that no periodic job works
through it during a measurement.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

import asyncpg

from benchmarks.generated_people import account_id, mixed, person, uuid_of
from benchmarks.generated_rows import (
    DOSSIER_COLUMNS,
    ENTRY_COLUMNS,
    NULL,
    VALUES_COLUMNS,
    VALUES_EACH,
    Ages,
    Table,
    blob,
    dossier_row,
    entry_row,
    fill,
    values_row,
)

#: Services that keep inbox rows and replies, and the share of all events that each hears.
HEARD = {
    "support": 1.0, "mailer": 0.6, "gateway": 0.3, "registration": 0.2, "mfa": 0.1, "profile": 0.1,
    "dossiers": 0.2, "push": 0.1, "desk": 0.02, "operations": 0.01,
}  # fmt: skip
CODES_EACH = 10
#: What pages list is the same in every installation.
REFUSED_MAILS, OPEN_REQUESTS = 50, 100
PASSWORD_HASH = f"$argon2id$v=19$m=19456,t=2,p=1${'s' * 22}${'h' * 43}"
SEALED = '{"recipient":"support","key_id":"k1","box":"' + "A" * 200 + '"}'
SHA256 = "0" * 64
TEMPLATES = ("new_device", "phone_enrolled", "recovery_codes_replaced", "account_thawed")
PARTNER = "growth"


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much there is; the other tables follow from it."""

    accounts: int
    mails: int
    dossiers: int
    events: int

    @classmethod
    def of(cls, accounts: int) -> Self:
        """So many accounts, with five mails, ten dossiers and ten events each."""
        return cls(
            accounts=accounts, mails=5 * accounts, dossiers=10 * accounts, events=10 * accounts
        )


class Installation:
    """The tables of an installation of these sizes at a moment."""

    def __init__(self, sizes: Sizes, now: datetime) -> None:
        self.sizes = sizes
        self.ages = Ages(now)
        self.now, self.later = str(now), str(now + timedelta(days=2))
        #: Events that a subscriber of all of them has heard in a month.
        self.month = sizes.events // 12

    def tables(self) -> Iterator[Table]:
        """The largest first, so that the last ones fill the gaps."""
        yield from self._support()
        yield from self._dossiers()
        yield from self._mailer()
        yield from self._mfa()
        yield from self._registration()
        yield from self._profile()
        yield from self._front_ends()
        yield from self._push()
        for service, share in HEARD.items():
            yield from self._messaging(service, int(self.month * share))

    def _account(self, number: int) -> str:
        return account_id(number % self.sizes.accounts)

    def _registration(self) -> Iterator[Table]:
        count, ages = self.sizes.accounts, self.ages

        def account(n: int) -> str:
            who, at = person(n), ages.of(n, count, 360)
            return (
                f"{account_id(n)}\t{who.address}\t{who.address}\t{who.first_name}\t{who.last_name}"
                f"\tfr\t{at}\t{at}\t{at}"
            )

        yield Table(
            name="registration.accounts",
            columns="id,address,address_key,first_name,last_name,language,created_at,verified_at,"
            "second_factor_at",
            count=count,
            row=account,
        )
        yield Table(
            name="registration.credentials",
            columns="account_id,password_hash,pepper_key_id,set_at,right_at",
            count=count,
            row=lambda n: f"{account_id(n)}\t{PASSWORD_HASH}\tk1\t{self.now}\t{self.now}",
        )
        yield Table(
            name="registration.last_sign_ins",
            columns="account_id,signed_in_at",
            count=count,
            row=lambda n: f"{account_id(n)}\t{ages.of(n, count, 300)}",
        )
        yield Table(
            name="registration.terms_acceptances",
            columns="account_id,accepted_at,address,language,sha256,version",
            count=count,
            row=lambda n: (
                f"{account_id(n)}\t{ages.of(n, count, 360)}\t{person(n).address}\tfr\t{SHA256}\t1"
            ),
        )
        yield Table(
            name="registration.recovery_addresses",
            columns="account_id,address,verified_at",
            count=count // 10,
            row=lambda n: f"{account_id(n)}\tother.{person(n).address}\t{self.now}",
        )
        yield Table(
            name="registration.dormant_accounts",
            columns="account_id,deactivation_at,ended_at,last_used_at,outcome,warned_at",
            count=count // 50,
            row=lambda n: (
                f"{account_id(n)}\t{self.later}\t{self.now}\t{self.now}\tspared\t{self.now}"
            ),
        )
        yield Table(
            name="registration.mailed_links",
            columns="account_id,address_hash,expires_at,kind,link_hash,requested_at,used_at",
            count=count // 100,
            row=lambda n: (
                f"{account_id(n)}\t{SHA256}{n}\t{self.now}\tpassword\t{blob(n)}\t{self.now}"
                f"\t{self.now}"
            ),
        )
        yield Table(
            name="registration.disavowals",
            columns="account_id,expires_at,mail_id,used_at",
            count=count // 100,
            row=lambda n: f"{account_id(n)}\t{self.later}\t{uuid_of(n, 'mail')}\t{self.now}",
        )
        yield Table(
            name="registration.counters",
            columns="forget_at,key,kind,moments",
            count=count // 20,
            row=lambda n: f"{self.later}\t{SHA256}{n}\tsign_in\t{{{self.now[:19]}}}",
        )
        yield Table(
            name="registration.requests",
            columns="id,account_id,address,address_key,first_name,last_name,language,decoy,state,"
            "requested_at,sent_at,created_at,verified_at,expires_at,kept_until,mail_event_id,"
            "mail_state",
            count=count // 100,
            row=lambda n: (
                f"{uuid_of(n, 'request')}\t{account_id(n)}\t{person(n).address}"
                f"\t{person(n).address}\tJeanne\tMartin\tfr\tf\tcreated\t{self.now}\t{self.now}"
                f"\t{self.now}\t{self.now}\t{self.now}\t{self.later}\t{uuid_of(n, 'message')}"
                "\taccepted"
            ),
        )
        yield Table(
            name="registration.links",
            columns="request_id,link_hash,expires_at",
            count=count // 100,
            row=lambda n: f"{uuid_of(n, 'request')}\t{blob(n)}\t{self.later}",
        )

    def _mfa(self) -> Iterator[Table]:
        count = self.sizes.accounts
        yield Table(
            name="mfa.recovery_codes",
            columns="account_id,code_hash,key_id",
            count=count * CODES_EACH,
            row=lambda n: f"{account_id(n // CODES_EACH)}\t{blob(n)}\tk1",
        )
        yield Table(
            name="mfa.authenticators",
            columns="account_id,begun_at,enrolled_at,key_box,key_id,last_step",
            count=count,
            row=lambda n: f"{account_id(n)}\t{self.now}\t{self.now}\t{'k' * 80}\tk1\t58000000",
        )
        yield Table(
            name="mfa.recovery_lists",
            columns="account_id,made_at,kept_at",
            count=count,
            row=lambda n: f"{account_id(n)}\t{self.now}\t{self.now}",
        )
        yield Table(
            name="mfa.tries",
            columns="account_id,kind,failures,forget_at,wrong",
            count=count // 20,
            row=lambda n: f"{account_id(n)}\ttotp\t0\t{self.later}\t{{}}",
        )

    def _profile(self) -> Iterator[Table]:
        count = self.sizes.accounts

        def profile(n: int) -> str:
            who = person(n)
            # One of fifty was only begun, and has no terms.
            draft = n % 50 == 49
            done = f"{NULL}\t{NULL}\t{NULL}" if draft else f"1\t{self.now}\t{self.now}"
            return (
                f"{account_id(n)}\t{'draft' if draft else 'validated'}\t1\t{who.fields()}\tFR"
                f"\t{who.siret}\tE{who.siret[:9]}\t{self.now}\t{self.now}\t{done}"
            )

        yield Table(
            name="profile.profiles",
            columns="account_id,state,version,fields,country,siret,group_key,saved_at,phone_since,"
            "terms_version,terms_at,validated_at",
            count=count,
            row=profile,
        )
        yield Table(
            name="profile.account_names",
            columns="account_id,first_name,last_name,known_at",
            count=count,
            row=lambda n: (
                f"{account_id(n)}\t{person(n).first_name}\t{person(n).last_name}\t{self.now}"
            ),
        )

    def _dossiers(self) -> Iterator[Table]:
        count = self.sizes.dossiers
        yield Table(
            name="dossiers.dossiers",
            columns=DOSSIER_COLUMNS,
            count=count,
            row=lambda n: dossier_row(n, self._account(n), n // self.sizes.accounts),
        )
        outcomes = count // 12
        yield Table(
            name="dossiers.outcomes",
            columns="at,dossier_id,message_id,outcome,publisher,type,version",
            count=outcomes,
            row=lambda n: (
                f"{self.ages.of(n, outcomes, 29)}\td{n}\t{uuid_of(n, 'message')}\taccepted"
                "\tbackoffice\tbackoffice.DossierFiled.v1\t2"
            ),
        )

    def _front_ends(self) -> Iterator[Table]:
        count, ages = self.sizes.accounts, self.ages

        def session(n: int) -> str:
            who = person(n)
            return (
                f"{blob(n)}\t{uuid_of(n, 'session')}\t{account_id(n)}\tfull\tcode\t{who.address}"
                f"\t{who.first_name}\t{who.last_name}\tFirefox 140, Windows\t192.0.2.0/24"
                f"\t{self.later}\t{self.now}\t{self.now}\t{self.now}\t{self.later}\t{self.later}"
            )

        # One of twenty people is there, and stays for the whole measurement.
        yield Table(
            name="gateway.sessions",
            columns="token_hash,id,account_id,level,due,address,first_name,last_name,device,"
            "network,enrol_before,opened_at,proved_at,code_at,seen_at,ends_at",
            count=count // 20,
            row=session,
        )
        yield Table(
            name="gateway.known_browsers",
            columns="token_hash,account_id,known_at,expires_at",
            count=count * 2,
            row=lambda n: f"{blob(n)}\t{self._account(n)}\t{self.now}\t{self.later}",
        )
        yield Table(
            name="gateway.validated_accounts",
            columns="account_id,validated_at",
            count=count,
            row=lambda n: f"{account_id(n)}\t{ages.of(n, count, 360)}",
        )
        yield Table(
            name="gateway.session_revocations",
            columns="account_id,before",
            count=count // 100,
            row=lambda n: f"{account_id(n)}\t{self.now}",
        )
        yield Table(
            name="gateway.presessions",
            columns="token_hash,request_id,created_at,expires_at",
            count=count // 100,
            row=lambda n: f"{blob(n)}\t{uuid_of(n, 'request')}\t{self.now}\t{self.later}",
        )
        yield Table(
            name="gateway.saved_forms",
            columns="id_hash,page,box,saved_at,expires_at,browser_hash,network",
            count=count // 500,
            row=lambda n: (
                f"{blob(n)}\tinformation\t{'b' * 800}\t{self.now}\t{self.later}\t{blob(n)}"
                f"\t10.{n >> 16 & 255}.{n >> 8 & 255}.0/24"
            ),
        )

    def _mailer(self) -> Iterator[Table]:
        count, ages = self.sizes.mails, self.ages

        def mail(n: int) -> str:
            at = ages.of(n, count, 29)
            refused = n % max(1, count // REFUSED_MAILS) == 0
            end = ("refused", "no_mailbox") if refused else ("accepted", NULL)
            return (
                f"{uuid_of(n, 'mail')}\t{uuid_of(n, 'message')}\t{TEMPLATES[n % 4]}"
                f"\t{str_id(self._account(n))}\tfr\t{person(n % self.sizes.accounts).address}"
                f'\t{{"at":"{at[:10]}T08:00:00Z","device":"Firefox 140, Windows"}}'
                f"\t{at}\t{at}\t{at}\t{end[0]}\t{end[1]}\t{at}"
            )

        yield Table(
            name="mailer.deliveries",
            columns="mail_id,cause,template,subject,language,address,facts,asked_at,written_at,"
            "expires_at,state,reason,ended_at",
            count=count,
            row=mail,
        )
        yield Table(
            name="mailer.attempts",
            columns="mail_id,number,began_at,ended_at,outcome,smtp_code,answer",
            count=count,
            row=lambda n: (
                f"{uuid_of(n, 'mail')}\t1\t{ages.of(n, count, 29)}\t{ages.of(n, count, 29)}"
                "\taccepted\t250\t250 2.0.0 Ok: queued as 4bQ1Zr0Fzzz1Yk"
            ),
        )
        accounts = self.sizes.accounts
        yield Table(
            name="mailer.directory",
            columns="account_id,address,first_name,last_name,language,known_at,confirmed_at",
            count=accounts,
            row=lambda n: (
                f"{str_id(account_id(n))}\t{person(n).address}\t{person(n).first_name}"
                f"\t{person(n).last_name}\tfr\t{self.now}\t{self.now}"
            ),
        )
        yield Table(
            name="mailer.closed_requests",
            columns="request_id,closed_at",
            count=accounts // 12,
            row=lambda n: f"{str_id(uuid_of(n, 'request'))}\t{ages.of(n, accounts // 12, 29)}",
        )

    def _support(self) -> Iterator[Table]:
        count, ages = self.sizes.events, self.ages
        accounts = self.sizes.accounts
        # Entries of an account are spread over the year.
        yield Table(
            name="support.journal_entries",
            columns=ENTRY_COLUMNS,
            count=count,
            row=lambda n: entry_row(n + 1, self._account(n), ages.of(n, count, 360)),
        )
        yield Table(
            name="support.journal_links",
            columns="number,entry_number,entry_mac,account_id,account_number,previous,expires_at,"
            "key_id,mac",
            count=count,
            row=lambda n: (
                f"{n + 1}\t{n + 1}\t{blob(n)}\t{self._account(n)}\t{n // accounts + 1}"
                f"\t{max(0, n + 1 - accounts)}\t{self.later}\tk1\t{blob(n)}"
            ),
        )
        yield Table(
            name="support.journal_values",
            columns=VALUES_COLUMNS,
            count=count // VALUES_EACH,
            row=lambda n: values_row(n + 1),
        )
        agent = uuid_of(0, "agent")
        yield Table(
            name="support.agents",
            columns="id,address,address_key,language,role,state,since,password_hash,pepper_key_id",
            count=1,
            row=lambda _: (
                f"{agent}\tgrowth@agency.example\tgrowth@agency.example\tfr\tagent\tactive"
                f"\t{self.now}\t{PASSWORD_HASH}\tk1"
            ),
        )
        requests = accounts // 50

        def request(n: int) -> str:
            is_open = n % max(1, requests // OPEN_REQUESTS) == 0
            state, closed = ("received", NULL) if is_open else ("done", self.now)
            day = self.later[:10]
            return (
                f"{request_number(n)}\tmessage\t{state}\t1\t{account_id(n)}\tportal\t"
                f"\t{ages.of(n, requests, 29)}\t{day}\t{day}\t{closed}\t{SEALED}"
            )

        yield Table(
            name="support.requests",
            columns="number,kind,state,version,account_id,channel,language,received_at,promised_on,"
            "answer_by,closed_at,details",
            count=requests,
            row=request,
        )
        yield Table(
            name="support.request_entries",
            columns="number,position,action,author,at,text",
            count=requests * 4,
            row=lambda n: (
                f"{request_number(n // 4)}\t{n % 4 + 1}\treply\tperson\t{self.now}\t{SEALED}"
            ),
        )
        yield Table(
            name="support.lost_phones",
            columns="number,account_id,stopped_at,stopped_by",
            count=requests // 4,
            row=lambda n: f"{request_number(n)}\t{account_id(n)}\t{self.now}\tperson",
        )
        proposals = accounts // 20
        yield Table(
            name="support.proposals",
            columns="id,account_id,act,reason,state,proposed_at,proposed_by,ended_at",
            count=proposals,
            row=lambda n: (
                f"{uuid_of(n, 'proposal')}\t{account_id(n)}\tfreeze\tholder_asked\tstopped"
                f"\t{ages.of(n, proposals, 360)}\t{agent}\t{self.now}"
            ),
        )

    def _push(self) -> Iterator[Table]:
        # A week of events for a partner; without a URL nothing is posted.
        count, ages = self.month // 4, self.ages
        yield Table(name="push.receivers", columns="partner", count=1, row=lambda _: PARTNER)
        yield Table(
            name="push.deliveries",
            columns="partner,delivery_id,message_id,type,body,said_at,received_at,state,attempts,"
            "tried_at,expires_at,status,ended_at",
            count=count,
            row=lambda n: (
                f"{PARTNER}\t{uuid_of(n, 'mail')}\t{uuid_of(n, 'message')}\tregistration."
                f"AccountCreated.v1\t{blob(n)}{'7b' * 300}\t{self.now}\t{ages.of(n, count, 6)}"
                f"\tdelivered\t1\t{self.now}\t{self.later}\t204\t{ages.of(n, count, 6)}"
            ),
        )

    def _messaging(self, service: str, heard: int) -> Iterator[Table]:
        yield Table(
            name=f"{service}.inbox",
            columns="consumer,message_id,received_at",
            count=heard,
            row=lambda n: f"{service}\t{uuid_of(n, 'message')}\t{self.ages.of(n, heard, 29)}",
        )
        answered = heard // 30
        yield Table(
            name=f"{service}.replies",
            columns="type,idempotency_key,content_hash,answer,expires_at,subject",
            count=answered,
            row=lambda n: (
                f"{service}.Asked.v1\t{uuid_of(n, 'message')}\t{blob(n)}\t"
                f'{{"reply":{{"text":"{"t" * 400}"}}}}\t{self.later}\t{str_id(self._account(n))}'
            ),
        )


def str_id(account: str) -> str:
    """An id as text columns have it."""
    return f"{account[:8]}-{account[8:12]}-{account[12:16]}-{account[16:20]}-{account[20:]}"


def request_number(number: int) -> str:
    """The number of the desk's request `number`."""
    signs = base64.b32encode(mixed(number).to_bytes(8, "big"))[:10].decode()
    return f"MSG-{signs[:5]}-{signs[5:]}"


#: Numbers go on behind the copied rows; nobody links or verifies those.
CONTINUED = """
SELECT setval(pg_get_serial_sequence('support.journal_entries', 'number'),
    greatest(max(number), 1)) FROM support.journal_entries;
UPDATE support.journal_chaining
SET verified_at = now(), done = (SELECT coalesce(max(number), 0) FROM support.journal_entries);
"""


async def fill_installation(url: str, sizes: Sizes) -> None:
    """Fill the empty tables of all services, with statistics; none may run meanwhile.

    `url` is a superuser's.
    """
    await fill(url, Installation(sizes, datetime.now(UTC)).tables())
    admin = await asyncpg.connect(url)
    try:
        await admin.execute(CONTINUED)
    finally:
        await admin.close()
