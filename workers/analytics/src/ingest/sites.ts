import { z } from "zod";

/** A page that may send its visitors' events: the key is public, the origins say whose pages may use it. */
const site = z.strictObject({
  name: z.string().regex(/^[a-z\d][a-z\d.-]{0,62}$/),
  key: z.string().regex(/^[\w-]{16,64}$/),
  origins: z.array(z.url({ protocol: /^https?$/ }).transform((url) => new URL(url).origin)).min(1),
});

export type Site = z.output<typeof site>;

const form =
  'must be JSON such as [{"name":"blog","key":"16 or more of A-Z a-z 0-9 _ -","origins":["https://blog.example.com"]}], each name and key once';

/** The variable ANALYTICS_SITES. */
export const sites = z
  .string()
  .default("[]")
  .transform((text, context): Site[] => {
    const parsed = z.array(site).safeParse(jsonOf(text));
    if (parsed.success && isUnique(parsed.data)) return parsed.data;
    context.addIssue({ code: "custom", message: form });
    return z.NEVER;
  });

const isUnique = (all: readonly Site[]): boolean =>
  [all.map(({ key }) => key), all.map(({ name }) => name)].every((values) => new Set(values).size === all.length);

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
