import { promisify } from "node:util";
import zlib, { constants } from "node:zlib";
import type { Encoding } from "./accepted.ts";

/** What both runtimes' zlib has of a stream that encodes. */
export type Coder = zlib.Gzip | zlib.BrotliCompress | zlib.ZstdCompress;

interface Codec {
  /** In this turn of the event loop. */
  now(data: Uint8Array): Uint8Array<ArrayBuffer>;
  /** In a thread of its own. */
  aside(data: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
  stream(): Coder;
  /** Makes a stream give what it has so far. */
  flush: number;
}

// What is compressed once and sent once: past these levels each per cent costs more time than it saves on the wire. A
// window of 256 KB, because every answer that streams holds one.
const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 18 } };
const zstandard = { params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_windowLog]: 18 } };
const gzip = { level: 6 };

const gzipAside = promisify<Uint8Array, zlib.ZlibOptions, Buffer<ArrayBuffer>>(zlib.gzip);
const brotliAside = promisify<Uint8Array, zlib.BrotliOptions, Buffer<ArrayBuffer>>(zlib.brotliCompress);
const zstandardAside = promisify<Uint8Array, zlib.ZstdOptions, Buffer<ArrayBuffer>>(zlib.zstdCompress);

export const codecs: Readonly<Record<Encoding, Codec>> = {
  gzip: {
    now: (data) => zlib.gzipSync(data, gzip),
    aside: (data) => gzipAside(data, gzip),
    stream: () => zlib.createGzip(gzip),
    flush: constants.Z_SYNC_FLUSH,
  },
  br: {
    now: (data) => zlib.brotliCompressSync(data, brotli),
    aside: (data) => brotliAside(data, brotli),
    stream: () => zlib.createBrotliCompress(brotli),
    flush: constants.BROTLI_OPERATION_FLUSH,
  },
  zstd: {
    now: (data) => zlib.zstdCompressSync(data, zstandard),
    aside: (data) => zstandardAside(data, zstandard),
    stream: () => zlib.createZstdCompress(zstandard),
    flush: constants.ZSTD_e_flush,
  },
};
