import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Content } from "../content.ts";
import type { Measure } from "../digests.ts";
import type { Payload } from "./transport.ts";

/** How much is gathered in memory, and the size of the parts of what is longer. */
const pieceSize = 5 * 2 ** 20;

export type Bytes = Uint8Array<ArrayBuffer>;

/**
 * The same bytes in pieces of one size, but for the last; none where there are no bytes. Two buffers take
 * turns: a piece is good until the second one after it is asked for.
 */
export async function* inPieces(
  chunks: AsyncIterable<Uint8Array>,
  measured: Measure,
): AsyncGenerator<Bytes, undefined> {
  let piece = new Uint8Array(pieceSize);
  let spare: Bytes | undefined;
  let filled = 0;
  for await (const chunk of chunks) {
    measured.add(chunk);
    for (let taken = 0; taken < chunk.byteLength; ) {
      const some = chunk.subarray(taken, taken + pieceSize - filled);
      piece.set(some, filled);
      taken += some.byteLength;
      filled += some.byteLength;
      if (filled < pieceSize) continue;
      yield piece;
      [piece, spare] = [spare ?? new Uint8Array(pieceSize), piece];
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
  return undefined;
}

export async function* chained(head: readonly Bytes[], rest: AsyncIterable<Bytes>): AsyncGenerator<Bytes, undefined> {
  yield* head;
  yield* rest;
  return undefined;
}

/**
 * All of the bytes as one payload whose size is known: in memory where they are few, else in a file that is
 * gone when `use` has settled.
 */
export async function spooled<T>(
  content: Content,
  measured: Measure,
  use: (payload: Payload) => Promise<T>,
): Promise<T> {
  const pieces = inPieces(content.chunks(), measured);
  const first = await pieces.next();
  const second = first.done ? first : await pieces.next();
  const bytes = first.value ?? new Uint8Array();
  if (second.done) return await use({ bytes });
  const directory = await mkdtemp(join(tmpdir(), "trivet-part-"));
  try {
    const path = join(directory, "part");
    const file = await open(path, "wx", 0o600);
    try {
      for await (const piece of chained([bytes, second.value], pieces)) await file.writeFile(piece);
    } finally {
      await file.close();
    }
    return await use({ path, size: measured.size() });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
