import { html } from "hono/html";
import type { Page } from "./answer-page.ts";
import { sendScript } from "./send-script.ts";

export const verifyEmailPage: Page = {
  title: "Confirm your email address",
  body: html`<form>
<label for="password">The password of your account</label>
<input id="password" type="password" autocomplete="current-password" maxlength="1024" required autofocus aria-describedby="rule">
<p id="rule" class="hint">It shows that you opened the account. If you did not, somebody typed your address by mistake or on purpose: close this page.</p>
<button type="submit">Confirm</button>
</form>
<noscript><p>This page needs JavaScript to confirm the address.</p></noscript>
<output role="status"></output>`,
  script: sendScript(
    '{ token: query.token, password: document.querySelector("#password").value }',
    "Your address is confirmed. You can close this page.",
  ),
};
