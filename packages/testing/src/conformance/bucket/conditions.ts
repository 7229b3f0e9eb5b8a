import { type BucketCase, ownPrefix, refusal, refusalKind, same, textAt } from "./subject.ts";

const hour = 3_600_000;

export const conditionCases: readonly BucketCase[] = [
  {
    title: "get: a condition that does not hold gives the object without its body",
    async run({ bucket }) {
      const key = `${ownPrefix()}get`;
      const { etag } = await bucket.put(key, "x", { customMetadata: { a: "1" } });
      const refused = await bucket.get(key, { onlyIf: { etagMatches: "other" }, range: { offset: 99 } });
      same([refused !== null && "body" in refused, refused?.etag, refused?.customMetadata], [false, etag, { a: "1" }]);
      const given = await bucket.get(key, { onlyIf: { etagMatches: etag } });
      same(given !== null && "body" in given && (await given.text()), "x");
    },
  },
  {
    title: "get: tags and times decide as HTTP says, as fields and as headers",
    async run({ bucket }) {
      const key = `${ownPrefix()}table`;
      const { etag, uploaded } = await bucket.put(key, "x");
      const time = uploaded.getTime();
      const past = new Date(time - hour);
      const future = new Date(time + hour);
      const table = [
        [{}, true],
        [{ etagMatches: etag }, true],
        [{ etagMatches: "*" }, true],
        [{ etagMatches: "" }, false],
        [{ etagDoesNotMatch: etag }, false],
        [{ etagDoesNotMatch: "*" }, false],
        [{ etagDoesNotMatch: "other" }, true],
        [{ uploadedBefore: future }, true],
        [{ uploadedBefore: past }, false],
        [{ uploadedAfter: past }, true],
        [{ uploadedAfter: future }, false],
        [{ uploadedBefore: past, etagMatches: etag }, true],
        [{ uploadedAfter: future, etagDoesNotMatch: "other" }, true],
        [{ uploadedAfter: future, etagDoesNotMatch: etag }, false],
        [new Headers({ "if-match": `"${etag}"` }), true],
        [new Headers({ "if-match": `W/"${etag}"` }), false],
        [new Headers({ "if-match": `"a, b", , "${etag}"` }), true],
        [new Headers({ "if-match": "*" }), true],
        [new Headers({ "if-none-match": `W/"${etag}"` }), false],
        [new Headers({ "if-none-match": '"other"' }), true],
        [new Headers({ "if-modified-since": uploaded.toUTCString() }), false],
        [new Headers({ "if-modified-since": past.toUTCString() }), true],
        [new Headers({ "if-unmodified-since": past.toUTCString() }), false],
        [new Headers({ "if-unmodified-since": future.toUTCString() }), true],
        [new Headers({ accept: "*/*" }), true],
      ] as const;
      for (const [onlyIf, holds] of table) {
        const object = await bucket.get(key, { onlyIf });
        const about = JSON.stringify(onlyIf instanceof Headers ? [...onlyIf] : onlyIf);
        same(object !== null && "body" in object, holds, about);
        if (object !== null && "body" in object) await object.text();
      }
    },
  },
  {
    title: "a tag in quotes, and a header that is none, is refused",
    async run({ bucket }) {
      const key = `${ownPrefix()}quoted`;
      await bucket.put(key, "x");
      same(
        await refusal(bucket.get(key, { onlyIf: { etagMatches: '"x"' } })),
        'TypeError: Conditional ETag should not be wrapped in quotes ("x").',
      );
      for (const tag of ['"abc', '"a" "b"', "abc"]) {
        same(await refusalKind(bucket.get(key, { onlyIf: new Headers({ "if-match": tag }) })), "Error", tag);
      }
    },
  },
  {
    title: "put: a condition that does not hold is null, and nothing changes",
    async run({ bucket }) {
      const key = `${ownPrefix()}put`;
      const { etag } = await bucket.put(key, "one");
      same(await bucket.put(key, "two", { onlyIf: { etagMatches: "other" } }), null);
      same(await bucket.put(key, "two", { onlyIf: { etagDoesNotMatch: etag } }), null);
      same(await bucket.put(key, "two", { onlyIf: { etagDoesNotMatch: "*" } }), null);
      same(await bucket.put(key, "two", { onlyIf: new Headers({ "if-none-match": "*" }) }), null);
      same(await bucket.put(key, "two", { onlyIf: { uploadedBefore: new Date(0) } }), null);
      same(await textAt(bucket, key), "one");
      same((await bucket.put(key, "two", { onlyIf: { etagMatches: etag } }))?.size, 3);
      same(await textAt(bucket, key), "two");
      same((await bucket.put(key, "three", { onlyIf: { uploadedAfter: new Date(0) } }))?.size, 5);
    },
  },
  {
    title: "put: of what is not there only the absence of a tag or a time holds",
    async run({ bucket }) {
      const prefix = ownPrefix();
      const table = [
        [{ etagMatches: "x" }, false],
        [{ etagMatches: "*" }, false],
        [{ uploadedAfter: new Date(0) }, false],
        [{ etagDoesNotMatch: "x" }, true],
        [{ etagDoesNotMatch: "*" }, true],
        [{ uploadedBefore: new Date(0) }, true],
      ] as const;
      for (const [index, [onlyIf, holds]] of table.entries()) {
        same((await bucket.put(prefix + index, "x", { onlyIf })) !== null, holds, JSON.stringify(onlyIf));
        same((await bucket.head(prefix + index)) !== null, holds, JSON.stringify(onlyIf));
      }
    },
  },
  {
    title: "of twenty who create a key at once exactly one does",
    async run({ bucket }) {
      const key = `${ownPrefix()}race`;
      const onlyIf = new Headers({ "if-none-match": "*" });
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) => bucket.put(key, `writer ${index}`, { onlyIf })),
      );
      const winners = results.flatMap((result, index) => (result === null ? [] : [index]));
      same(winners.length, 1);
      same(await textAt(bucket, key), `writer ${winners[0]}`);
    },
  },
  {
    title: "of twenty who replace one state at once exactly one does, however often",
    async run({ bucket }) {
      const key = `${ownPrefix()}swap`;
      let { etag } = await bucket.put(key, "start");
      for (let round = 0; round < 3; round += 1) {
        const results = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            bucket.put(key, `round ${round} writer ${index}`, { onlyIf: { etagMatches: etag } }),
          ),
        );
        const winners = results.filter((result) => result !== null);
        same(winners.length, 1);
        etag = winners[0]?.etag ?? "";
        same((await bucket.head(key))?.etag, etag);
      }
    },
  },
  {
    title: "who reads while somebody overwrites and deletes gets the old bytes to their end",
    async run({ bucket }) {
      const key = `${ownPrefix()}reading`;
      const size = 2 * 1024 * 1024;
      await bucket.put(key, new Uint8Array(size).fill(1));
      const reader = (await bucket.get(key))?.body.getReader();
      const first = await reader?.read();
      await bucket.put(key, new Uint8Array(size).fill(2));
      await bucket.delete(key);
      let read = first?.value?.byteLength ?? 0;
      let strange = first?.value?.some((byte) => byte !== 1) ?? true;
      for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
        read += next.value.byteLength;
        strange ||= next.value.some((byte) => byte !== 1);
      }
      same([read, strange], [size, false]);
    },
  },
];
