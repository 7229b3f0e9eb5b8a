/** What was looked at, how it is, what there is to say, and how to mend it where it is not well. */
export interface Finding {
  verdict: "ok" | "warn" | "fail";
  subject: string;
  detail: string;
  /** A sentence; empty where the detail says it already. */
  advice: string;
}

/** A finding for `ok`, `warn` and `fail` about one subject. */
export const about = (subject: string) => ({
  ok: (detail: string): Finding => ({ verdict: "ok", subject, detail, advice: "" }),
  warn: (detail: string, advice = ""): Finding => ({ verdict: "warn", subject, detail, advice }),
  fail: (detail: string, advice = ""): Finding => ({ verdict: "fail", subject, detail, advice }),
});

/** What an error says. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
