export { type Background, trackBackground } from "./background.ts";
