export { developmentSecrets } from "./development-secrets.ts";
export { type Environment, readEnvironment } from "./environment.ts";
export { hostVariables } from "./host-variables.ts";
export { readOptionalSecrets } from "./optional-secrets.ts";
export { publicUrl, readPublicUrl } from "./public-url.ts";
export { slips } from "./slips.ts";
export { openSource, type ProcessEnv, type Source } from "./source.ts";
export { strangers } from "./strangers.ts";
export { readVariables, type Variables } from "./variables.ts";
