-- What people ask of the desk, with its thread. What they and the desk wrote is sealed under
-- support's own key. Times are UTC; days are those of Paris.

-- Nothing but requests themselves is stored as it arrives any more.
drop table incoming_requests;

create table requests (
    number text primary key check (number ~ '^(TEL|COR|DEP|BOI|MSG)(-[A-Z2-7]{5}){2}$'),
    kind text not null check (kind in
        ('lost_phone', 'correction', 'departure', 'mailbox', 'message')),
    state text not null check (state in ('received', 'in_progress', 'waiting', 'in_approval',
        'planned', 'done', 'refused', 'cancelled', 'lapsed')),
    -- Of the last entry of its thread.
    version integer not null check (version > 0),
    -- NULL: somebody without an account, or not signed in.
    account_id uuid,
    channel text not null check (channel in ('portal', 'call', 'mail')),
    -- Of the mails to whoever has no account; empty otherwise.
    language text not null check (language = '' or language in ('fr', 'en')),
    -- A code: what is to be corrected, or who reports a departure.
    about text not null default '' check (octet_length(about) <= 20),
    stolen boolean not null default false,
    received_at timestamptz not null,
    -- The day that was promised first, by which lateness is judged, and the one promised last.
    promised_on date not null,
    answer_by date not null,
    delayed_at timestamptz,
    agent_id uuid references agents,
    -- When the desk began to wait for the person.
    asked_at timestamptz,
    reminded_at timestamptz,
    -- When what was agreed to happens.
    planned_at timestamptz,
    closed_at timestamptz,
    reason text not null default '' check (octet_length(reason) <= 40),
    -- JSON, sealed: the fields of the form. `contact` is the address of whoever has no account.
    details jsonb not null,
    contact jsonb,
    constraint closed_is_dated check
        ((state in ('done', 'refused', 'cancelled', 'lapsed')) = (closed_at is not null)),
    constraint waiting_is_dated check (state <> 'waiting' or asked_at is not null),
    constraint an_address_has_a_language check ((contact is null) = (language = ''))
);
comment on table requests is
    'Personal data, sealed: what people wrote. Deleted IMPEX_REQUEST_DAYS after the end.';
create index requests_open on requests (answer_by, received_at) where closed_at is null;
create index requests_account_id on requests (account_id) where account_id is not null;
create index requests_closed_at on requests (closed_at) where closed_at is not null;

-- Everything that happened to a request, in order.
create table request_entries (
    number text not null references requests on delete cascade,
    position integer not null check (position > 0),
    action text not null check (octet_length(action) <= 20),
    author text not null check (author in ('person', 'agent', 'clock')),
    agent_id uuid references agents,
    reason text not null default '' check (octet_length(reason) <= 40),
    -- Sealed.
    text jsonb,
    at timestamptz not null,
    primary key (number, position),
    constraint agents_have_names check ((author = 'agent') = (agent_id is not null))
);
comment on table request_entries is
    'append-only; personal data, sealed: what was written. Deleted with its request.';

-- Links to the page of one request, as keyed hashes of their tokens.
create table request_links (
    link_hash bytea primary key check (octet_length(link_hash) = 32),
    number text not null references requests on delete cascade,
    expires_at timestamptz not null
);
comment on table request_links is 'Secret: hashes only. Deleted at expires_at.';
create index request_links_number on request_links (number);
create index request_links_expires_at on request_links (expires_at);

-- Which agents have a request open.
create table request_viewers (
    number text not null references requests on delete cascade,
    agent_id uuid not null references agents,
    since timestamptz not null,
    seen_at timestamptz not null,
    primary key (number, agent_id)
);
comment on table request_viewers is 'Deleted after an hour.';

-- How often a link was asked for, by number and by network, and how often people reply.
create table request_limits (
    key text primary key check (octet_length(key) <= 100),
    moments timestamptz[] not null,
    expires_at timestamptz not null
);
comment on table request_limits is 'Personal data: network. Deleted after a day.';
create index request_limits_expires_at on request_limits (expires_at);

-- Ready-made answers, which agents adapt. {…} is left to fill in.
create table ready_answers (
    name text primary key check (name ~ '^[a-z_]{1,40}$'),
    title_fr text not null,
    title_en text not null,
    text_fr text not null,
    text_en text not null,
    version integer not null default 1 check (version > 0),
    changed_by uuid references agents on delete set null,
    changed_at timestamptz
);
insert into ready_answers (name, title_fr, title_en, text_fr, text_en) values
    ('call', 'Appel à venir', 'Call to come',
     'Nous vous appellerons le {date} entre {h} et {h}, à un numéro du dossier. Ouvrez alors la page de suivi.',
     'We will call you on {date} between {h} and {h}, on a number on file. Have the follow-up page open.'),
    ('more', 'Il manque quelque chose', 'Something is missing',
     'Pour avancer, il nous faut : {liste}. Répondez sur la page de suivi, sans mot de passe ni code.',
     'To go on we need: {list}. Answer on the follow-up page, without any password or code.'),
    ('refused', 'Demande non vérifiée', 'Request not verified',
     'Nous n''avons pas pu vérifier que la demande vient de vous : rien n''a changé.',
     'We could not verify that the request comes from you: nothing has changed.'),
    ('no_mail', 'Message non reçu', 'Mail not received',
     'Votre serveur a répondu « {réponse} » le {date}. Autorisez {expéditeur} ; message renvoyé.',
     'Your server replied “{reply}” on {date}. Allow {sender}; message sent again.');
