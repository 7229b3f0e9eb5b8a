import { html } from "hono/html";
import type { StoredMail } from "../mail/stored-mailer.ts";
import type { Page } from "./answer-page.ts";

export const mailboxPage = (mails: readonly StoredMail[]): Page => ({
  title: "Mailbox",
  body:
    mails.length === 0
      ? html`<p>No mail yet. Register somebody, and look again.</p>`
      : html`<p>What this system would have mailed, newest first.</p>${mails.map(showMail)}`,
});

const showMail = ({ to, subject, text, createdAt }: StoredMail) => html`<article class="mail">
<h2>${subject}</h2>
<p>to ${to}, <time datetime="${createdAt.toISOString()}">${createdAt.toISOString()}</time></p>
<pre>${withLinks(text)}</pre>
</article>`;

/** The links of a mail, so that one can follow them as from a mail program. */
const withLinks = (text: string) =>
  text.split(/(https?:\/\/\S+)/).map((part, index) => (index % 2 === 0 ? part : html`<a href="${part}">${part}</a>`));
