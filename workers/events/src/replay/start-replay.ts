import { type EventName, memoryDaysOf, repeatable, subscriptions } from "@trivet/contracts";
import { transaction } from "@trivet/db";
import { newId, TrivetError, type UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { selectFirst, selectPosition } from "../queries/log.ts";
import { countRunning, insertReplay } from "../queries/replays.ts";
import type { NewReplay, Replay } from "../schemas.ts";
import { longestReplay } from "./longest-replay.ts";
import { runReplays } from "./run-replays.ts";

const mostRunning = 10;
const day = 86_400_000;

/**
 * Sends a part of the log to subscribers once more, in the background.
 *
 * They drop what they took effect of, so only what they have missed takes effect; which is why it may reach no farther
 * back than they remember. Only what may be handled again at any time goes back farther, and, by `force`, as if it were
 * new.
 *
 * Throws `unprocessable` where that would do something twice, `conflict` where too many are under way.
 */
export async function startReplay(deps: Deps, actor: UserActor, asked: NewReplay): Promise<Replay> {
  const { db, answers, invocation } = deps;
  const { subscriber, event, from, to, force } = asked;
  const pairs = pairsOf(asked);
  if (pairs.length === 0) throw new TrivetError("unprocessable", "Nobody who is meant listens to that event.");
  const onlyOnce = pairs.filter(([who, what]) => !repeatable[who]?.includes(what));
  if (force && onlyOnce.length > 0) throw new TrivetError("unprocessable", notTwice(onlyOnce));
  const last = await selectPosition(db, "highest");
  const range = { after: (asked.fromPosition ?? 1) - 1, upTo: Math.min(asked.toPosition ?? last, last) };
  const first = await selectFirst(db, { event, from, to }, range);
  if (first) assertRemembered(onlyOnce, Date.parse(first.received_at));
  const started = await transaction(db, async (tx) => {
    if ((await countRunning(tx)) >= mostRunning) {
      throw new TrivetError("conflict", `At most ${mostRunning} replays run at a time. Wait for one, or cancel it.`);
    }
    const replay = await insertReplay(tx, {
      ...{ id: newId(), subscriber: subscriber ?? null, event: event ?? null, forced: force, createdBy: actor.id },
      ...{ fromTime: from ?? null, toTime: to ?? null },
      ...{ position: first ? first.position - 1 : range.upTo, lastPosition: range.upTo },
    });
    await answers.keep(tx, invocation, replay);
    return replay;
  });
  invocation.waitUntil(runReplays(deps));
  return started;
}

type Pair = [subscriber: string, event: EventName];

/** Who would be sent what. */
const pairsOf = ({ subscriber, event }: NewReplay): Pair[] =>
  Object.entries(subscriptions).flatMap(([who, names]) =>
    subscriber === undefined || subscriber === who
      ? names.filter((name) => event === undefined || event === name).map((name): Pair => [who, name])
      : [],
  );

function assertRemembered(pairs: readonly Pair[], oldest: number): void {
  for (const [who, what] of pairs) {
    const since = Date.now() - memoryDaysOf(who) * day + longestReplay;
    if (oldest >= since) continue;
    throw new TrivetError(
      "unprocessable",
      `${who} does not remember any more whether it has handled each ${what} since ${new Date(oldest).toISOString()}. Begin at ${new Date(since).toISOString()} or later. ${whatMay()}`,
    );
  }
}

const notTwice = (pairs: readonly Pair[]): string =>
  `Handled again as if it were new, ${pairs[0]?.[1]} would take effect twice at ${pairs[0]?.[0]}. ${whatMay()}`;

const whatMay = (): string =>
  `Name a subscriber and an event that may be handled again: ${Object.entries(repeatable)
    .map(([who, names]) => `${who} (${names.join(", ")})`)
    .join("; ")}.`;
