import { type BucketCase, ownPrefix, refusal, refusalKind, same } from "./subject.ts";

const digits = "0123456789";

export const rangeCases: readonly BucketCase[] = [
  {
    title: "a range gives those bytes and says which they are",
    async run({ bucket }) {
      const key = `${ownPrefix()}range`;
      await bucket.put(key, digits);
      const table = [
        [{ offset: 3 }, 3, 7],
        [{ length: 3 }, 0, 3],
        [{ offset: 1, length: 2 }, 1, 2],
        [{ offset: 9, length: 5 }, 9, 1],
        [{ suffix: 3 }, 7, 3],
        [{ suffix: 30 }, 0, 10],
        [{}, 0, 10],
      ] as const;
      for (const [range, offset, length] of table) {
        const object = await bucket.get(key, { range });
        same([object?.range, object?.size], [{ offset, length }, 10], JSON.stringify(range));
        same(await object?.text(), digits.slice(offset, offset + length), JSON.stringify(range));
      }
    },
  },
  {
    title: "a range without a byte is refused with 10039",
    async run({ bucket }) {
      const key = `${ownPrefix()}outside`;
      await bucket.put(key, digits);
      await bucket.put(`${key}/empty`, "");
      for (const range of [{ offset: 10 }, { offset: 11 }, { suffix: 0 }, { length: 0 }, { offset: 2, length: 0 }]) {
        const told = await refusal(bucket.get(key, { range }));
        same(told, "Error: get: The requested range is not satisfiable (10039)", JSON.stringify(range));
      }
      for (const range of [{ offset: 0 }, { suffix: 1 }, { offset: 1 }]) {
        same(await refusalKind(bucket.get(`${key}/empty`, { range })), "Error(10039)", JSON.stringify(range));
      }
    },
  },
  {
    title: "a range that cannot be one is a RangeError or a TypeError",
    async run({ bucket }) {
      const key = `${ownPrefix()}malformed`;
      await bucket.put(key, digits);
      for (const range of [{ offset: -1 }, { length: -1 }, { suffix: -1 }, { offset: 1.5 }, { length: 1.5 }]) {
        same(await refusalKind(bucket.get(key, { range })), "RangeError", JSON.stringify(range));
      }
      same(
        await refusal(bucket.get(key, { range: { suffix: 1, offset: 1 } })),
        "TypeError: Suffix is incompatible with offset.",
      );
      same(
        await refusal(bucket.get(key, { range: { suffix: 1, length: 1 } })),
        "TypeError: Suffix is incompatible with length.",
      );
    },
  },
  {
    title: "a Range header is honoured where it can be, and else passed over",
    async run({ bucket }) {
      const key = `${ownPrefix()}header`;
      await bucket.put(key, digits);
      const table: [string, number, number][] = [
        ["bytes=1-2", 1, 2],
        ["bytes=1-", 1, 9],
        ["bytes=-2", 8, 2],
        ["bytes=0-100", 0, 10],
        ["BYTES = 1 - 2", 1, 2],
        ["bytes=-100", 0, 10],
        ["bytes=20-30", 0, 10],
        ["bytes=10-", 0, 10],
        ["bytes=5-2", 0, 10],
        ["bytes=-0", 0, 10],
        ["bytes=0-1,3-4", 0, 10],
        ["items=0-1", 0, 10],
        ["bytes=", 0, 10],
        ["bytes=a-b", 0, 10],
      ];
      for (const [header, offset, length] of table) {
        const object = await bucket.get(key, { range: new Headers({ range: header }) });
        same(object?.range, { offset, length }, header);
        same(await object?.text(), digits.slice(offset, offset + length), header);
      }
      await bucket.put(key, "");
      const empty = await bucket.get(key, { range: new Headers({ range: "bytes=0-0" }) });
      same([empty?.range, await empty?.text()], [{ offset: 0, length: 0 }, ""]);
    },
  },
  {
    title: "a range of a large object is read without the rest",
    async run({ bucket }) {
      const key = `${ownPrefix()}large`;
      const size = 3 * 1024 * 1024;
      await bucket.put(
        key,
        new Uint8Array(size).map((_, index) => (index >> 10) % 256),
      );
      const object = await bucket.get(key, { range: { offset: size - 2_048, length: 1_024 } });
      const bytes = new Uint8Array((await object?.arrayBuffer()) ?? new ArrayBuffer());
      same([bytes.byteLength, new Set(bytes).size, bytes[0]], [1_024, 1, ((size - 2_048) >> 10) % 256]);
    },
  },
];
