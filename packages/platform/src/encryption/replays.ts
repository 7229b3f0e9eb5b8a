/** Where a service keeps the ids of encrypted requests that have come, so that none is carried out a second time. */
export interface ReplayStore {
  /** Whether this id has come for the first time. From now on it has. */
  claim(id: string): Promise<boolean>;
}
