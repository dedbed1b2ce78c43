"""Identifiers use the standard terms of the field: former private names do not come back.

Names are read from the syntax trees of all Python files. Message classes and their fields are
frozen; tables, broker names, slugs and log actions are no identifiers.
"""

import ast
import re
import subprocess
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: Former names of modules, and what they are called now.
MODULES = """
access accounts
address_wishes address_changes
addresses client_ip, email_addresses
answering rpc_codec
bare bare_process
checking settings
companion subprocesses
consumer event_processor
dead dead_letters
deploying install_commands
desk_forms support_request_forms
desk_store support_requests
desk_words support_request_forms
destinations login_redirects
disavowal not_me
disavowals not_me_store
doors login_throttle, failed_code_store
enrolling enrolment_page
evidence leak_sources
facts templates
floors baselines
folding search_text
forgotten forgotten_password
gateway_front gateway/templates
guessers password_guessers
happenings sample_events
help_pictures help_screenshots
house service_registry
information_texts profile_messages
information_validation profile_form
intake queue_consumer
judging form_validation
keeper supervisor
kept_forms saved_input
leash exec_child
ledger account_store
library data_files
live sse
lives journeys
neighbours test_services
networks limit_settings
node service_bus
office filing_links
operators account_store
paris local_dates
patience retrying
personal data_export
personal_labels data_export_labels
personal_texts data_export_page
post_office mail_fixture
posting form_routes
proofs email_verification
reach endpoints
refusals form_errors
renaming name_changes
responder rpc_server
rights permissions
rights_lives rights_journeys
room harness
running lifecycle
saying dossiers
sayings localized_text
sealed_pages sealed_state
session_ends session_revocations
shared_ground shared/runtime
sheets recovery_code_store
signed signed_tokens
slips email_typos
strength common_words
tellings dossier_updates
transport connection_urls
tries failed_codes
victim killable_worker
visits request_state
wallet secrets_dir
watched recording_browser
words common_words
writing enqueue
"""

#: Former names that are distinctive: nowhere, neither defined nor used.
EVERYWHERE = """
AGREEING DRIFT_TOLERANCE
Asker RpcSender
BREATH KEEPALIVE_SECONDS
CannotOpen DecryptionError
Corners TestServers
DOUBT RECENT_CHANGE_PERIOD
EAGER FAST_POLL
FORGIVEN_AFTER BACKOFF_RESET_AFTER
FROM_NETWORK an address from this network
Ground AppDependencies
House Runtime
Intake QueueConsumer
Judged ValidationResult
KEYLESS WITHOUT_IDEMPOTENCY_KEY
KeptForms SavedInput
LEASH exec_child
LIVES LIFECYCLES
LateDoubt RecentChangeTooLate
Lexicon WordList
NEVER NO_DATE
NOT_SAID WRONG_PUBLISHER
NOTICED DISCONNECT_NOTICED
Newcomer PasswordSignIn
NoSuchChoice InvalidParameter
NotConfirmed PublishNotConfirmed
OUTSIDERS EXTERNAL_USERS
OwnerAway ServiceUnavailable
Pace RateLimiter
PASSING TRANSIENT_ERRORS
PlainError BareErrorResponse
REACH DRIFT_WINDOW
Refusing RefusalReply
SPARE_SECONDS IDLE_SECONDS
Saying DossierMessage
SealedPages SealedState
ServerAway SmtpUnavailable
Standing AddressStatus, SiretCheck
Stray OffWindowCode
Tally StatusCounts
Told DossierUpdate
TooMuch RateLimited
Tries FailedCodes
Typed SubmittedForm
UNATTENDED BACKGROUND_PATHS
Unanswered NoResponse
UnfitMail InvalidMail
VISIT REQUEST_STATE
Visit RequestState
WRONG_ENDS TLD_TYPOS
Wallet SecretsDir
_again_and_again _periodically
_check_who_says _check_publisher
_from_somewhere _port_sequence
_judge_heads _check_header
_kept_when_dead _dead_letter_arguments
_left_as_it_is _skip_reset
_look_after _restart
_mended_end _fix_tld
_of_state from the running state
_put_aside _retry_or_dead_letter
_recognise _load_request_state
_same_house _same_domain
_say_why _log_failure
_told_enough _daily_limit_reached
_way_on _next_link
_while_away _while_unavailable
away_form unavailable_form
burned blocked_steps
counted_under rate_limit_key
destination_above nearest_target
disavows has_not_me_link
draft_life draft_retention
drop_cookie clear_cookie
end_leftovers stop_orphans
enrol_life enrolment_lifetime
find_again resume_promoted
first_of wait_first
first_time mark_processed
foreign_lists zxcvbn_lists
forgive_readers tolerate_output
forgiven cleared
given_or_running configured_or_running
hasten_unreachable retry_unreachable_now
hears_at_once hears_sql
in_doubt recently_changed
judge_code check_code
judge_tries check_attempt
keep_purging purge_periodically
know_holder check_holder_password
known_door known_browser_scope
leave_closed end_if_account_closed
left_to_desk support_only
misspelt unknown_variables
most_tries max_tries
nudge wake
one_more with_failure
open_half start_partial
outsider_urls external_user_urls
patiently retry_while_down
put_away encrypt_key
put_off defer
readdress update_address
refusal_to_keep check_storable
say_all publish_all
shuts_until locks_until
side_task background_task
six_digits parse_code
slip_form typo_form
stamp_of fingerprint
strangers_doors anonymous_scopes
take_back uncount
take_effect apply_once
take_out decrypt_key
takes_lost_phone can_report_lost_phone
takes_reset can_reset_password
tell_departure report_departure
told_by from_event
unproved require_pending
wait_values retry_values
waiting_room retry_queue
waiting_rooms retry_queues
wanted_by runtime requirements
"""

#: Former names that are ordinary words: in these folders, not the name of a class, function, field
#: or constant.
DEFINED = {
    "shared": """
Answered ReplyEnvelope
CLEANING CLEANUP_SECONDS
Effect SqlEffect
GUIDE DEFAULT_BRAND
Kept StoredReply
LOST CONNECTION_ERRORS
Link BrokerConnection
MEASURING MEASURE_SECONDS
Node ServiceBus
Requester RpcClient
Responder RpcServer
Running ServiceRunner
STEPS RETRY_DELAYS
Waiting OutageLog
because started
hold pause
live run
oldest oldest_seconds
over ended
relieved reset_backoff
session acquire
settle ack_or_requeue
take handle_delivery
""",
    "operations": """
Known ProcessIdentity
Mistake RowError
Party Principal
Places AdminUrls
Reach BrokerEndpoint
Watch Supervisor
_adopt _register
_life _lifecycle
_say publish
invent generate
judge validate_settings
parties principals
party principal
""",
    "services/gateway": """
AWAY UNAVAILABLE_ERRORS
Access AuthClient
Anonymous AnonymousCookie
Ask Poll
CLOCKS CLOCK_SKEW
Choice Option
Desk SupportRequests
Elsewhere a redirect
Ended EndedSession
FOR_EVER IMMUTABLE
Factor MfaClient
Front SiteConfig
Holder AddressChangeClient
Listed ProfileSummary
MARK BOM
MATTERS CATEGORIES
Mark FormOwnerToken
Matter Category
OURS OWN_ASSETS
Office FilingLinks
PATIENCE LOOKUP_TIMEOUT
PATIENT SLOW_POLL
PLACE PLACEHOLDER
PageError HttpError
Pair LocalizedText
Part Section
Personal DataExportClient
Place EnrolmentRoutes
Reference PresessionCookie
Said SseEvent
TAKEN REPLAYED_SUCCESS
TICK TERMS_CHECKBOX
TOUCH TOUCH_INTERVAL
Verbs RouteHelpers
Wanted DossierQuery
Window SlidingWindow
Word SupportRequest
_bound _enforce_quota
_place _slot
_say _emit_closed
_speak _send_loop
_tell _send
at require_step
away on_unavailable
dress add_headers
fill interpolate
full require_signed_in
gather collect
go_on rotate_session
guarded with_guard
half require_password_step
held export
inert escape_formula
keep on_session_expired
landing after_login_url
needs guard
observe handle_request
over is_expired
pick localize
posted form_endpoint
prolong extend
question json_post
shown build_sections
somebody require_session
verbs RouteHelpers
whole reset_filters
wish request_change
""",
    "services/registration": """
Document RulesDocument
Door ThrottleScope
Draft ValidatedForm
Life Validity
Rules PasswordRules
Verdict RuleResult
Wish AddressChangeForm
_grams _ngrams
begin count_attempt
forgive clear_failures
lift reset
likely_slip typo_refusal
opens can_sign_in
serve to_json
standing address_status
stands is_pending
suggest suggest_correction
""",
    "services/mailer": """
Built MimeMessage
Draft Delivery
Facts TemplateData
Held HeldMail
Kind OutcomeKind
Line SmtpConnection
Lines SmtpPool
Mailer Deps
Opening SecretMailData
Person Recipient
Sender DeliveryWorker
Step Transition
_begin _mark_transmitting
_give _write_data
_lost _connection_lost
_opened _build
_said _reason
_told the event of the transition
_turn _poll_once
borrow acquire
cases variants
doubts uncertain_attempts
judge classify_response
listing list_held
offer send_envelope
opens carries_secret
remember upsert_recipient
take_over recover_abandoned
tell send_notice
transmit send_data
whole single_file
""",
    "services/mfa": """
Memory CodeState
Sheet RecoveryCodeSet
Verdict Verification
judge verify_code
keep save
memory code_state
renewed reencrypted
safe key_sealer
spend consume_code
worth result
""",
    "services/profile": """
Answer EstablishmentRecord
Patience Timeouts
_which _other_text
judge validate
keep save
kept fields
show to_view
standing siret_check
tell publish or emit
tidy normalize
turn wait_turn
""",
    "services/dossiers": """
Choice ListQuery
LIFE STATUS_ORDER
Place Cursor
behind after
choose parse_query
fold normalize
keep upsert
tally count_by_status
""",
    "tests": """
AWAY UNAVAILABLE
JUDGE CHECKER
Judge PageChecker
LETTER MAIL
Letter SentMail
Letters SentMails
PARTIES PRINCIPALS
ROOMS PARTS
Room ServiceHarness
SAID EVENTS
Street TestBus
TELLER EMITTER
WISH PENDING_CHANGE
Witness PageMonitor
_heard handler
_said an event
_told an event
beside next to
corner fresh_system
corners test_servers
hear handle_event
house system
judge check
overheard capture_events
said next_event
say add
says responds
stands is_current
tell emit_event
told the events or the update
wish request_change
""",
}

#: Words that do not come back in names of tests.
WORDS = (
    "beside|doors?|fate|forgets?|forgot|hears?|heard|house|judged|judges|lest|nought|rescue|rooms?|"
    "said|say|says|stands?|tells?|told|victim|voice|whoever|wish"
)
#: Words before numbers in names of tests that were no ids of docs/requirements.md.
NUMBERED = "bad|bad_inputs?|pitfall|settled|wording"

#: Words inside names, as regular expressions over parts of names defined here.
PATTERNS = {
    r"_?(LONGEST|MOST|LARGEST|LEAST|HIGHEST|FURTHEST|SHORTEST)(_.*)?": "MAX_ or MIN_",
    r"(.*_)?KEPT(_DAYS|_SECONDS)?": "RETENTION",
    r"_?(forget|remember)(_.*)?|note_.*": "purge, delete_expired, save, record_",
    r"_?judge(_.*)?": "validate or check",
    r".*_problem": "validate_",
    rf"test_(.*_)?({WORDS})(_.*)?": f"plain English, without {WORDS}",
    rf"test_(.*_)?({NUMBERED})_\d.*": "only ids of docs/requirements.md",
}

#: (name, files): why it is allowed.
ALLOWED: dict[tuple[str, str], str] = {
    ("doubts", "services/mailer/*"): "a column: attempts whose outcome is unknown",
    ("whole", "services/gateway/features/dossiers/*"): "the link to the whole list",
    ("judge_address_change", "services/registration/*"): "handles the frozen JudgeAddressChange",
    ("full", "services/gateway/*"): "the level `full` of a session, a value in the database",
    ("at", "services/gateway/http/routes.py"): "the page at a path",
}


def table(text: str) -> dict[str, str]:
    """(former name, standard term) of each line."""
    return dict(line.split(" ", 1) for line in text.strip().splitlines())


def python_files() -> list[Path]:
    """Every Python file of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.splitlines()
    paths = (Path(name) for name in listed)
    return [
        path
        for path in paths
        if (ROOT / path).is_file() and ROOT / path != Path(__file__).resolve()
    ]


def definitions(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, int]]:
    """(name, line) of classes, functions, and names assigned in modules and classes."""
    for node in nodes:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno
        if isinstance(node, ast.Module | ast.ClassDef):
            for statement in node.body:
                if isinstance(statement, ast.Assign | ast.AnnAssign):
                    targets = (
                        statement.targets
                        if isinstance(statement, ast.Assign)
                        else [statement.target]
                    )
                    for target in targets:
                        for each in ast.walk(target):
                            if isinstance(each, ast.Name):
                                yield each.id, each.lineno


def identifiers(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, int]]:
    """(name, line) of every identifier."""
    for node in nodes:
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name, node.lineno
            case ast.keyword(arg=str(name)):
                yield name, node.lineno
            case ast.alias(name=name, asname=asname):
                yield from ((part, node.lineno) for part in name.split("."))
                if asname:
                    yield asname, node.lineno
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name, node.lineno
            case ast.AsyncFunctionDef(name=name):
                yield name, node.lineno


def former_names(path: Path) -> Iterator[tuple[str, int, str]]:
    """(former name, line, standard term) in one file, its own name in line 0."""
    for name in (path.stem, *path.parent.parts):
        if name in MODULE_TERMS:
            yield name, 0, MODULE_TERMS[name]
    nodes = list(ast.walk(ast.parse((ROOT / path).read_text("utf-8"))))
    for name, line in identifiers(nodes):
        if name in EVERYWHERE_TERMS:
            yield name, line, EVERYWHERE_TERMS[name]
    defined: dict[str, str] = {}
    for folder, terms in DEFINED_TERMS.items():
        if path.is_relative_to(folder):
            defined |= terms
    for name, line in definitions(nodes):
        if name in defined:
            yield name, line, defined[name]
        for pattern, term in PATTERNS.items():
            if re.fullmatch(pattern, name):
                yield name, line, term


MODULE_TERMS, EVERYWHERE_TERMS = table(MODULES), table(EVERYWHERE)
DEFINED_TERMS = {folder: table(names) for folder, names in DEFINED.items()}


def is_allowed(name: str, path: Path) -> bool:
    """Whether a former name is allowed in this file."""
    return any(name == allowed and fnmatch(str(path), files) for allowed, files in ALLOWED)


def test_no_former_name_is_left() -> None:
    left = [
        f"{path}:{line}: {name} (now: {term})"
        for path in python_files()
        for name, line, term in former_names(path)
        if not is_allowed(name, path)
    ]
    assert not left, "\n".join(sorted(set(left)))


def test_every_allowed_name_still_exists() -> None:
    files = python_files()
    for allowed, pattern in ALLOWED:
        matching = [path for path in files if fnmatch(str(path), pattern)]
        assert any(allowed == name for path in matching for name, _, _ in former_names(path)), (
            allowed,
            pattern,
        )
