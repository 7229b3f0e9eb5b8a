import { Script } from "node:vm";

const list = (text: string): string[] => text.trim().split(/\s+/);

/** Words that Postgres reads as no schema's name unless they are quoted (`pg_get_keywords()`, reserved). */
const ofPostgres = new Set(
  list(`
  all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation
  column concurrently constraint create cross default deferrable desc distinct do else end except false fetch for
  foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral leading
  left like limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing
  primary references returning right select similar some symmetric table tablesample then to trailing true union
  unique user using variadic verbose when where window with`),
);

/** First segments of paths that the router answers itself, or takes for another service's. */
const ofRouter = new Set(
  list(`
  api asyncapi cache docs files health internal metrics notification openapi payment post problems ready redoc user`),
);

/** Where `<NAME>` or `<NAME>_URL` means something that is no service; see config/host-variables.ts. */
const ofHost = new Set(list("assets database db host nats redis router service"));

/** What the template's code calls something else beside the service. */
const ofTemplate = new Set(list("env outbox"));

/** Whether code may have a `const` of this name. */
function canBeConst(name: string): boolean {
  try {
    new Script(`async () => { "use strict"; const ${name} = 0; }`);
    return true;
  } catch {
    return false;
  }
}

/** Who has another use for a word, so that no service can be called by it; undefined where nobody has. */
export function usedBy(word: string): string | undefined {
  if (ofTemplate.has(word) || !canBeConst(word)) return "code";
  if (ofPostgres.has(word)) return "Postgres";
  if (ofRouter.has(word)) return "the router";
  return ofHost.has(word) ? "the host" : undefined;
}
