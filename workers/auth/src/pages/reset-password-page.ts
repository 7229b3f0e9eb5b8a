import { html } from "hono/html";
import type { Page } from "./answer-page.ts";
import { sendScript } from "./send-script.ts";

export const resetPasswordPage: Page = {
  title: "Set a new password",
  body: html`<form>
<label for="password">New password</label>
<input id="password" type="password" autocomplete="new-password" minlength="8" maxlength="512" required autofocus aria-describedby="rule">
<p id="rule" class="hint">At least 8 characters. A few unrelated words are better than one odd one.</p>
<button type="submit">Set password</button>
</form>
<noscript><p>This page needs JavaScript to set the password.</p></noscript>
<output role="status"></output>`,
  script: sendScript(
    '{ token: query.token, password: document.querySelector("#password").value }',
    "Your new password holds, and every session has ended. Log in again.",
  ),
};
