/**
 * The fields of a partial update that are there. JSON knows no `undefined`, but an optional field of
 * zod's has it in its type; here it is left out in fact and in type, so that spreading cannot unset anything.
 */
export const given = <Fields extends object>(fields: Fields): Given<Fields> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<Fields>;

export type Given<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };
