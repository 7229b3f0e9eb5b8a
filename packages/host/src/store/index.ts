export { hostOwner, type SchemaOwner, schemaOwners, serviceOwner } from "./owner.ts";
export { createStore, type Store } from "./store.ts";
