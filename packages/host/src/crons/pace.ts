/** Milliseconds. */
export interface Pace {
  /** A process that is gone for so long has lost what it ran. */
  lease: number;
  /** How often to look for what others lost, and what is to be tried again. */
  look: number;
  /** From a failed run to the next try, times the tries so far. */
  retry: number;
}

export const usualPace: Pace = { lease: 30_000, look: 15_000, retry: 30_000 };
