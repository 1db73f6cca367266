/**
 * What one change makes of an instance's definition. Pure. Names in a value are resolved already: an image is its facts,
 * a dependency its uuid. Source of the table: the cloud's documentation of updates.
 */
import * as z from "zod";
import { type InstanceProp, instancePatchValues as values } from "../../../contract/models";
import type { Quotas } from "../../quotaSettings";
import { enforceRange } from "../../quota";
import { Refusal } from "../../errors";
import { imageFacts, type InstanceDefinition, romRecord } from "../../store/instances";
import { checkRoms } from "./roms";
import { checkScaleToZero, checkSchedules } from "./rules";

/** A change of one property. */
export interface InstanceChange {
  readonly prop: InstanceProp;
  readonly op: "set" | "add" | "del";
  readonly value?: unknown;
}

/** What a change is judged by beside the definition. */
export interface PatchContext {
  readonly limits: Quotas["limits"];
  readonly hasService: boolean;
}

type Change = (definition: InstanceDefinition, value: unknown, context: PatchContext) => Partial<InstanceDefinition>;
type Cells = Partial<Record<InstanceChange["op"], Change>>;

const expected: Readonly<Partial<Record<InstanceProp, string>>> = {
  args: "a text, or an array of texts, none of them empty",
  env: "an object of texts",
  tags: "an array of up to 16 tags, each of 1 to 256 of A-Z, a-z, 0-9 and -+_.:=",
  annotations: "an object of up to 256 texts without control characters, their keys '[prefix/]name'",
  hostname: "a DNS label",
};

/** The value of a `set` as a request has it, before its names are resolved. Throws a refusal `Invalid`. */
export function readValue<K extends InstanceProp>(prop: K, value: unknown): z.infer<(typeof values)[K]> {
  const model: z.ZodType = values[prop];
  return read(prop, model, value) as z.infer<(typeof values)[K]>; // read with the model of this very property
}

/** Reads a value with its model. Throws a refusal `Invalid`, which never tells the value. */
function read<T>(prop: InstanceProp, model: z.ZodType<T>, value: unknown): T {
  const parsed = model.safeParse(value);
  if (parsed.success) return parsed.data;
  const what = expected[prop] ?? parsed.error.issues[0]?.message ?? "something else";
  throw new Refusal("Invalid", `The value of '${prop}' does not fit: ${what}`);
}

const names = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const namesOf = (prop: InstanceProp, value: unknown): readonly string[] => read(prop, names, value);
const words = (value: unknown): string[] => {
  const given = read("args", values.args, value);
  return typeof given === "string" ? [given] : given;
};
const without = <T>(record: Readonly<Record<string, T>>, keys: readonly string[]): Record<string, T> =>
  Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)));
const once = (texts: readonly string[]): string[] => [...new Set(texts)];

const resolvedRoms = z.array(romRecord);
const uuids = z.array(z.string());

/** The table: a property without a cell for an operation does not know it. */
const CELLS: Readonly<Record<InstanceProp, Cells>> = {
  image: {
    set: ({ args, argsFromImage }, value) => {
      const image = read("image", imageFacts, value);
      return { initrdDigest: undefined, ...image, args: argsFromImage ? image.imageArgs : args };
    },
  },
  args: {
    set: (_, value) => ({ args: words(value), argsFromImage: false }),
    add: ({ args }, value) => ({ args: [...args, ...words(value)], argsFromImage: false }),
    del: ({ imageArgs }, value) => clear("args", value, { args: imageArgs, argsFromImage: true }),
  },
  env: {
    set: (_, value) => ({ env: read("env", values.env, value) }),
    add: ({ env }, value) => ({ env: { ...env, ...read("env", values.env, value) } }),
    del: ({ env }, value) => ({ env: value === undefined ? {} : without(env, namesOf("env", value)) }),
  },
  memory_mb: { set: (_, value, { limits }) => ({ memoryMb: within("memory_mb", value, limits) }) },
  vcpus: { set: (_, value, { limits }) => ({ vcpus: within("vcpus", value, limits) }) },
  scale_to_zero: {
    set: ({ deleteOnStop }, value, { hasService }) => {
      const scaleToZero = read("scale_to_zero", values.scale_to_zero, value);
      checkScaleToZero({ scaleToZero, deleteOnStop }, hasService);
      return { scaleToZero };
    },
    del: (_, value) => clear("scale_to_zero", value, { scaleToZero: undefined }),
  },
  tags: {
    set: (_, value) => ({ tags: once(read("tags", values.tags, value)) }),
    add: ({ tags }, value) => ({ tags: read("tags", values.tags, once([...tags, ...namesOf("tags", value)])) }),
    del: ({ tags }, value) => {
      const gone = value === undefined ? tags : namesOf("tags", value);
      return { tags: tags.filter((tag) => !gone.includes(tag)) };
    },
  },
  delete_lock: {
    set: (_, value) => ({ deleteLock: read("delete_lock", values.delete_lock, value) }),
    del: (_, value) => clear("delete_lock", value, { deleteLock: false }),
  },
  schedules: {
    set: (_, value) => scheduled(read("schedules", values.schedules, value)),
    add: ({ schedules }, value) => scheduled([...schedules, ...read("schedules", values.schedules, value)]),
    del: ({ schedules }, value) => ({ schedules: remaining("schedules", schedules, value) }),
  },
  autokill: {
    set: (_, value) => {
      const { time_ms = 0, num_requests = 0 } = read("autokill", values.autokill, value);
      return { autokill: { timeMs: time_ms, numRequests: num_requests } };
    },
    del: (_, value) => clear("autokill", value, { autokill: { timeMs: 0, numRequests: 0 } }),
  },
  hostname: {
    set: (_, value) => ({ hostname: read("hostname", values.hostname, value) }),
    del: (_, value) => clear("hostname", value, { hostname: undefined }),
  },
  roms: {
    set: (_, value) => withRoms(read("roms", resolvedRoms, value)),
    add: ({ roms }, value) => withRoms([...roms, ...read("roms", resolvedRoms, value)]),
    del: ({ roms }, value) => ({ roms: remaining("roms", roms, value) }),
  },
  plugins: { set: refusePlugins, add: refusePlugins, del: refusePlugins },
  dependencies: {
    set: (_, value) => ({ dependencies: once(read("dependencies", uuids, value)) }),
    add: ({ dependencies }, value) => ({
      dependencies: once([...dependencies, ...read("dependencies", uuids, value)]),
    }),
    del: ({ dependencies }, value) => {
      const gone = value === undefined ? dependencies : read("dependencies", uuids, value);
      return { dependencies: dependencies.filter((uuid) => !gone.includes(uuid)) };
    },
  },
  sched_priority: {
    set: (_, value) => {
      if (read("sched_priority", values.sched_priority, value) === "normal") return {};
      throw new Refusal("NotAllowed", "'sched_priority' is for privileged accounts");
    },
  },
  annotations: {
    set: (_, value) => ({ annotations: read("annotations", values.annotations, value) }),
    add: ({ annotations }, value) => {
      const more = read("annotations", values.annotations, value);
      return { annotations: read("annotations", values.annotations, { ...annotations, ...more }) };
    },
    del: ({ annotations }, value) => ({
      annotations: value === undefined ? {} : without(annotations, namesOf("annotations", value)),
    }),
  },
};

/** The changed definition. Throws refusals `Invalid`, `NotSupported`, `NotAllowed`. */
export function applyChange(
  definition: InstanceDefinition,
  { prop, op, value }: InstanceChange,
  context: PatchContext,
): InstanceDefinition {
  return { ...definition, ...cellOf(prop, op)(definition, value, context) };
}

/** Throws a refusal `Invalid` when the property does not know the operation. */
export function cellOf(prop: InstanceProp, op: InstanceChange["op"]): Change {
  const cells = CELLS[prop];
  const cell = cells[op];
  if (cell !== undefined) return cell;
  const known = Object.keys(cells).map((one) => `'${one}'`);
  throw new Refusal("Invalid", `'${prop}' does not know '${op}', but ${known.join(", ")}`);
}

function clear(prop: InstanceProp, value: unknown, cleared: Partial<InstanceDefinition>): Partial<InstanceDefinition> {
  if (value === undefined) return cleared;
  throw new Refusal("Invalid", `'del' of '${prop}' clears it and takes no 'value'`);
}

function within(prop: "memory_mb" | "vcpus", value: unknown, limits: PatchContext["limits"]): number {
  const wanted = read(prop, z.int(), value);
  enforceRange(prop, wanted, limits[`min_${prop}`], limits[`max_${prop}`]);
  return wanted;
}

function scheduled(schedules: InstanceDefinition["schedules"]): Partial<InstanceDefinition> {
  checkSchedules(schedules);
  return { schedules };
}

function withRoms(roms: InstanceDefinition["roms"]): Partial<InstanceDefinition> {
  checkRoms(roms);
  return { roms };
}

/** Without those that are named; without all when none is. */
function remaining<T extends { readonly name: string }>(prop: InstanceProp, all: readonly T[], value: unknown): T[] {
  const gone = value === undefined ? undefined : namesOf(prop, value);
  return all.filter(({ name }) => gone !== undefined && !gone.includes(name));
}

function refusePlugins(): never {
  throw new Refusal("NotSupported", "'plugins' are not supported by the local platform");
}
