import { hashPassword, needsRehash, passwordCost, verifyPassword } from "@trivet/platform";
import { describe, expect, test } from "vitest";

/** The form is the same at every cost; the production cost is tried once below. */
const cheap = { ln: 10, r: 8, p: 1 };
const hash = (password: string): Promise<string> => hashPassword(password, cheap);

describe("hashPassword", () => {
  test("writes scrypt in PHC form at today's cost, and verifies it", async () => {
    const made = await hashPassword("correct horse battery staple");
    expect(made).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z\d+/]{22}\$[A-Za-z\d+/]{43}$/);
    expect(await verifyPassword(made, "correct horse battery staple")).toBe(true);
    expect(needsRehash(made)).toBe(false);
  });

  test("the same password has another hash each time", async () => {
    expect(await hash("twice")).not.toBe(await hash("twice"));
  });
});

describe("verifyPassword", () => {
  test("long passwords count whole, beyond the 72 bytes of bcrypt", async () => {
    const long = "a".repeat(127);
    const made = await hash(`${long}b`);
    expect(await verifyPassword(made, `${long}b`)).toBe(true);
    expect(await verifyPassword(made, `${long}c`)).toBe(false);
    expect(await verifyPassword(made, long)).toBe(false);
  });

  test.each([
    ["composed and decomposed accents", "caf\u00e9", "cafe\u0301"],
    ["full-width letters", "\uff50\uff41\uff53\uff53", "pass"],
    ["ligatures", "\ufb01sh", "fish"],
  ])("the same characters typed another way are the same password: %s", async (_, typed, other) => {
    expect(await verifyPassword(await hash(typed), other)).toBe(true);
  });

  test("characters outside the basic plane count", async () => {
    const made = await hash("\u{1f511}\u{1f511}\u{1f511}");
    expect(await verifyPassword(made, "\u{1f511}\u{1f511}\u{1f511}")).toBe(true);
    expect(await verifyPassword(made, "\u{1f512}\u{1f511}\u{1f511}")).toBe(false);
  });

  test("case, blanks and NUL count", async () => {
    const made = await hash(" Pass\u0000word ");
    expect(await verifyPassword(made, " Pass\u0000word ")).toBe(true);
    for (const other of ["Pass\u0000word", " pass\u0000word ", " Pass"]) {
      expect(await verifyPassword(made, other), JSON.stringify(other)).toBe(false);
    }
  });

  test.each([
    ["empty", ""],
    ["plain text", "secret"],
    ["bcrypt", "$2b$12$KIXQJ0v1Y5J8v5o9gq3T5uO8r0n2eJm7nF5o1G1b7f0G2w2r9o7vK"],
    ["argon2id", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"],
    ["without a key", "$scrypt$ln=10,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$"],
    ["an empty key behind a dollar", "$scrypt$ln=10,r=8,p=1$c2FsdA$$"],
    ["parameters in another order", "$scrypt$r=8,ln=10,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"],
    ["base64 that no encoder writes", "$scrypt$ln=10,r=8,p=1$c2FsdHNhbHQ$A"],
    ["a cost of nothing", "$scrypt$ln=0,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"],
    ["a block size of nothing", "$scrypt$ln=10,r=0,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"],
    ["a cost beyond any machine", "$scrypt$ln=63,r=99,p=99$c2FsdHNhbHQ$aGFzaGhhc2g"],
  ])("a hash of another form never verifies, and is due for a new one: %s", async (_, other) => {
    expect(await verifyPassword(other, "secret")).toBe(false);
    expect(needsRehash(other)).toBe(true);
  });
});

describe("needsRehash", () => {
  test("is true for any other cost than today's", async () => {
    expect(needsRehash(await hash("old"))).toBe(true);
    expect(needsRehash(await hash("old"), cheap)).toBe(false);
    expect(passwordCost).toEqual({ ln: 15, r: 8, p: 3 });
  });
});
