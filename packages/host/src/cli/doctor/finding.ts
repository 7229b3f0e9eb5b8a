/** What was looked at, how it is, and what there is to say; a sentence on how to mend it where it is not well. */
export interface Finding {
  verdict: "ok" | "warn" | "fail";
  subject: string;
  detail: string;
}

/** A finding for `ok`, `warn` and `fail` about one subject. */
export const about = (subject: string) => ({
  ok: (detail: string): Finding => ({ verdict: "ok", subject, detail }),
  warn: (detail: string): Finding => ({ verdict: "warn", subject, detail }),
  fail: (detail: string): Finding => ({ verdict: "fail", subject, detail }),
});

/** The first line of what an error says. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
