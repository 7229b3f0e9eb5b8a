import { id, text } from "@trivet/contracts";
import { z } from "zod";

const words = text({ min: 1, max: 1_000 });

export const newItem = z.strictObject({ text: words }).meta({ id: "NewStencilItem" });

export type NewItem = z.output<typeof newItem>;

export const item = z
  .object({ id, text: words, createdAt: z.iso.datetime() })
  .meta({ id: "StencilItem", description: "Something that somebody keeps for themselves" });

export type Item = z.output<typeof item>;

export const itemParams = z.object({ id });
