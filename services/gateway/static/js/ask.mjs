// Sends a JSON request of a script, with the token of the page's form.

/** @returns {Promise<?Object>} the response; null where there is none */
export async function ask(form, address, fields) {
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Impex-Csrf": form.elements.namedItem("csrf").value },
      body: JSON.stringify(fields),
      credentials: "same-origin",
    });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}
