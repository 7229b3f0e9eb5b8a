/** Bodies up to this many bytes travel in one piece: a stream costs more than so much memory does. */
const smallBody = 64 * 1024;
/** Looking at `body` makes a stream of it, so methods that cannot have one are not asked. */
const bodiless = new Set(["GET", "HEAD"]);

/** What is sent as a body: bytes, or pieces as they come. */
export type OutgoingBody = Uint8Array<ArrayBuffer> | Pieces | null;

/** Nothing has been read of it before the first piece is asked for; until then it may be asked for anew. */
export type Pieces = () => AsyncGenerator<Uint8Array>;

export async function outgoingBody(request: Request): Promise<OutgoingBody> {
  if (bodiless.has(request.method)) return null;
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) <= smallBody) return new Uint8Array(await request.arrayBuffer());
  return request.body ? await unstreamed(request.body, declared !== null) : null;
}

/** A body that ends with its first chunk, as one made from a string does, is sent in one piece with its length. */
async function unstreamed(body: ReadableStream<Uint8Array<ArrayBuffer>>, declared: boolean): Promise<OutgoingBody> {
  const reader = body.getReader();
  if (declared) return () => chunksOf(reader);
  const first = await reader.read();
  if (first.done) return null;
  const second = reader.read();
  const ended = await Promise.race([second, nextTurn()]);
  if (ended?.done) return first.value;
  return () => chunksOf(reader, first.value, second);
}

const nextTurn = (): Promise<undefined> => new Promise((resolve) => setImmediate(resolve, undefined));

type Reader = ReadableStreamDefaultReader<Uint8Array>;

async function* chunksOf(
  reader: Reader,
  first?: Uint8Array,
  second?: ReturnType<Reader["read"]>,
): AsyncGenerator<Uint8Array> {
  try {
    if (first) yield first;
    for (let next = await (second ?? reader.read()); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
