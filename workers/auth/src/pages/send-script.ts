/**
 * Sends what `fields` makes of the token in the page's address to that same address, and says how it
 * went. Opening the page sends nothing: programs that follow links in mails press no button.
 */
export const sendScript = (fields: string, done: string): string => `
const form = document.querySelector("form"), button = document.querySelector("button"), output = document.querySelector("output");
const token = new URLSearchParams(location.search).get("token");
history.replaceState(null, "", location.pathname);
const say = (text, tone) => { output.textContent = text; output.className = tone; };
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  try {
    const body = JSON.stringify(${fields});
    const response = await fetch(location.pathname, { method: "POST", headers: { "content-type": "application/json" }, body });
    if (response.ok) { form.hidden = true; return say(${JSON.stringify(done)}, "good"); }
    const problem = await response.json().catch(() => ({}));
    say(problem.errors?.map((error) => error.pointer.slice(1) + " " + error.detail).join("; ") ?? problem.detail ?? "That did not work.", "bad");
  } catch { say("The server cannot be reached. Try again.", "bad"); }
  button.disabled = false;
});
`;
