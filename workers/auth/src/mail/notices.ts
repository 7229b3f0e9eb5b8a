/** What an account's owner is told when the ways into it have changed: a subject, and a sentence on what happened. */
const notices = {
  "password.changed": [
    "Your password was changed",
    "The password of your account was changed by somebody who knew it.",
  ],
  "password.reset": [
    "Your password was reset",
    "A new password was set for your account by a link that was mailed here. Every session and API key has ended.",
  ],
  "passkey.added": ["A passkey was added", "From now on your account can be entered with a new passkey."],
  "passkey.removed": ["A passkey was removed", "One of the passkeys of your account opens it no more."],
  "identity.linked": [
    "A login was linked",
    "From now on your account can be entered by a login at another provider that was not linked to it before.",
  ],
  "identity.unlinked": ["A login was unlinked", "A login at another provider opens your account no more."],
  "two-factor.enabled": [
    "Your second factor is on",
    "From now on a login to your account asks for a code. Other sessions have ended.",
  ],
  "two-factor.disabled": ["Your second factor is off", "A login to your account asks for no code any more."],
  "recovery-codes.renewed": [
    "You have new recovery codes",
    "New recovery codes were made for your account. The old ones are worthless.",
  ],
  "recovery-code.used": [
    "A recovery code was used",
    "One of the recovery codes of your account was used in place of your authenticator app, and is used up.",
  ],
  "api-key.made": ["An API key was made", "From now on a program with a new API key can act for your account."],
} as const satisfies Record<string, readonly [subject: string, happened: string]>;

export type Notice = keyof typeof notices;

/** The words of a notice, paragraph by paragraph. */
export function wordsOf(notice: Notice, at: Date): { subject: string; paragraphs: string[] } {
  const [subject, happened] = notices[notice];
  const time = `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const paragraphs = [
    "Hello,",
    `${happened} It happened at ${time}.`,
    "If it was you, there is nothing to do.",
    "If it was not, somebody else can enter your account. Set a new password by way of the page where you log in, which ends every session and API key; then look through the passkeys, the linked logins and the second factor of your account.",
  ];
  return { subject, paragraphs };
}
