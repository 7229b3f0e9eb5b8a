/** Milliseconds a replay may take: as much less far than a subscriber remembers it may reach back. */
export const longestReplay = 86_400_000;
