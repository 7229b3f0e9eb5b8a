import type { Context } from "hono";
import { html, raw } from "hono/html";
import { z } from "zod";
import { randomToken } from "../tokens/random-token.ts";
import { style } from "./style.ts";

/** What varies between our pages. `script` runs in the page; both parts may use nothing from elsewhere. */
export interface Page {
  title: string;
  /** HTML, already safe. */
  body: HtmlText;
  script?: string;
}

type HtmlText = ReturnType<typeof html>;

/** The contract of an answer that is a page. */
export const page = (description: string) => ({ description, content: { "text/html": { schema: z.string() } } });

/**
 * A page that loads nothing, runs nothing but its own script, is framed by nobody and tells no other
 * site its address, in which there is a token.
 */
export async function answerPage(c: Context, { title, body, script }: Page) {
  const nonce = randomToken();
  c.header(
    "content-security-policy",
    `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; connect-src 'self'; ` +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  c.header("referrer-policy", "no-referrer");
  c.header("x-content-type-options", "nosniff");
  c.header("cache-control", "no-store");
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · Trivet</title>
<style nonce="${nonce}">${raw(style)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>
${script === undefined ? "" : html`<script nonce="${nonce}" type="module">${raw(script)}</script>`}
</body>
</html>`;
  return c.html(await document, 200);
}
