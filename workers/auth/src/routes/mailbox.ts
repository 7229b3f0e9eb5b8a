import { access, json } from "@trivet/http";
import { TrivetError } from "@trivet/platform";
import { z } from "zod";
import { type Deps, route } from "../deps.ts";
import { readMails, type StoredMail } from "../mail/stored-mailer.ts";
import { answerPage, page } from "../pages/answer-page.ts";
import { mailboxPage } from "../pages/mailbox-page.ts";

const mail = z
  .object({
    id: z.string(),
    to: z.string(),
    subject: z.string(),
    text: z.string(),
    html: z.string().optional().meta({ description: "The same as a page, where there is one" }),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: "Mail" });

/** Everybody's mail, which nobody may see but a developer on their own machine. */
async function readMailbox({ db, env }: Deps): Promise<StoredMail[]> {
  if (env.TRIVET_ENV !== "development") throw new TrivetError("not_found");
  return await readMails(db, env.AUTH_SECRET);
}

export const getMailbox = route(
  {
    method: "get",
    path: "/auth/mailbox",
    summary: "The mails of this system, in development only",
    access: access.anyone,
    responses: { 200: page("The newest mails") },
    errors: ["not_found"],
  },
  async (c) => answerPage(c, mailboxPage(await readMailbox(c.var.deps))),
);

export const getMailboxMessages = route(
  {
    method: "get",
    path: "/auth/mailbox/messages",
    summary: "The mails of this system as JSON, in development only",
    access: access.anyone,
    responses: { 200: json(z.object({ items: z.array(mail) }), "Newest first, at most a hundred") },
    errors: ["not_found"],
  },
  async (c) => {
    const mails = await readMailbox(c.var.deps);
    return c.json({ items: mails.map((item) => ({ ...item, createdAt: item.createdAt.toISOString() })) }, 200);
  },
);
