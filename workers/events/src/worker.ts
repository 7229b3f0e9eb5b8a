import { createWorker } from "@trivet/http";
import { events } from "./service.ts";

export default createWorker(events);
