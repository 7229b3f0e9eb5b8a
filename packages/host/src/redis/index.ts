export { chooseRedis, usesRedis } from "./choose.ts";
