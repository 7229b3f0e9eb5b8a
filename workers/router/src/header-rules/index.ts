export { applyRules, HeaderRules, isPersonal } from "./apply.ts";
export { saidOf } from "./said.ts";
