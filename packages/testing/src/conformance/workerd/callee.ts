export { serviceBindingCallee as default } from "../service-binding.ts";
