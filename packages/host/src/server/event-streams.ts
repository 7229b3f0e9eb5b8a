const isEventStream = ({ headers }: Response): boolean =>
  headers.get("content-type")?.startsWith("text/event-stream") ?? false;

/**
 * The event streams of a server. They last for as long as both sides like, so a server that stops ends them: whoever
 * reads one comes again by itself, with the id of the last event it was sent (HTML, 9.2).
 */
export class EventStreams {
  readonly #ends = new Set<() => void>();
  #ended = false;

  /** The same answer; where it is an event stream, one that `end` ends. */
  follow(response: Response): Response {
    if (response.body === null || !isEventStream(response)) return response;
    const { status, statusText, headers } = response;
    return new Response(this.#ending(response.body.getReader()), { status, statusText, headers });
  }

  /** Ends all there are and all that come: their bodies are at their end, their sources are cancelled. */
  end(): void {
    this.#ended = true;
    for (const end of this.#ends) end();
    this.#ends.clear();
  }

  #ending(source: ReadableStreamDefaultReader<Uint8Array>): ReadableStream<Uint8Array> {
    // A reader that is cancelled is at its end for whoever waits for it.
    const end = (): void => void source.cancel().catch(() => undefined);
    if (this.#ended) end();
    else this.#ends.add(end);
    return new ReadableStream(
      {
        pull: async (controller) => {
          try {
            const { done, value } = await source.read();
            if (!done) return controller.enqueue(value);
            controller.close();
          } catch (error) {
            controller.error(error);
          }
          this.#ends.delete(end);
        },
        cancel: (reason) => {
          this.#ends.delete(end);
          return source.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
  }
}
