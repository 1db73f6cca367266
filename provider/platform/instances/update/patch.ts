/**
 * Applies one change to an instance's definition. Pure. Names in the value are resolved already: images to digests,
 * dependencies to uuids. Source of the table: the cloud's documentation of updates.
 */
import { assertInRange } from "../../quota/quotaLimits";
import * as z from "zod";
import {
  MAX_ARGS,
  MAX_ENV_VARIABLES,
  MAX_REFERENCES,
  type InstanceProp,
  instancePatchValues as values,
} from "../../../contract/models";
import type { Quotas } from "../../quota/quotaSettings";

import { ApiItemError } from "../../errors";
import { resolvedImage, type InstanceDefinition, romRecord } from "../../store/instances";
import type { InstancePatchOperation } from "../instance";
import { checkRoms } from "./roms";
import { checkScaleToZero, checkSchedules, checkServiceMember } from "./rules";

/** What a change is checked against besides the definition. */
export interface PatchContext {
  readonly limits: Quotas["limits"];
  /** True if the instance is in a service group. */
  readonly hasService: boolean;
}

type PatchFunction = (
  definition: InstanceDefinition,
  value: unknown,
  context: PatchContext,
) => Partial<InstanceDefinition>;
type PropertyPatches = Partial<Record<InstancePatchOperation["op"], PatchFunction>>;

/** The end of the message for an invalid value; for other properties the model's message is used. */
const expectedValues: Readonly<Partial<Record<InstanceProp, string>>> = {
  args: `must be a string or an array of up to ${MAX_ARGS} strings, none of them empty or with NUL`,
  env: `must be an object of up to ${MAX_ENV_VARIABLES} strings without NUL, no '=' in their names`,
  tags: "must be an array of up to 16 tags, each of 1 to 256 characters from A-Z, a-z, 0-9 and -+_.:=",
  annotations:
    "must be an object of up to 256 strings without control characters, with keys of the form '[prefix/]name'",
  hostname: "must be a DNS label",
};

/** Parses the value of a `set` in a request, before its names are resolved. Throws `Invalid`. */
export function parseSetValue<K extends InstanceProp>(prop: K, value: unknown): z.infer<(typeof values)[K]> {
  const model: z.ZodType = values[prop];
  return parsePatchValue(prop, model, value) as z.infer<(typeof values)[K]>; // parsed with the model of this property
}

/** Parses a value with its model. Throws `Invalid`; the message never contains the value, which may be secret. */
function parsePatchValue<T>(prop: InstanceProp, model: z.ZodType<T>, value: unknown): T {
  const parsed = model.safeParse(value);
  if (parsed.success) return parsed.data;
  const what = expectedValues[prop] ?? parsed.error.issues[0]?.message ?? "unexpected value";
  throw new ApiItemError("Invalid", `Invalid value of '${prop}': ${what}`);
}

const nameList = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const parseNames = (prop: InstanceProp, value: unknown): readonly string[] => parsePatchValue(prop, nameList, value);
const parseArguments = (value: unknown): string[] => {
  const parsed = parsePatchValue("args", values.args, value);
  return typeof parsed === "string" ? [parsed] : parsed;
};
const omitKeys = <T>(record: Readonly<Record<string, T>>, keys: readonly string[]): Record<string, T> =>
  Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)));
const unique = (texts: readonly string[]): string[] => [...new Set(texts)];

const resolvedRoms = z.array(romRecord);
const uuidList = z.array(z.string());
/** Throws `TooMany` above {@link MAX_REFERENCES} dependencies. */
function withinLimit(dependencies: string[]): string[] {
  if (dependencies.length <= MAX_REFERENCES) return dependencies;
  const why = `with these it would have ${dependencies.length}`;
  throw new ApiItemError("TooMany", `An instance depends on at most ${MAX_REFERENCES} others; ${why}`);
}

/** The functions by property and operation. A missing cell: the property does not have the operation. */
const PATCHES: Readonly<Record<InstanceProp, PropertyPatches>> = {
  image: {
    set: ({ args, argsFromImage }, value) => {
      const image = parsePatchValue("image", resolvedImage, value);
      return { initrdDigest: undefined, ...image, args: argsFromImage ? image.imageArgs : args };
    },
  },
  args: {
    set: (_, value) => ({ args: parseArguments(value), argsFromImage: false }),
    add: ({ args }, value) => ({ args: parseArguments([...args, ...parseArguments(value)]), argsFromImage: false }),
    del: ({ imageArgs }, value) => assertNoValue("args", value, { args: imageArgs, argsFromImage: true }),
  },
  env: {
    set: (_, value) => ({ env: parsePatchValue("env", values.env, value) }),
    add: ({ env }, value) => ({
      env: parsePatchValue("env", values.env, { ...env, ...parsePatchValue("env", values.env, value) }),
    }),
    del: ({ env }, value) => ({ env: value === undefined ? {} : omitKeys(env, parseNames("env", value)) }),
  },
  memory_mb: { set: (_, value, { limits }) => ({ memoryMb: parseLimited("memory_mb", value, limits) }) },
  vcpus: { set: (_, value, { limits }) => ({ vcpus: parseLimited("vcpus", value, limits) }) },
  scale_to_zero: {
    set: ({ deleteOnStop }, value, { hasService }) => {
      const scaleToZero = parsePatchValue("scale_to_zero", values.scale_to_zero, value);
      checkScaleToZero({ scaleToZero, deleteOnStop }, hasService);
      return { scaleToZero };
    },
    del: (_, value) => assertNoValue("scale_to_zero", value, { scaleToZero: undefined }),
  },
  tags: {
    set: (_, value) => ({ tags: unique(parsePatchValue("tags", values.tags, value)) }),
    add: ({ tags }, value) => ({
      tags: parsePatchValue("tags", values.tags, unique([...tags, ...parseNames("tags", value)])),
    }),
    del: ({ tags }, value) => {
      const gone = value === undefined ? tags : parseNames("tags", value);
      return { tags: tags.filter((tag) => !gone.includes(tag)) };
    },
  },
  delete_lock: {
    set: (_, value) => ({ deleteLock: parsePatchValue("delete_lock", values.delete_lock, value) }),
    del: (_, value) => assertNoValue("delete_lock", value, { deleteLock: false }),
  },
  schedules: {
    set: (_, value) => withSchedules(parsePatchValue("schedules", values.schedules, value)),
    add: ({ schedules }, value) =>
      withSchedules([...schedules, ...parsePatchValue("schedules", values.schedules, value)]),
    del: ({ schedules }, value) => ({ schedules: withoutNamed("schedules", schedules, value) }),
  },
  autokill: {
    set: (_, value) => {
      const { time_ms = 0, num_requests = 0 } = parsePatchValue("autokill", values.autokill, value);
      return { autokill: { timeMs: time_ms, numRequests: num_requests } };
    },
    del: (_, value) => assertNoValue("autokill", value, { autokill: { timeMs: 0, numRequests: 0 } }),
  },
  hostname: {
    set: (_, value) => ({ hostname: parsePatchValue("hostname", values.hostname, value) }),
    del: (_, value) => assertNoValue("hostname", value, { hostname: undefined }),
  },
  roms: {
    set: (_, value) => withRoms(parsePatchValue("roms", resolvedRoms, value)),
    add: ({ roms }, value) => withRoms([...roms, ...parsePatchValue("roms", resolvedRoms, value)]),
    del: ({ roms }, value) => ({ roms: withoutNamed("roms", roms, value) }),
  },
  plugins: { set: rejectPlugins, add: rejectPlugins, del: rejectPlugins },
  dependencies: {
    set: (_, value) => ({ dependencies: unique(parsePatchValue("dependencies", uuidList, value)) }),
    add: ({ dependencies }, value) => ({
      dependencies: withinLimit(unique([...dependencies, ...parsePatchValue("dependencies", uuidList, value)])),
    }),
    del: ({ dependencies }, value) => {
      const gone = value === undefined ? dependencies : parsePatchValue("dependencies", uuidList, value);
      return { dependencies: dependencies.filter((uuid) => !gone.includes(uuid)) };
    },
  },
  sched_priority: {
    set: (_, value) => {
      if (parsePatchValue("sched_priority", values.sched_priority, value) === "normal") return {};
      throw new ApiItemError("NotAllowed", "'sched_priority' is for privileged accounts");
    },
  },
  readiness_probe: {
    set: ({ networkInterfaces }, value, { hasService }) => {
      const readinessProbe = parsePatchValue("readiness_probe", values.readiness_probe, value);
      checkServiceMember({ readinessProbe, networkInterfaces }, hasService);
      return { readinessProbe };
    },
    del: (_, value) => assertNoValue("readiness_probe", value, { readinessProbe: undefined }),
  },
  rotation: {
    set: (_, value, { hasService }) => {
      const rotation = parsePatchValue("rotation", values.rotation, value);
      checkServiceMember({ rotation }, hasService);
      return { rotation };
    },
    del: (_, value) => assertNoValue("rotation", value, { rotation: undefined }),
  },
  annotations: {
    set: (_, value) => ({ annotations: parsePatchValue("annotations", values.annotations, value) }),
    add: ({ annotations }, value) => {
      const more = parsePatchValue("annotations", values.annotations, value);
      return { annotations: parsePatchValue("annotations", values.annotations, { ...annotations, ...more }) };
    },
    del: ({ annotations }, value) => ({
      annotations: value === undefined ? {} : omitKeys(annotations, parseNames("annotations", value)),
    }),
  },
};

/** The changed definition. Throws `Invalid`, `NotSupported`, `NotAllowed`. */
export function applyPatch(
  definition: InstanceDefinition,
  { prop, op, value }: InstancePatchOperation,
  context: PatchContext,
): InstanceDefinition {
  return { ...definition, ...patchFunctionOf(prop, op)(definition, value, context) };
}

/** False for a property that always has a value, such as the image. */
export const canClear = (prop: InstanceProp): boolean => PATCHES[prop].del !== undefined;

/** The function for an operation on a property. Throws `Invalid` if the property does not have the operation. */
export function patchFunctionOf(prop: InstanceProp, op: InstancePatchOperation["op"]): PatchFunction {
  const cells = PATCHES[prop];
  const cell = cells[op];
  if (cell !== undefined) return cell;
  const known = Object.keys(cells).map((one) => `'${one}'`);
  throw new ApiItemError("Invalid", `'${prop}' does not support '${op}', only ${known.join(", ")}`);
}

function assertNoValue(
  prop: InstanceProp,
  value: unknown,
  cleared: Partial<InstanceDefinition>,
): Partial<InstanceDefinition> {
  if (value === undefined) return cleared;
  throw new ApiItemError("Invalid", `'del' of '${prop}' clears it and takes no 'value'`);
}

function parseLimited(prop: "memory_mb" | "vcpus", value: unknown, limits: PatchContext["limits"]): number {
  const wanted = parsePatchValue(prop, z.int(), value);
  assertInRange(prop, wanted, limits[`min_${prop}`], limits[`max_${prop}`]);
  return wanted;
}

function withSchedules(schedules: InstanceDefinition["schedules"]): Partial<InstanceDefinition> {
  checkSchedules(schedules);
  return { schedules };
}

function withRoms(roms: InstanceDefinition["roms"]): Partial<InstanceDefinition> {
  checkRoms(roms);
  return { roms };
}

/** Removes the named entries, or all entries if `value` names none. */
function withoutNamed<T extends { readonly name: string }>(prop: InstanceProp, all: readonly T[], value: unknown): T[] {
  const gone = value === undefined ? undefined : parseNames(prop, value);
  return all.filter(({ name }) => gone !== undefined && !gone.includes(name));
}

function rejectPlugins(): never {
  throw new ApiItemError("NotSupported", "'plugins' are not supported by the local platform");
}
