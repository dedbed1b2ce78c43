-- A call that was open when everything was stopped has an outcome of its own: nobody failed in it.

alter table calls drop constraint calls_outcome_check;
alter table calls add constraint calls_outcome_check check (outcome in
    ('', 'matched', 'told', 'wrong_words', 'no_answer', 'not_requested', 'doubt', 'time_over', 'stopped'));
