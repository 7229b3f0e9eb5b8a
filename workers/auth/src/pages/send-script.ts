/**
 * Sends what `fields` makes of the `query` of the page's address to that same address, and says how it
 * went. `then` may look at the `response` and add to what is said when all is `done`. Opening the page
 * sends nothing: programs that follow links in mails press no button.
 */
export const sendScript = (fields: string, done: string, then = ""): string => `
const form = document.querySelector("form"), button = document.querySelector("button"), output = document.querySelector("output");
const query = Object.fromEntries(new URLSearchParams(location.search));
history.replaceState(null, "", location.pathname);
const say = (text, tone) => { output.textContent = text; output.className = tone; };
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  try {
    const body = JSON.stringify(${fields});
    const response = await fetch(location.pathname, { method: "POST", headers: { "content-type": "application/json" }, body });
    if (response.ok) { let done = ${JSON.stringify(done)}; ${then} form.hidden = true; return say(done, "good"); }
    const problem = await response.json().catch(() => ({}));
    say(problem.errors?.map((error) => error.pointer.slice(1) + " " + error.detail).join("; ") ?? problem.detail ?? "That did not work.", "bad");
  } catch { say("The server cannot be reached. Try again.", "bad"); }
  button.disabled = false;
});
`;
