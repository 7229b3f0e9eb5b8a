export { developmentSecrets } from "./config/index.ts";
export { ConfigurationError, configurationExitCode } from "./configuration-error.ts";
export { exitInGoodOrder } from "./drain/index.ts";
export { type Host, type HostOptions, type RunningService, startHost } from "./host.ts";
export { type Manifest, readManifests } from "./manifest/index.ts";
export { startEmbeddedPostgres } from "./postgres/index.ts";
export { PortTakenError } from "./server/index.ts";
