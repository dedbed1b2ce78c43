-- Tables and columns take the names of what they hold.
alter table session_ends rename to session_revocations;
alter table session_revocations rename constraint session_ends_pkey to session_revocations_pkey;

alter table kept_forms rename to saved_input;
alter table saved_input rename column kept_at to saved_at;
alter table saved_input rename constraint kept_forms_pkey to saved_input_pkey;
alter table saved_input rename constraint kept_forms_box_check to saved_input_box_check;
alter table saved_input rename constraint kept_forms_check to saved_input_check;
alter index kept_forms_expires_at rename to saved_input_expires_at;

alter table desk_words rename to support_requests;
alter table support_requests rename column counted_under to rate_limit_key;
alter table support_requests rename column told_at to submitted_at;
alter table support_requests rename constraint desk_words_pkey to support_requests_pkey;
alter table support_requests rename constraint desk_words_number_key to support_requests_number_key;
alter table support_requests rename constraint desk_words_check to support_requests_check;
alter table support_requests
    rename constraint desk_words_form_hash_check to support_requests_form_hash_check;
alter table support_requests rename constraint desk_words_kind_check to support_requests_kind_check;
alter index desk_words_counted rename to support_requests_rate_limit_key;
alter index desk_words_account_id rename to support_requests_account_id;
alter index desk_words_expires_at rename to support_requests_expires_at;
