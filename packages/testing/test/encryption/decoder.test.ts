import { EnvelopeFault, KeyRing, openRequest } from "@trivet/platform";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { outsideMessage, sealedUnder } from "../../src/encryption/outsider.ts";

const key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const parsed = KeyRing.parse(key);
if (!parsed) throw new Error("The key is none.");
const ring = parsed;
const bound = { key, method: "POST", target: "/vault/notes", caller: "me", callee: "vault" };
const good = await outsideMessage({ ...bound, content: "content" });

/** What becomes of a message: its content, or why it is refused. Whatever else is thrown, fails the test. */
async function outcomeOf(text: string): Promise<string> {
  const request = new Request("http://vault/vault/notes", { method: "POST" });
  try {
    const { request: opened } = await openRequest(request, new TextEncoder().encode(text), { self: "vault", ring });
    return `opened ${await opened.text()}`;
  } catch (fault) {
    if (fault instanceof EnvelopeFault) return "refused";
    throw fault;
  }
}

const runs = Number(process.env.TRIVET_FUZZ_RUNS ?? 2_000);
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

describe("the reader of encrypted messages", () => {
  test("opens what is right", async () => {
    expect(await outcomeOf(good)).toBe("opened content");
  });

  test("refuses any text that nobody with the key has made, and fails at none", async () => {
    const part = fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 60 });
    const texts = fc.oneof(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.array(part, { minLength: 3, maxLength: 7 }).map((parts) => parts.join(".")),
      fc.tuple(fc.json(), part, part).map(([header, a, b]) => `${btoa(encodeURI(header))}..${a}.${b}.${a}`),
    );
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        expect(await outcomeOf(text)).toBe("refused");
      }),
      { numRuns: runs },
    );
  });

  test("refuses every message that has been cut, lengthened, rearranged or changed on its way", async () => {
    const at = fc.nat({ max: good.length - 1 });
    const char = fc.oneof(
      fc.constantFrom(...alphabet, "\ufeff", ".", "=", "+", "/", " ", "\n", "\u0000"),
      fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    );
    const changed = fc.oneof(
      fc.tuple(at, char).map(([index, other]) => good.slice(0, index) + other + good.slice(index + 1)),
      fc.tuple(at, char).map(([index, other]) => good.slice(0, index) + other + good.slice(index)),
      fc.tuple(at, at).map(([a, b]) => good.slice(0, Math.min(a, b)) + good.slice(Math.max(a, b) + 1)),
      fc
        .shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 })
        .map((order) => order.map((index) => good.split(".")[index]).join(".")),
    );
    await fc.assert(
      fc.asyncProperty(
        changed.filter((text) => text !== good),
        async (text) => {
          expect(await outcomeOf(text)).toBe("refused");
        },
      ),
      { numRuns: runs },
    );
  });

  test("believes no header of another form, even from a holder of the key", async () => {
    const encoded = good.slice(0, good.indexOf("."));
    const header: Record<string, unknown> = JSON.parse(atob(encoded.replaceAll("-", "+").replaceAll("_", "/")));
    const odd = fc.oneof(
      fc.json({ maxDepth: 2 }),
      fc
        .tuple(fc.constantFrom(...Object.keys(header)), fc.jsonValue())
        .filter(
          ([name, value]) =>
            JSON.stringify(value) !== JSON.stringify(header[name]) &&
            !(name === "cty" || name === "iss" || name === "jti"),
        )
        .map(([name, value]) => JSON.stringify({ ...header, [name]: value })),
      fc
        .tuple(fc.string({ minLength: 1, maxLength: 8 }), fc.jsonValue())
        .filter(([name]) => !(name in header) && name !== "cty")
        .map(([name, value]) => JSON.stringify({ ...header, [name]: value })),
    );
    await fc.assert(
      fc.asyncProperty(odd, async (text) => {
        expect(await outcomeOf(await sealedUnder(key, text, "content"))).toBe("refused");
      }),
      { numRuns: runs },
    );
  });
});
