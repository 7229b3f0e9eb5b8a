import { createWorker } from "@trivet/http";
import { twins } from "./service.ts";

export default createWorker(twins);
