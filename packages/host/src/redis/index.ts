export { chooseRedis, redisFaults, usesRedis } from "./choose.ts";
