import type { BucketBinding, BucketListing, BucketListOptions } from "@trivet/platform";
import { type BucketCase, ownPrefix, refusal, refusalKind, same } from "./subject.ts";

/** Puts empty objects of these names below a prefix of their own, a few at a time. */
async function fill(bucket: BucketBinding, names: readonly string[]): Promise<string> {
  const prefix = ownPrefix();
  for (let start = 0; start < names.length; start += 50) {
    await Promise.all(names.slice(start, start + 50).map((name) => bucket.put(prefix + name, "")));
  }
  return prefix;
}

/** What a page holds, without the prefix that all of it has. */
const told = ({ objects, delimitedPrefixes }: BucketListing, prefix: string): [string[], string[]] => [
  objects.map(({ key }) => key.slice(prefix.length)),
  delimitedPrefixes.map((common) => common.slice(prefix.length)),
];

async function pages(bucket: BucketBinding, options: BucketListOptions): Promise<BucketListing[]> {
  const all: BucketListing[] = [];
  for (let cursor: string | undefined; all.length < 1_000; ) {
    const page = await bucket.list(cursor === undefined ? options : { ...options, cursor });
    all.push(page);
    if (!page.truncated) return all;
    cursor = page.cursor;
  }
  throw new Error("The listing does not end");
}

export const listingCases: readonly BucketCase[] = [
  {
    title: "keys are listed in the order of their UTF-8 bytes",
    async run({ bucket }) {
      const names = ["Z", "a", "a b", "a/1", "a0", "b", "é", "\uffee", "😀"];
      const prefix = await fill(bucket, [...names].reverse());
      const page = await bucket.list({ prefix });
      same(told(page, prefix), [names, []]);
      same([page.truncated, "cursor" in page && page.cursor !== undefined], [false, false]);
    },
  },
  {
    title: "more than 1,000 keys come in pages, each key once",
    async run({ bucket }) {
      const names = Array.from({ length: 1_030 }, (_, index) => String(index).padStart(5, "0"));
      const prefix = await fill(bucket, names);
      const all = await pages(bucket, { prefix });
      same(
        all.map(({ objects }) => objects.length),
        [1_000, 30],
      );
      same(
        all.flatMap((page) => told(page, prefix)[0]),
        names,
      );
      const small = await pages(bucket, { prefix, limit: 300 });
      same(
        small.map(({ objects }) => objects.length),
        [300, 300, 300, 130],
      );
      for (let start = 0; start < names.length; start += 1_000) {
        await bucket.delete(names.slice(start, start + 1_000).map((name) => prefix + name));
      }
      same((await bucket.list({ prefix })).objects, []);
    },
  },
  {
    title: "a delimiter tells keys that share a beginning as one",
    async run({ bucket }) {
      const prefix = await fill(bucket, ["a", "b/1", "b/2", "b/x/1", "c", "d//e", "f"]);
      same(told(await bucket.list({ prefix, delimiter: "/" }), prefix), [
        ["a", "c", "f"],
        ["b/", "d/"],
      ]);
      same(told(await bucket.list({ prefix: `${prefix}b/`, delimiter: "/" }), prefix), [["b/1", "b/2"], ["b/x/"]]);
      same(told(await bucket.list({ prefix, delimiter: "/x/" }), prefix)[1], ["b/x/"]);
      same(told(await bucket.list({ prefix, delimiter: "" }), prefix)[0].length, 7);
    },
  },
  {
    title: "common beginnings count for the limit and come once, over all pages",
    async run({ bucket }) {
      const prefix = await fill(bucket, ["a/1", "a/2", "a/3", "b", "c/1", "c/2", "d", "e/1"]);
      const all = await pages(bucket, { prefix, delimiter: "/", limit: 2 });
      same(
        all.map((page) => told(page, prefix)),
        [
          [["b"], ["a/"]],
          [["d"], ["c/"]],
          [[], ["e/"]],
        ],
      );
    },
  },
  {
    title: "a listing begins after `startAfter`, which need not be there",
    async run({ bucket }) {
      const prefix = await fill(bucket, ["a", "b/1", "b/2", "c"]);
      same(told(await bucket.list({ prefix, startAfter: `${prefix}b/1` }), prefix)[0], ["b/2", "c"]);
      same(told(await bucket.list({ prefix, startAfter: `${prefix}b/15` }), prefix)[0], ["b/2", "c"]);
      same(told(await bucket.list({ prefix, startAfter: `${prefix}z` }), prefix)[0], []);
      const [first, second] = await pages(bucket, { prefix, startAfter: `${prefix}a`, limit: 2 });
      same([first && told(first, prefix)[0], second && told(second, prefix)[0]], [["b/1", "b/2"], ["c"]]);
    },
  },
  {
    title: "metadata comes with a listing that includes it, and only then",
    async run({ bucket }) {
      const key = `${ownPrefix()}included`;
      await bucket.put(key, "x", { httpMetadata: { contentType: "text/css" }, customMetadata: { a: "1" } });
      const [bare] = (await bucket.list({ prefix: key })).objects;
      same([bare?.httpMetadata ?? {}, bare?.customMetadata ?? {}], [{}, {}]);
      const [full] = (await bucket.list({ prefix: key, include: ["httpMetadata", "customMetadata"] })).objects;
      same([full?.httpMetadata, full?.customMetadata], [{ contentType: "text/css" }, { a: "1" }]);
      const [custom] = (await bucket.list({ prefix: key, include: ["customMetadata"] })).objects;
      same([custom?.httpMetadata ?? {}, custom?.customMetadata], [{}, { a: "1" }]);
    },
  },
  {
    title: "at most 100 objects come with their metadata",
    async run({ bucket }) {
      const prefix = await fill(
        bucket,
        Array.from({ length: 103 }, (_, index) => String(index).padStart(3, "0")),
      );
      const all = await pages(bucket, { prefix, include: ["customMetadata"] });
      same(
        all.map(({ objects }) => objects.length),
        [100, 3],
      );
    },
  },
  {
    title: "a limit out of bounds is refused with 10022, an unknown `include` with a RangeError",
    async run({ bucket }) {
      for (const limit of [0, 1_001]) {
        const message = "list: MaxKeys params must be positive integer <= 1000. (10022)";
        same(await refusal(bucket.list({ limit })), `Error: ${message}`);
      }
      const include: "httpMetadata"[] = JSON.parse('["owner"]');
      same(await refusalKind(bucket.list({ include })), "RangeError");
    },
  },
  {
    title: "a listing while others write and delete tells what stayed, once",
    async run({ bucket }) {
      const names = Array.from({ length: 60 }, (_, index) => `k${String(index).padStart(3, "0")}`);
      const prefix = await fill(bucket, names);
      const first = await bucket.list({ prefix, limit: 20 });
      await bucket.delete([`${prefix}k019`, `${prefix}k020`]);
      await bucket.put(`${prefix}k0195`, "");
      const rest = first.truncated ? await pages(bucket, { prefix, cursor: first.cursor }) : [];
      const seen = rest.flatMap((page) => told(page, prefix)[0]);
      same([new Set(seen).size, seen.includes("k021"), seen.at(-1)], [seen.length, true, "k059"]);
    },
  },
];
