export { drain } from "./drain.ts";
export { exitInGoodOrder } from "./signals.ts";
