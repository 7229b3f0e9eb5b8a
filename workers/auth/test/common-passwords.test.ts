import { dictionary } from "@zxcvbn-ts/language-common";
import { expect, test } from "vitest";
import { shortest } from "../src/passwords/password-rules.ts";

/** Three times what ASVS 5.0 asks for; 44 kB of the bundle. */
const kept = 10_000;

/** Lines of up to 118 characters, each with a blank before and behind. */
function lines(words: readonly string[]): string {
  const done: string[] = [];
  let line = " ";
  for (const word of words) {
    if (line.length + word.length > 117) {
      done.push(line);
      line = " ";
    }
    line += `${word} `;
  }
  return [...done, line].join("\n");
}

// `vitest run -u` makes the file anew.
test("the list is the most common passwords that are long enough, of the list that zxcvbn uses", async () => {
  const words = dictionary["passwords-common"].filter((word) => [...word].length >= shortest).slice(0, kept);
  expect(words.length).toBe(kept);
  expect(words.filter((word) => /[\s`\\]|\$\{/.test(word) || word !== word.normalize("NFKC").toLowerCase())).toEqual(
    [],
  );
  const file = `/**
 * The most common passwords that a password here could be, from @zxcvbn-ts/language-common: MIT, Copyright (c) 2012-2016
 * Dan Wheeler and Dropbox, Inc., Copyright (c) 2021 @zxcvbn-ts. Made by test/common-passwords.test.ts.
 */
export const commonPasswords = \`
${lines(words)}
\`;
`;
  await expect(file).toMatchFileSnapshot("../src/passwords/common-passwords.ts");
});
