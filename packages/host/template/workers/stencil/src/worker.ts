import { createWorker } from "@trivet/http";
import { stencil } from "./service.ts";

export default createWorker(stencil);
