import official from "@asyncapi/specs/schemas/3.0.0.json" with { type: "json" };
import { envelope, events, subscriptions } from "@trivet/contracts";
import { newId } from "@trivet/platform";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { buildAsyncApi } from "../../../workers/events/src/asyncapi/build-asyncapi.ts";

const document = JSON.parse(JSON.stringify(buildAsyncApi()));

/** The official schema brings the schema of schemas along. */
function validator(options: object = {}) {
  const ajv = new Ajv({ strict: false, allErrors: true, ...options });
  addFormats.default(ajv);
  return ajv;
}

/** Every `$ref`, wherever it stands. */
function* referencesIn(value: unknown): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (name === "$ref" && typeof member === "string") yield member;
    else yield* referencesIn(member);
  }
}

const resolve = (reference: string): unknown =>
  reference
    .slice(2)
    .split("/")
    .reduce((at: unknown, part) => Object(at)[part], document);

describe("the AsyncAPI document", () => {
  test("is valid by the official schema of AsyncAPI 3.0", () => {
    const validate = validator({ meta: false, validateSchema: false }).compile(official);
    validate(document);
    expect(validate.errors ?? []).toEqual([]);
    validate({ ...document, channels: { events: { address: 1 } } });
    expect(validate.errors?.length).toBeGreaterThan(0);
  });

  test("refers to nothing that it does not hold", () => {
    const references = [...referencesIn(document)];
    expect(references.length).toBeGreaterThan(Object.keys(events).length);
    for (const reference of references) expect(resolve(reference), reference).toBeDefined();
  });

  test("has every event, whoever announces it, and every subscription", () => {
    expect(Object.keys(document.components.messages).sort()).toEqual(Object.keys(events).sort());
    expect(Object.keys(document.channels.events.messages).sort()).toEqual(Object.keys(events).sort());
    for (const [service, names] of Object.entries(subscriptions)) {
      expect(Object.keys(document.channels[`inbox-${service}`].messages)).toEqual(names);
    }
  });

  test("describes payloads that fit what is announced, and no others", () => {
    const userId = newId();
    const good = envelope.parse({
      ...{ id: newId(), event: "user.created", version: 1, service: "auth", subject: userId, data: { userId } },
      ...{ timestamp: new Date().toISOString(), trace_id: "0".repeat(32), span_id: "0".repeat(16) },
    });
    const validate = validator().compile(document.components.messages["user.created"].payload);
    expect(validate(good), JSON.stringify(validate.errors)).toBe(true);
    for (const change of [
      { event: "user.deleted" },
      { version: 2 },
      { service: "users" },
      { data: { userId: "ada" } },
      { id: 1 },
    ]) {
      expect(validate({ ...good, ...change })).toBe(false);
    }
  });
});
