/**
 * Runs in the page. Tokens are kept in its memory alone, so that they are gone with it; whatever comes from the log is
 * put in as text.
 */
export const script = `
const at = (id) => document.getElementById(id), form = at("enter"), rows = 200;
let tokens, position;
const say = (text, tone = "soft") => { at("state").textContent = text; at("state").className = tone; };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function enter(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail ?? "That did not work.");
  tokens = { ...said, until: Date.now() + said.expires_in * 800 };
}

async function ask(path, headers = {}) {
  if (Date.now() > tokens.until) await enter("../auth/refresh", { refresh_token: tokens.refresh_token });
  const answer = await fetch(path, { headers: { ...headers, authorization: "Bearer " + tokens.access_token } });
  if (answer.ok) return answer;
  const { detail } = await answer.json().catch(() => ({}));
  throw Object.assign(new Error(detail ?? "The server answers " + answer.status + "."), { status: answer.status });
}

function row(cells) {
  const line = document.createElement("tr");
  for (const [text, kind = ""] of cells) {
    const cell = line.insertCell();
    cell.textContent = text;
    cell.className = kind;
  }
  return line;
}

const number = (value) => value.toLocaleString("en");
const seconds = (value) => value < 1 ? "none" : value < 120 ? Math.round(value) + " s" : Math.round(value / 60) + " min";
const size = (bytes) => bytes < 1e6 ? Math.round(bytes / 1e3) + " KB" : bytes < 1e9 ? (bytes / 1e6).toFixed(1) + " MB" : (bytes / 1e9).toFixed(1) + " GB";
const waits = (backlog) => backlog ? number(backlog.messages) : "unknown";
const lag = (backlog) => backlog ? seconds(backlog.lag_s) : "unknown";
const tone = (backlog) => !backlog ? "poor" : backlog.lag_s > 60 ? "bad" : backlog.lag_s > 5 ? "poor" : "";

function figure(name, value, kind = "") {
  const card = document.createElement("div"), strong = document.createElement("b");
  strong.textContent = value;
  strong.className = kind;
  card.append(strong, name);
  return card;
}

async function watch() {
  for (;; await pause(3000)) {
    try {
      const { streams: [log], consumers } = await (await ask("monitor")).json();
      const dead = consumers.reduce((sum, one) => sum + one.dead_letters, 0);
      at("figures").replaceChildren(
        figure("events in the last minute", number(log.last_minute)),
        figure("size of the log", size(log.bytes)),
        figure("on their way to the log", waits(log.backlog), tone(log.backlog)),
        figure("lag of the log", lag(log.backlog), tone(log.backlog)),
        figure("dead letters", number(dead), dead > 0 ? "bad" : "good"),
      );
      at("consumers").replaceChildren(...consumers.map((one) => row([
        [one.name], [waits(one.backlog), "n " + tone(one.backlog)], [lag(one.backlog), "n " + tone(one.backlog)],
        [number(one.dead_letters), one.dead_letters > 0 ? "n bad" : "n"], [number(one.events.length), "n"],
      ])));
    } catch (error) { say(error.message, "bad"); }
  }
}

function show(block) {
  const fields = Object.fromEntries(block.split("\\n").map((line) => line.split(/: ?(.*)/s)));
  if (fields.id) position = fields.id;
  if (!fields.data) return;
  const event = JSON.parse(fields.data);
  const time = new Date(event.timestamp).toLocaleTimeString();
  at("tail").prepend(row([[number(event.position), "n"], [time], [event.event], [event.service], [event.subject]]));
  while (at("tail").rows.length > rows) at("tail").deleteRow(-1);
}

async function follow() {
  for (;; await pause(2000)) {
    try {
      const answer = await ask("tail", position === undefined ? {} : { "last-event-id": position });
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      say("Watching.", "good");
      let text = "";
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        const blocks = (text + next.value).split("\\n\\n");
        text = blocks.pop();
        blocks.forEach(show);
      }
    } catch (error) {
      if (error.status === 410 || error.status === 422) position = undefined;
      say(error.message, "bad");
    }
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { account, password, code } = Object.fromEntries(new FormData(form));
  try {
    await enter("../auth/login", { [account.includes("@") ? "email" : "username"]: account, password, ...(code && { code }) });
    await ask("monitor");
    form.hidden = true;
    at("shown").hidden = false;
    void watch();
    void follow();
  } catch (error) { say(error.message, "bad"); }
});
`;
