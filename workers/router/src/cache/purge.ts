import { z } from "zod";
import { destinationOf } from "../public-path.ts";

const text = z.string().min(1).max(1_024);
const path = z
  .string()
  .regex(/^\/\S*$/, { error: "must be a path that begins with /" })
  .max(2_048);
const listed = <T extends z.ZodType>(one: T, description: string) =>
  z.array(one).max(100).default([]).meta({ description });

/** What is to be forgotten; what several members name is forgotten all the same. */
export const purge = z
  .strictObject({
    paths: listed(path, "Addresses, each with whatever query and in all variants"),
    prefixes: listed(path, "What addresses begin with"),
    tags: listed(text, "What services have named in `Cache-Tag`"),
    all: z.boolean().default(false).meta({ description: "Everything" }),
  })
  .refine(({ paths, prefixes, tags, all }) => all || paths.length + prefixes.length + tags.length > 0, {
    error: "must name at least one of `paths`, `prefixes` and `tags`, or say `all`",
  });

export type Purge = z.output<typeof purge>;

/** The purge in terms of services' own paths, by which answers are kept: public ones have several names. */
export const asKept = ({ paths, prefixes, ...others }: Purge): Purge => ({
  ...others,
  paths: paths.map(ownPath),
  prefixes: prefixes.map(ownPath),
});

const ownPath = (sent: string): string => destinationOf(sent)?.path ?? sent;
