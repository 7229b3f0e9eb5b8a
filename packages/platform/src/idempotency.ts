/** A request that its caller may send again under the same `Idempotency-Key`. */
export interface KeyedRequest {
  /** Whose key it is; nobody else's can be the same. */
  caller: string;
  key: string;
  /** Tells this request from another one under the same key. */
  fingerprint: string;
  /** What it is answered with when it succeeds. */
  status: number;
}

/** The right to carry out a keyed request. It ends with its lease, from when on another attempt may take its place. */
export interface Claim extends KeyedRequest {
  /** Of this attempt. */
  id: string;
}

export interface StoredAnswer {
  status: number;
  headers: Record<string, string>;
  body: string | null;
}

/** What is to be done with a keyed request. */
export type ClaimOutcome =
  /** It is the first, or the attempts before it came to nothing: carry it out. */
  | { kind: "claimed"; claim: Claim }
  /** It has been answered. */
  | { kind: "answered"; answer: StoredAnswer }
  /** An attempt is under way. */
  | { kind: "running" }
  /** The key was sent with another request. */
  | { kind: "other" };

/** Where claims and answers are kept, for as long as a key is good. */
export interface IdempotencyStore {
  claim(request: KeyedRequest): Promise<ClaimOutcome>;
  /** Stores the answer, unless the claim is another's by now. */
  finish(claim: Claim, answer: StoredAnswer): Promise<void>;
  /** Frees the key, unless an answer was stored. */
  release(claim: Claim): Promise<void>;
}
