import { html } from "hono/html";
import type { Page } from "./answer-page.ts";
import { sendScript } from "./send-script.ts";

export const verifyEmailPage: Page = {
  title: "Confirm your email address",
  body: html`<form>
<p>Press the button to confirm that this address is yours.</p>
<button type="submit">Confirm</button>
</form>
<noscript><p>This page needs JavaScript to confirm the address.</p></noscript>
<output role="status"></output>`,
  script: sendScript("{ token }", "Your address is confirmed. You can close this page."),
};
