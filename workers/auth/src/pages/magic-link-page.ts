import { html } from "hono/html";
import type { Page } from "./answer-page.ts";
import { sendScript } from "./send-script.ts";

export const magicLinkPage: Page = {
  title: "Log in",
  body: html`<form>
<p>Press the button to log in.</p>
<button type="submit">Log in</button>
</form>
<noscript><p>This page needs JavaScript to log you in.</p></noscript>
<output role="status"></output>`,
  script: sendScript(
    "{ token: query.token, return_to: query.return_to }",
    "You are in. Type this code where you asked for the link: ",
    "const { code, location: next } = await response.json(); if (next) return globalThis.location.assign(next); done += code;",
  ),
};
