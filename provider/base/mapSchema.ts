/** Maps with any keys. */
import * as z from "zod";

const PROTO = "__proto__";

/** `z.record` drops an entry called `__proto__`, which is a name like any other: of a variable, for example. */
const MapSchema = z.core.$constructor<z.ZodRecord, z.core.$ZodRecordDef>("UnikernelMap", (schema, def) => {
  z.ZodRecord.init(schema, def as never);
  const parse = schema._zod.parse;
  schema._zod.parse = (payload, context) => {
    const given: unknown = payload.value;
    const isMap = typeof given === "object" && given !== null && Object.hasOwn(given, PROTO);
    const parsed = parse(payload, context);
    if (!isMap || parsed instanceof Promise || typeof parsed.value !== "object" || parsed.value === null) return parsed;
    const inner = { value: Object.getOwnPropertyDescriptor(given, PROTO)?.value as unknown, issues: [] };
    const result = def.valueType._zod.run(inner, context);
    if (result instanceof Promise) throw new Error("A map has no asynchronous values.");
    parsed.issues.push(...z.core.util.prefixIssues(PROTO, result.issues));
    Object.defineProperty(parsed.value, PROTO, {
      value: result.value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    return parsed;
  };
});

/** A map: `z.record`, with no key left out. */
export const mapOf = <V extends z.ZodType>(key: z.ZodString, value: V): z.ZodRecord<z.ZodString, V> =>
  new MapSchema({ type: "record", keyType: key, valueType: value }) as unknown as z.ZodRecord<z.ZodString, V>;
