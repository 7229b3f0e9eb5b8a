import { XMLParser } from "fast-xml-parser";
import { malformed } from "./fault.ts";

// Everything stays text: a key may look like a number, or have spaces at its ends.
const parser = new XMLParser({
  parseTagValue: false,
  trimValues: false,
  ignoreAttributes: true,
  isArray: (name) => repeatable.has(name),
});
const repeatable = new Set(["Contents", "CommonPrefixes", "Error", "Deleted"]);

/** An element: text, or what it holds by name. Elements that may come several times are lists. */
export type Element = Readonly<Record<string, unknown>>;

/** The root element of an answer, which must be called `name`. */
export function rootOf(xml: string, name: string): Element {
  const root = childOf(parsed(xml), name);
  if (root === undefined) throw malformed(`something other than ${name}`);
  return root;
}

/** What an S3 error says, be it that it came with status 200. */
export function errorIn(xml: string): { code: string; message: string } | undefined {
  const [error] = childrenOf(parsed(xml), "Error");
  if (!error) return undefined;
  return { code: textOf(error, "Code") ?? "Unknown", message: textOf(error, "Message") ?? "no reason was given" };
}

function parsed(xml: string): Element {
  try {
    return elementOf(parser.parse(xml)) ?? {};
  } catch {
    return {};
  }
}

const elementOf = (value: unknown): Element | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;

const childOf = (element: Element, name: string): Element | undefined =>
  // An element without content is an empty text.
  element[name] === "" ? {} : elementOf(element[name]);

export function childrenOf(element: Element, name: string): Element[] {
  const children = element[name];
  return Array.isArray(children) ? children.map((child: unknown) => elementOf(child) ?? {}) : [];
}

export function textOf(element: Element, name: string): string | undefined {
  const value = element[name];
  return typeof value === "string" ? value : undefined;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => entities[character] ?? "");

/** Whether XML 1.0 hands a text on as it is: it has no place for control characters, and folds carriage returns. */
export const fitsXml = (text: string): boolean => !/[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(text);
