-- What an agent chose about the desk's pages. Without a row nothing was chosen yet.
create table agent_preferences (
    agent_id uuid primary key,
    -- Keyboard shortcuts: letters that move the focus or open a page.
    shortcuts boolean not null
);
comment on table agent_preferences is 'Personal data: how an agent uses the keyboard. Kept until the agent is removed.';
