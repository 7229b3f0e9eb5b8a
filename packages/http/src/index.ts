export { access } from "./access/access.ts";
export { clientAddress, identify, identifyService } from "./access/grant.ts";
export { anyJson, type Json } from "./any-json.ts";
export { createApp } from "./app.ts";
export { json, noContent, type RouteContract } from "./contract.ts";
export { conventions } from "./docs/conventions.ts";
export { securitySchemes } from "./docs/document.ts";
export { operations } from "./docs/standard-contracts.ts";
export {
  asOptionalSecret,
  assetsBinding,
  databaseBinding,
  encryptionKeys,
  envFaults,
  optionalSecret,
  queueBinding,
  redisEnv,
  reportingEnv,
  type ServiceEnv,
  secret,
  serviceBinding,
  serviceEnv,
} from "./env.ts";
export type { CronHandler, QueueHandler } from "./handlers.ts";
export { queryInteger } from "./input/query.ts";
export { lateAfter, shortBodyOf, tooLarge, type Upload, watchBody } from "./input/upload.ts";
export type { Measure } from "./observe/metrics.ts";
export { assertMatches, etagOf, withEtag } from "./output/etag.ts";
export {
  decodeCursor,
  encodeCursor,
  linkNext,
  type Page,
  type PageQuery,
  pageOf,
  pageQuery,
  toPage,
} from "./output/page.ts";
export { palette } from "./palette.ts";
export { pathOf } from "./path.ts";
export { type EventHandler, type Route, routesFor } from "./route.ts";
export { defineService, type Scope, type ServiceDefinition } from "./service.ts";
export type { ServiceContext } from "./state.ts";
export { createWorker } from "./worker.ts";
