import { z } from "zod";

type Issue = z.core.$ZodRawIssue;

const missing = "is missing";

/**
 * What zod says of a value where its schema has no words of its own: the end of a sentence that begins with the name of
 * the field or variable. It repeats nothing of the value.
 */
function words(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? missing : `must be ${kinds[issue.expected] ?? issue.expected}`;
    case "invalid_value": {
      if (issue.input === undefined) return missing;
      const values = issue.values.map(String).join(", ");
      return issue.values.length === 1 ? `must be ${values}` : `must be one of ${values}`;
    }
    case "too_big":
      return bounded(issue, issue.maximum, issue.inclusive ? "at most" : "less than");
    case "too_small":
      return bounded(issue, issue.minimum, issue.inclusive ? "at least" : "more than");
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_format":
      return formatted(issue);
    case "unrecognized_keys":
      return "has fields that are not known";
    case "invalid_key":
      return "has a field whose name is not allowed";
    default:
      return "is not valid";
  }
}

const kinds: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
  object: "an object",
  record: "an object",
  string: "text",
};

const units: Readonly<Record<string, string>> = { string: "character", array: "item", set: "item", map: "entry" };

type Bounded = { origin: string; exact?: boolean | undefined };

function bounded({ origin, exact }: Bounded, bound: number | bigint, comparison: string): string {
  const unit = units[origin];
  const amount = exact ? `exactly ${bound}` : `${comparison} ${bound}`;
  if (unit === undefined) return `must be ${amount}`;
  return `must have ${amount} ${Number(bound) === 1 ? unit : plural(unit)}`;
}

const plural = (unit: string): string => (unit.endsWith("y") ? `${unit.slice(0, -1)}ies` : `${unit}s`);

const formats: Readonly<Record<string, string>> = {
  date: "a date such as 2026-01-31",
  datetime: "a time such as 2026-01-31T12:00:00Z",
  email: "an email address",
  url: "an absolute URL",
  uuid: "a UUID",
};

function formatted({ format, pattern }: { format: string; pattern?: string | undefined }): string {
  const known = formats[format];
  if (known !== undefined) return `must be ${known}`;
  return pattern === undefined ? "is not of the form that is expected" : `must match ${pattern}`;
}

// Hono's validators parse by themselves, so there is no call of ours to hand the words to.
z.config({ localeError: words });
