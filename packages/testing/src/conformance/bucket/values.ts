import type { BucketValue } from "@trivet/platform";
import { type BucketCase, bytesOf, ownPrefix, refusal, refusalKind, same, streamOf, textAt } from "./subject.ts";

const abc = { md5: "900150983cd24fb0d6963f7d28e17f72", sha1: "a9993e364706816aba3e25717850c26c9cd0d89d" };
const sha256OfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const large = 12 * 1024 * 1024;

export const valueCases: readonly BucketCase[] = [
  {
    title: "every kind of value reads back, and so does nothing",
    async run({ bucket }) {
      const key = `${ownPrefix()}value`;
      const word = bytesOf("-word-");
      const values: [BucketValue | null, string][] = [
        ["text é 😀", "text é 😀"],
        [bytesOf("buffer").buffer, "buffer"],
        [word.subarray(1, 5), "word"],
        [new DataView(word.buffer, 1, 2), "wo"],
        [new Blob(["blob"], { type: "x/y" }), "blob"],
        [streamOf("stream"), "stream"],
        ["", ""],
        [null, ""],
      ];
      for (const [value, text] of values) {
        const { size, etag } = await bucket.put(key, value);
        same([size, etag.length], [bytesOf(text).byteLength, 32]);
        same(await textAt(bucket, key), text);
      }
    },
  },
  {
    title: "a value of another kind, and a key that is missing, is a TypeError",
    async run({ bucket }) {
      const put: (...given: unknown[]) => Promise<unknown> = Function.prototype.call.bind(bucket.put, bucket);
      same(await refusalKind(put(`${ownPrefix()}x`, 5)), "TypeError");
      same(await refusalKind(put(`${ownPrefix()}x`, {})), "TypeError");
      same(await refusalKind(put()), "TypeError");
    },
  },
  {
    title: "a large stream goes there and back",
    async run({ bucket }) {
      const key = `${ownPrefix()}large`;
      const bytes = new Uint8Array(large).map((_, index) => index % 251);
      same((await bucket.put(key, streamOf(bytes))).size, large);
      const read = new Uint8Array((await (await bucket.get(key))?.arrayBuffer()) ?? new ArrayBuffer());
      same(read.byteLength, large);
      same(
        read.findIndex((byte, index) => byte !== index % 251),
        -1,
      );
      await bucket.delete(key);
    },
  },
  {
    title: "a stream that breaks off stores nothing and leaves what was there",
    async run({ bucket }) {
      const key = `${ownPrefix()}broken`;
      await bucket.put(key, "before");
      const broken = (): ReadableStream<Uint8Array> => {
        let pieces = 0;
        return new ReadableStream({
          pull(controller) {
            pieces += 1;
            if (pieces < 3) controller.enqueue(bytesOf("half"));
            else controller.error(new Error("broke off"));
          },
        });
      };
      await refusal(bucket.put(key, broken()));
      await refusal(bucket.put(`${key}/new`, broken()));
      same(await textAt(bucket, key), "before");
      same(await bucket.head(`${key}/new`), null);
    },
  },
  {
    title: "what is not there is null, and can be deleted",
    async run({ bucket }) {
      const key = `${ownPrefix()}nothing`;
      same([await bucket.head(key), await bucket.get(key)], [null, null]);
      same(await bucket.get(key, { range: { offset: 5 } }), null);
      same(await bucket.get(key, { onlyIf: { etagMatches: "x" } }), null);
      await bucket.delete(key);
      await bucket.delete([]);
    },
  },
  {
    title: "an overwritten object is the new one, with another version",
    async run({ bucket }) {
      const key = `${ownPrefix()}twice`;
      const first = await bucket.put(key, "one", { customMetadata: { a: "1" } });
      const second = await bucket.put(key, "one");
      same(first.version === second.version, false);
      const head = await bucket.head(key);
      same([head?.version, head?.etag, head?.customMetadata], [second.version, second.etag, {}]);
    },
  },
  {
    title: "keys of any spelling are kept apart and come back as they were",
    async run({ bucket }) {
      const prefix = ownPrefix();
      const names = [
        "a",
        "A",
        "é",
        "e\u0301",
        "😀",
        "a b",
        "a+b",
        "a%20b",
        "a%2Fb",
        "a?b=c&d",
        "a#b",
        "/",
        "a//b",
        "a/",
      ];
      const odd = [
        "con",
        "nul.txt",
        "a:b",
        'a"b',
        "a\\b",
        "a*b",
        "~",
        "a;b",
        "<&'>",
        "a\tb",
        "$(x)",
        "\u0001",
        "a\u0000b",
      ];
      const keys = [...names, ...odd, "x".repeat(900), "é".repeat(450)].map((name) => prefix + name);
      await Promise.all(keys.map((key) => bucket.put(key, key)));
      for (const key of keys) same([(await bucket.head(key))?.key, await textAt(bucket, key)], [key, key]);
      const listed = await bucket.list({ prefix });
      same(listed.objects.map(({ key }) => key).sort(), [...keys].sort());
      await bucket.delete(keys);
      same((await bucket.list({ prefix })).objects.length, 0);
    },
  },
  {
    title: "keys of dots and dot segments are keys like others",
    async run({ bucket }) {
      const prefix = ownPrefix();
      for (const name of ["..", "../../etc/passwd", "./a", "a/../b", "."]) {
        await bucket.put(prefix + name, name);
        same(await textAt(bucket, prefix + name), name);
      }
      same((await bucket.list({ prefix })).objects.length, 5);
    },
  },
  {
    title: "a key beyond 1,024 bytes is refused by every method with 10020",
    async run({ bucket }) {
      const fits = ownPrefix().padEnd(1_024, "x");
      same((await bucket.put(fits, "x")).key, fits);
      await bucket.delete(fits);
      for (const key of [`${fits}x`, `${fits.slice(2)}éé`]) {
        for (const [method, call] of [
          ["put", bucket.put(key, "x")],
          ["head", bucket.head(key)],
          ["get", bucket.get(key)],
          ["delete", bucket.delete(key)],
          ["createMultipartUpload", bucket.createMultipartUpload(key)],
        ] as const) {
          same(await refusal(call), `Error: ${method}: The specified object name is not valid. (10020)`);
        }
      }
    },
  },
  {
    title: "HTTP metadata reads back, whether given as fields or as headers",
    async run({ bucket }) {
      const key = `${ownPrefix()}http`;
      const fields = {
        contentType: "text/plain; charset=utf-8",
        contentLanguage: "de",
        contentDisposition: 'attachment; filename="a.txt"',
        contentEncoding: "identity",
        cacheControl: "max-age=60",
        cacheExpiry: new Date("2030-01-02T03:04:05Z"),
      };
      await bucket.put(key, "x", { httpMetadata: fields });
      const headers = new Headers({ "x-other": "y" });
      (await bucket.head(key))?.writeHttpMetadata(headers);
      same([...headers].length, 7);
      same(headers.get("expires"), "Wed, 02 Jan 2030 03:04:05 GMT");
      await bucket.put(key, "x", { httpMetadata: headers });
      const read = (await bucket.head(key))?.httpMetadata;
      for (const [name, value] of Object.entries(fields))
        same(Object.entries(read ?? {}).find(([one]) => one === name)?.[1], value);
      await bucket.put(key, "x");
      same((await bucket.head(key))?.httpMetadata, {});
    },
  },
  {
    title: "a content-encoding is kept and never undone",
    async run({ bucket }) {
      const key = `${ownPrefix()}encoded`;
      const packed = new Blob(["plain"]).stream().pipeThrough(new CompressionStream("gzip"));
      const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
      await bucket.put(key, bytes, { httpMetadata: { contentEncoding: "gzip" } });
      const object = await bucket.get(key);
      same(object?.httpMetadata?.contentEncoding, "gzip");
      same(new Uint8Array((await object?.arrayBuffer()) ?? new ArrayBuffer()).join(), bytes.join());
    },
  },
  {
    title: "custom metadata reads back, whatever its letters",
    async run({ bucket }) {
      const key = `${ownPrefix()}custom`;
      const customMetadata = { plain: "value", Case: "Kept", é: "ü\n😀", "a b": "  spaced  ", empty: "", trivet: "x" };
      const stored = await bucket.put(key, "x", { customMetadata });
      for (const object of [stored, await bucket.head(key), await bucket.get(key)]) {
        same(Object.entries(object?.customMetadata ?? {}).sort(), Object.entries(customMetadata).sort());
      }
    },
  },
  {
    title: "custom metadata beyond 8,192 bytes is refused with 10012",
    async run({ bucket }) {
      const key = `${ownPrefix()}much`;
      const message = "Your metadata headers exceed the maximum allowed metadata size. (10012)";
      const customMetadata = { a: "x".repeat(8_192) };
      same(await refusal(bucket.put(key, "x", { customMetadata })), `Error: put: ${message}`);
      const wide = bucket.createMultipartUpload(key, { customMetadata: { a: "ā".repeat(4_096) } });
      same(await refusal(wide), `Error: createMultipartUpload: ${message}`);
      same(await bucket.head(key), null);
    },
  },
  {
    title: "a digest that is right is kept, with the MD5 beside it",
    async run({ bucket }) {
      const key = `${ownPrefix()}digest`;
      const stored = await bucket.put(key, "abc", { sha256: sha256OfAbc });
      same(stored.checksums.toJSON(), { md5: abc.md5, sha256: sha256OfAbc });
      const head = await bucket.head(key);
      same(new Uint8Array(head?.checksums.sha256 ?? new ArrayBuffer()).length, 32);
      same(head?.checksums.toJSON(), { md5: abc.md5, sha256: sha256OfAbc });
      for (const digest of ["SHA-1", "SHA-384", "SHA-512"] as const) {
        const name = ({ "SHA-1": "sha1", "SHA-384": "sha384", "SHA-512": "sha512" } as const)[digest];
        const bytes = await crypto.subtle.digest(digest, bytesOf("abc"));
        same((await bucket.put(key, streamOf("abc"), { [name]: bytes })).checksums[name]?.byteLength, bytes.byteLength);
      }
      same((await bucket.put(key, "abc", { md5: abc.md5.toUpperCase() })).etag, abc.md5);
    },
  },
  {
    title: "a digest that is wrong is refused with 10037, and nothing is stored",
    async run({ bucket }) {
      const key = `${ownPrefix()}wrong`;
      const given = "0".repeat(40);
      same(
        await refusal(bucket.put(key, "abc", { sha1: given })),
        `Error: put: The SHA-1 checksum you specified did not match what we received.\nYou provided a SHA-1 checksum with value: ${given}\nActual SHA-1 was: ${abc.sha1} (10037)`,
      );
      same(await refusalKind(bucket.put(key, streamOf("abc"), { md5: new Uint8Array(16) })), "Error(10037)");
      same(await bucket.head(key), null);
    },
  },
  {
    title: "a malformed digest, or two of them, is a TypeError",
    async run({ bucket }) {
      const key = `${ownPrefix()}malformed`;
      const messages = [
        [{ md5: "0" }, "MD5 is 32 hex characters, not 1"],
        [{ md5: "z".repeat(32) }, "Provided MD5 wasn't a valid hex string"],
        [{ sha256: new Uint8Array(3) }, "SHA-256 is 32 bytes, not 3"],
        [{ md5: abc.md5, sha1: abc.sha1 }, "You cannot specify multiple hashing algorithms."],
      ] as const;
      for (const [options, message] of messages) {
        same(await refusal(bucket.put(key, "abc", options)), `TypeError: ${message}`);
      }
    },
  },
  {
    title: "several keys are deleted at once, those that are not there among them",
    async run({ bucket }) {
      const prefix = ownPrefix();
      const keys = ["a", "b", "<c>&", "d\te"].map((name) => prefix + name);
      await Promise.all(keys.map((key) => bucket.put(key, "x")));
      await bucket.delete([...keys.slice(1), `${prefix}nothing`]);
      same(
        (await bucket.list({ prefix })).objects.map(({ key }) => key),
        [`${prefix}a`],
      );
    },
  },
  {
    title: "put, head, get and list tell the same of an object",
    async run({ bucket }) {
      const key = `${ownPrefix()}told`;
      const before = Date.now();
      const stored = await bucket.put(key, "hello", { customMetadata: { a: "1" } });
      const [listed] = (await bucket.list({ prefix: key, include: ["httpMetadata", "customMetadata"] })).objects;
      for (const object of [stored, await bucket.head(key), await bucket.get(key), listed]) {
        same([object?.key, object?.size, object?.customMetadata], [key, 5, { a: "1" }]);
        same([object?.version, object?.etag], [stored.version, stored.etag]);
        same(object?.httpEtag, `"${stored.etag}"`);
        same(object?.uploaded instanceof Date, true);
        // An S3 server tells seconds, by a clock of its own.
        same(Math.abs((object?.uploaded.getTime() ?? 0) - before) < 10_000, true);
      }
      same((await bucket.head(key))?.range, { offset: 0, length: 5 });
      same(stored.range, undefined);
    },
  },
  {
    title: "a body is read once, in the form that is asked for",
    async run({ bucket }) {
      const key = `${ownPrefix()}body`;
      await bucket.put(key, '{"a":1}', { httpMetadata: { contentType: "application/json" } });
      const object = await bucket.get(key);
      same(object?.bodyUsed, false);
      same(await object?.json(), { a: 1 });
      same(object?.bodyUsed, true);
      same(await refusalKind(async () => await object?.text()), "TypeError");
      same((await (await bucket.get(key))?.arrayBuffer())?.byteLength, 7);
      const blob = await (await bucket.get(key))?.blob();
      // Bun adds a charset to types of text.
      same([blob?.type.split(";")[0], blob?.size], ["application/json", 7]);
      same(await new Response((await bucket.get(key))?.body).text(), '{"a":1}');
    },
  },
  {
    title: "a body that nobody reads to its end harms nobody",
    async run({ bucket }) {
      const key = `${ownPrefix()}unread`;
      await bucket.put(key, new Uint8Array(1024 * 1024));
      const reader = (await bucket.get(key))?.body.getReader();
      await reader?.read();
      await reader?.cancel();
      await (await bucket.get(key))?.body.cancel();
      same((await (await bucket.get(key))?.arrayBuffer())?.byteLength, 1024 * 1024);
    },
  },
];
