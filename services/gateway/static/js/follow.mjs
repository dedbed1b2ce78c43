// Follows a state of the server: by server-sent events, or by polling where
// a proxy buffers them. Passes each state to one function; stores nothing.

const OPENING = 5000;
const POLLING = 4000;
const LISTEN_AGAIN = 20000;

/**
 * @param {{stream: string, state: string, names: string[], again?: boolean}} the URLs to listen to and to poll,
 * and whether to listen again after a time of polling
 * @param {(state: object) => boolean} tell receives each state; true stops following
 * @returns {() => void} stops following
 */
export function follow({ stream, state, names, again = false }, tell) {
  let ended = false;
  let source = null;
  let timer = 0;
  let fellBack = 0;

  function end() {
    ended = true;
    source?.close();
    window.clearTimeout(timer);
  }

  function hand(document) {
    if (!ended && tell(document)) end();
  }

  async function ask() {
    if (ended) return;
    if (again && Date.now() - fellBack > LISTEN_AGAIN) {
      listen();
      return;
    }
    // A proxy may hold a question to a server that is gone for a minute.
    const patience = new AbortController();
    const overdue = window.setTimeout(() => patience.abort(), OPENING);
    try {
      const answer = await fetch(state, {
        credentials: "same-origin",
        headers: { Accept: "application/json" },
        signal: patience.signal,
      });
      const document = await answer.json();
      // An outage may say what is unavailable; any other error says nothing about the state.
      if (answer.ok || document.away !== undefined) hand(document);
    } catch {
      // the server is unavailable for a moment: the next poll may succeed.
    }
    window.clearTimeout(overdue);
    if (!ended) timer = window.setTimeout(ask, POLLING);
  }

  function fallBack() {
    source?.close();
    source = null;
    fellBack = Date.now();
    window.clearTimeout(timer);
    if (!ended) timer = window.setTimeout(ask, 0);
  }

  function listen() {
    source = new EventSource(stream);
    timer = window.setTimeout(fallBack, OPENING);
    source.addEventListener("open", () => window.clearTimeout(timer));
    source.addEventListener("error", fallBack);
    for (const name of names) {
      source.addEventListener(name, (event) => hand(JSON.parse(event.data)));
    }
  }

  // From here on the page follows by itself.
  for (const link of document.querySelectorAll("[data-follow-reload]")) link.hidden = true;
  window.addEventListener("pagehide", end, { once: true });
  if ("EventSource" in window) listen();
  else ask();
  return end;
}
