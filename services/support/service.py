"""Support as data, and its composition root."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.support import (
    agent_store,
    call_clock,
    code_proof_store,
    due_acts,
    journal_jobs,
    journal_query_store,
    look_store,
    phone_replacement_clock,
    request_clock,
    request_export,
)
from services.support.deps import Deps
from services.support.handlers import (
    account_looks,
    account_search,
    act_objections,
    agent_invitations,
    agent_sign_in,
    dormant,
    journal,
    lost_phone_acts,
    lost_phone_calls,
    my_lost_phone,
    my_requests,
    operations,
    phone_replacements,
    proposal_list,
    proposals,
    ready_answers,
    request_desk,
    request_intake,
    settings_list,
    team,
    waiting,
)
from services.support.jobs import run_every
from services.support.journal import Journal, journalled
from services.support.lost_phone_store import HAS_ALONE
from services.support.owners import ASKS, Owners
from services.support.proposal_store import HAS_OPEN_ACT
from services.support.request_store import HAS_LOST_PHONE
from services.support.settings import SupportSettings
from shared.contracts import dossiers, load_contracts, mailer
from shared.contracts.base import EVENTS
from shared.contracts.gateway import (
    CorrectionRequested,
    DepartureReported,
    MailboxReported,
    MessageWritten,
    SessionOpened,
)
from shared.contracts.mfa.events import AuthenticatorReplaced
from shared.contracts.profile import events as profile
from shared.contracts.profile.telephones import DescribeTelephone
from shared.contracts.registration import events as registration
from shared.contracts.registration.events import AccountFrozen, LostPhoneReported
from shared.contracts.registration.resumption import AccountResumed, ResumptionHeld
from shared.contracts.support import acts, agents, looks, lost_phones, people_requests
from shared.contracts.support import dormant as dormant_contracts
from shared.contracts.support import journal as journal_contracts
from shared.contracts.support import operations as operations_contracts
from shared.contracts.support import proposals as requests
from shared.contracts.support import settings as settings_contracts
from shared.contracts.support import waiting as waiting_contracts
from shared.database import transaction
from shared.messaging.handlers import answers, hears
from shared.runtime.service import Runtime, Service
from shared.security.password_hashing import Cost, Hasher
from shared.security.sealing import Opener, Sealer

#: Every event of every service is heard, so every contract must be known.
load_contracts()

PURGE_SECONDS = 60
#: How soon an agent who was agreed to gets the link.
INVITATION_SECONDS = 2
#: How soon a missed promise, a reminder or an end is noticed.
REQUEST_SECONDS = 60
#: An agent signs in a few times a day: the hash may cost more than applicants' (PW-11).
COST = Cost(memory=47_104, time=2, parallelism=1)


@asynccontextmanager
async def build(runtime: Runtime, settings: SupportSettings) -> AsyncIterator[Deps]:
    """Open the key rings, start the hashing threads, the purge and the sending of links."""
    hasher = Hasher("support", settings.pepper_keys, COST, settings.agent_hash_threads)
    opener = Opener("support", settings.seal_keys)
    registration_sealer = Sealer("registration", settings.registration_keys)
    profile_sealer = Sealer("profile", settings.profile_keys)
    deps = Deps(
        settings=settings,
        clock=runtime.clock,
        hasher=hasher,
        opener=opener,
        own_sealer=Sealer("support", settings.seal_keys),
        mailer_sealer=Sealer("mailer", settings.mailer_keys),
        gateway_sealer=Sealer("gateway", settings.gateway_keys),
        registration_sealer=registration_sealer,
        profile_sealer=profile_sealer,
        desk_sealer=Sealer("desk", settings.desk_keys),
        token_keys=settings.token_keys,
        requests=None if runtime.bus is None else runtime.rpc_client,
        journal=Journal(keys=settings.journal_keys),
        owners=Owners(
            sender=lambda: runtime.rpc_client,
            opener=opener,
            sealers={"registration": registration_sealer, "profile": profile_sealer},
        ),
    )

    async def purge() -> None:
        async with transaction(runtime.pool) as tx:
            await agent_store.purge(tx, runtime.clock())
            await code_proof_store.purge(tx, runtime.clock())
            await look_store.purge(tx, runtime.clock())
            await journal_query_store.purge_exports(tx, runtime.clock())
        await request_clock.purge(runtime.pool, deps)

    async def advance_requests() -> None:
        if await request_clock.advance(runtime.pool, deps):
            runtime.wake_relay()

    async def send_invitations() -> None:
        if await agent_invitations.send_due(runtime.pool, deps):
            runtime.wake_relay()

    async def carry_out_acts() -> None:
        if await due_acts.run_due(runtime.pool, deps):
            runtime.wake_relay()

    async def advance_replacements() -> None:
        if await phone_replacement_clock.advance(runtime.pool, deps):
            runtime.wake_relay()

    async def end_overdue_calls() -> None:
        if await call_clock.end_overdue(runtime.pool, deps):
            runtime.wake_relay()

    run_every(runtime, PURGE_SECONDS, "purge", purge)
    run_every(runtime, call_clock.INTERVAL_SECONDS, "calls", end_overdue_calls)
    seconds = phone_replacement_clock.INTERVAL_SECONDS
    run_every(runtime, seconds, "lost phones without an agent", advance_replacements)
    run_every(runtime, due_acts.INTERVAL_SECONDS, "acts", carry_out_acts)
    run_every(runtime, INVITATION_SECONDS, "invitations", send_invitations)
    run_every(runtime, REQUEST_SECONDS, "requests", advance_requests)
    journal_jobs.start(runtime, deps.journal, settings.journal_anchors_file)
    try:
        yield deps
    finally:
        hasher.close()


SERVICE = Service(
    name="support",
    settings=SupportSettings,
    build=build,
    migrations=Path(__file__).parent / "migrations",
    hears=journalled(
        hears(CorrectionRequested, request_intake.correction_requested),
        hears(DepartureReported, request_intake.departure_reported),
        hears(MessageWritten, request_intake.message_written),
        hears(MailboxReported, request_intake.mailbox_reported),
        hears(LostPhoneReported, request_intake.lost_phone_reported),
        hears(SessionOpened, act_objections.session_opened),
        hears(AccountFrozen, act_objections.account_frozen),
        hears(AccountResumed, my_lost_phone.account_resumed),
        hears(ResumptionHeld, my_lost_phone.resumption_held),
        hears(registration.ActNotCarriedOut, act_objections.not_carried_out),
        hears(profile.ActNotCarriedOut, act_objections.not_carried_out),
        hears(dossiers.ActNotCarriedOut, act_objections.not_carried_out),
        hears(mailer.ActNotCarriedOut, act_objections.not_carried_out),
        hears(AuthenticatorReplaced, phone_replacements.phone_replaced),
        *(hears(event, handler) for event, handler in phone_replacements.STOPPING.items()),
        # Most people who sign in have no act open, and have lost no phone.
        handled_if={
            SessionOpened: f"{HAS_OPEN_ACT} union all {HAS_LOST_PHONE}",
            **dict.fromkeys(phone_replacements.STOPPING, HAS_ALONE),
        },
    ),
    answers=(
        answers(agents.SignInAgent, agent_sign_in.sign_in, agent_sign_in.check_sign_in),
        answers(agents.DescribeAgent, agent_sign_in.describe_agent),
        answers(agents.RecordAgentSignIn, agent_sign_in.record_sign_in),
        answers(agents.DescribeInvitation, agent_invitations.describe_invitation),
        answers(
            agents.AcceptInvitation,
            agent_invitations.accept_invitation,
            agent_invitations.check_form,
        ),
        answers(
            agents.CheckAgentPassword, agent_sign_in.check_change, agent_sign_in.validate_change
        ),
        answers(
            agents.ChangeAgentPassword, agent_sign_in.change_password, agent_sign_in.hash_change
        ),
        answers(agents.ListAgents, team.list_agents),
        answers(looks.SearchAccounts, account_search.search_accounts, account_search.ask_owners),
        answers(looks.OpenAccount, account_looks.open_account, account_looks.find_account),
        answers(
            looks.DescribeAccount, account_looks.describe_account, account_looks.look_at_account
        ),
        answers(agents.SuspendAgent, team.suspend_agent),
        answers(agents.RemoveAgent, team.remove_agent),
        answers(people_requests.ListMyRequests, my_requests.list_my_requests),
        answers(people_requests.DescribeMyRequest, my_requests.describe_my_request),
        answers(people_requests.SendFollowUpLink, my_requests.send_follow_up_link),
        answers(people_requests.ReplyToDesk, my_requests.reply_to_desk),
        answers(people_requests.CancelMyRequest, my_requests.cancel_my_request),
        answers(people_requests.ExportRequests, request_export.export_requests),
        answers(people_requests.ListRequests, request_desk.list_requests),
        answers(
            people_requests.DescribeRequest, request_desk.describe_request, request_desk.find_names
        ),
        answers(people_requests.OpenRequest, request_desk.open_request),
        answers(people_requests.TakeRequest, request_desk.take_request),
        answers(people_requests.ReleaseRequest, request_desk.release_request),
        answers(people_requests.AnswerRequest, request_desk.answer_request),
        answers(people_requests.ListReadyAnswers, ready_answers.list_ready_answers),
        answers(people_requests.SaveReadyAnswer, ready_answers.save_ready_answer),
        answers(
            lost_phones.DescribeCall, lost_phone_calls.describe_call, lost_phone_calls.read_line
        ),
        answers(lost_phones.StartCall, lost_phone_calls.start_call, lost_phone_calls.read_line),
        answers(lost_phones.CheckCallWord, lost_phone_calls.check_call_word),
        answers(lost_phones.EndCall, lost_phone_calls.end_call),
        answers(
            lost_phones.CheckLostPhoneAct, lost_phone_acts.check_act, lost_phone_acts.find_holder
        ),
        answers(
            lost_phones.ProposePhoneRemoval,
            lost_phone_acts.propose_removal,
            lost_phone_acts.find_holder,
        ),
        answers(
            lost_phones.TellResumptionCode,
            lost_phone_acts.tell_resumption_code,
            lost_phone_acts.find_holder,
        ),
        answers(
            lost_phones.ProposeOtherNames,
            lost_phone_acts.propose_other_names,
            lost_phone_acts.find_holder,
        ),
        answers(lost_phones.DescribeLostPhoneCase, my_lost_phone.describe_lost_phone),
        answers(lost_phones.StopLostPhone, my_lost_phone.stop_lost_phone),
        answers(lost_phones.StopPhoneReplacement, phone_replacements.stop_replacement),
        answers(requests.CheckProposal, proposals.check_proposal, proposals.check_form),
        answers(requests.Propose, proposals.propose, proposals.check_form),
        answers(requests.ApproveProposal, proposals.approve_proposal, proposals.find_holders),
        answers(requests.RefuseProposal, proposals.refuse_proposal),
        answers(requests.StopProposal, proposals.stop_proposal),
        answers(requests.DescribeAct, proposals.describe_act, proposals.find_holder),
        answers(requests.DescribeProposal, proposals.describe_proposal, proposals.find_holders),
        answers(requests.ListProposals, proposal_list.list_proposals, proposal_list.read_list),
        answers(requests.ListPlannedActs, act_objections.list_planned_acts),
        answers(requests.StopPlannedAct, act_objections.stop_planned_act),
        answers(requests.DescribeObjection, act_objections.describe_objection),
        answers(requests.ObjectToAct, act_objections.object_to_act),
        answers(dormant_contracts.ListDormant, dormant.list_dormant, dormant.read_dormant),
        answers(
            settings_contracts.ListSettings,
            settings_list.list_settings,
            settings_list.read_settings,
        ),
        answers(operations_contracts.ListQueues, operations.list_queues, operations.read_queues),
        answers(
            operations_contracts.ListDeadLetters, operations.list_letters, operations.read_letters
        ),
        answers(
            operations_contracts.ShowDeadLetter, operations.show_letter, operations.read_letter
        ),
        answers(operations_contracts.ListMails, operations.list_mails, operations.read_mails),
        answers(operations_contracts.ShowMail, operations.show_mail, operations.read_mail),
        answers(
            operations_contracts.OrderMailSend, operations.order_mail_send, operations.check_mail
        ),
        answers(
            operations_contracts.OrderMailDrop,
            operations.order_mail_drop,
            operations.check_mail_drop,
        ),
        answers(operations_contracts.TryDeadLetter, operations.try_letter, operations.run_trial),
        answers(
            operations_contracts.OrderLetterAct,
            operations.order_letter_act,
            operations.check_letters,
        ),
        answers(waiting_contracts.CountWaiting, waiting.count_waiting),
        answers(journal_contracts.ReadTimeline, journal.read_timeline),
        answers(journal_contracts.ReadJournal, journal.read_journal),
        answers(journal_contracts.DeferLook, journal.defer_look),
        answers(journal_contracts.ListExports, journal.list_exports),
        answers(journal_contracts.ReadExport, journal.read_export),
        answers(journal_contracts.ListActivity, journal.list_activity),
        answers(journal_contracts.ListLooks, journal.list_looks),
    ),
    asks=(*ASKS, DescribeTelephone),
    emits=(
        *(one for one in EVENTS.values() if one.__module__ == lost_phones.__name__),
        agents.AgentInvited,
        agents.AgentAccepted,
        agents.AgentEndAnnounced,
        agents.AgentJoined,
        agents.AgentSessionsEnded,
        agents.AgentCredentialsRemoved,
        agents.AgentReinstated,
        agents.AgentSignedIn,
        agents.AgentSignInRefused,
        journal_contracts.JournalExportReady,
        operations_contracts.DeadLettersReplayOrdered,
        operations_contracts.DeadLettersDiscardOrdered,
        operations_contracts.MailSendOrdered,
        operations_contracts.MailDropOrdered,
        people_requests.RequestReceived,
        people_requests.RequestTaken,
        people_requests.RequestReleased,
        people_requests.RequestDelayed,
        people_requests.RequestAnswered,
        people_requests.RequestReminded,
        people_requests.RequestReplied,
        people_requests.RequestMoved,
        people_requests.RequestClosed,
        people_requests.FollowUpLinkRequested,
        people_requests.ReadyAnswerChanged,
        *(one for one in EVENTS.values() if one.__module__ == acts.__name__),
    ),
)
