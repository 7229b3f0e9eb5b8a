export { chooseRedis, restToken, usesRedis } from "./choose.ts";
