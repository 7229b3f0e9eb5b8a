import { configureLogging, createCall, defineCall, jsonLines, newId } from "@trivet/platform";
import { beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { invocationOf } from "./invocation.ts";

interface Line {
  level: string;
  message: string;
  properties: Record<string, unknown>;
}

let lines: Line[] = [];

beforeEach(() => {
  lines = [];
  configureLogging({ level: "debug", sinks: { memory: (record) => lines.push(JSON.parse(jsonLines(record))) } });
});

/** Asks a service that gives these answers in turn, whatever comes of it. */
async function ask(...answers: (Response | Error)[]): Promise<void> {
  const readThing = defineCall({
    service: `callee-${newId()}`,
    callers: ["toy"],
    method: "get",
    path: "/things/{id}",
    summary: "Read a thing",
    params: z.object({ id: z.string() }),
    reply: z.object({ name: z.string() }),
  });
  const binding = {
    async fetch() {
      const answer = answers.shift();
      if (answer instanceof Response) return answer;
      throw answer ?? new Error("no answer was given");
    },
  };
  const call = createCall(invocationOf("toy"), "a-secret-of-the-services-that-is-long-enough");
  await call(binding, readThing, { params: { id: "of-ada" } }).catch(() => undefined);
}

const ok = () => Response.json({ name: "one" });

test("each try that failed leaves a line with its time, also where a later one is answered", async () => {
  await ask(new Response(null, { status: 503 }), new TypeError("connection refused"), ok());
  const tries = { callee: expect.stringMatching(/^callee-/), method: "GET", ms: expect.any(Number), encrypted: false };
  expect(lines).toMatchObject([
    { level: "WARN", properties: { ...tries, attempt: 1, status: 503 } },
    {
      level: "WARN",
      properties: { ...tries, attempt: 2, fault: { name: "TypeError", message: "connection refused" } },
    },
  ]);
});

test("the line names the route and not what was asked of it", async () => {
  await ask(new Response(null, { status: 500 }));
  expect(lines[0]?.properties.route).toMatch(/^\/callee-[^/]+\/internal\/things\/\{id\}$/);
  expect(JSON.stringify(lines)).not.toContain("of-ada");
});

test("an answer, be it a refusal, leaves none: the callee has logged it", async () => {
  await ask(ok());
  await ask(Response.json({ code: "not_found" }, { status: 404 }));
  expect(lines).toEqual([]);
});
