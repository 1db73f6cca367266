/**
 * The core abstraction: one definition per resource. Check, diff, `schema.json` and the SDK are derived from it, so a new field
 * is one line in one file.
 *
 * Pure: knows nothing of Pulumi's protocol, HTTP or VMs.
 */
import * as z from "zod";

/**
 * Effect of a change. "update": applied in place while the resource runs. "restart": applied in place, with a stop and a start.
 * "replace": the resource is replaced. "ignore": used at creation only; a later change has no effect.
 */
export type ChangeEffect = "update" | "restart" | "replace" | "ignore";

/** A change of one field. */
export interface FieldChange {
  readonly before: unknown;
  /** May be partly unknown; the result is then the possible effect. */
  readonly after: unknown;
  /** All inputs; others may be unknown. */
  readonly news: Properties;
}

/** What a field means to Pulumi, beside its shape. */
export interface FieldMeta {
  /** One or two sentences for users: unit, range, default, what leaving it out means. */
  readonly description: string;
  /** Effect of a change of this field. Default "update". A pure function where the effect depends on the change. */
  readonly onChange?: ChangeEffect | ((change: FieldChange) => ChangeEffect);
  /** The server chooses and reports a value when users leave the field out; leaving it out later keeps the current value. */
  readonly keptWhenAbsent?: boolean;
  /** The value is kept encrypted in state and never printed. */
  readonly secret?: boolean;
  /** Set by `computeInputs`, not by users: left out of `schema.json` and of the SDK's arguments. */
  readonly computed?: boolean;
  /** The order of items has no meaning; they are compared as a set. */
  readonly unordered?: boolean;
}

/** Side table from zod schema to meaning; keeps the zod schemas plain. */
const metaBySchema = new WeakMap<z.ZodType, FieldMeta>();
/** Names of nested object types in `schema.json`. */
const typeNames = z.registry<{ readonly name: string; readonly description: string }>();

/** Attaches a meaning to a field. A schema object is one field only: a second meaning would replace the first everywhere. */
export function field<S extends z.ZodType>(schema: S, meta: FieldMeta): S {
  if (metaBySchema.has(schema)) throw new Error(`This schema is a field already: ${meta.description}`);
  metaBySchema.set(schema, meta);
  return schema;
}

/** Names a nested object, which becomes a type of its own in `schema.json` and in the SDK. */
export function objectType<S extends z.ZodObject>(name: string, description: string, schema: S): S {
  typeNames.add(schema, { name, description });
  return schema;
}

/** The meaning of a field, found through `.optional()` and `.default()` wrappers. */
export function metaOf(schema: z.ZodType): FieldMeta | undefined {
  for (let inner: z.ZodType | undefined = schema; inner !== undefined; inner = innerSchema(inner)) {
    const meta = metaBySchema.get(inner);
    if (meta !== undefined) return meta;
  }
  return undefined;
}

/** The name given with {@link objectType}. */
export const typeNameOf = (schema: z.ZodType): { readonly name: string; readonly description: string } | undefined =>
  typeNames.get(schema);

/** The schema inside an optional, default or nullable wrapper; `undefined` for any other. */
export function innerSchema(schema: z.ZodType): z.ZodType | undefined {
  // By its name: zod's `instanceof` looks a set up, and this is asked for every value of every resource.
  return WRAPPER_TYPES.includes(schema.def.type) ? ((schema as z.ZodOptional).def.innerType as z.ZodType) : undefined;
}
const WRAPPER_TYPES: readonly string[] = ["optional", "default", "nullable"];

/** Property values by name, as they travel to and from the engine. */
export type Properties = Readonly<Record<string, unknown>>;

/** One thing wrong with the inputs. */
export interface CheckFailure {
  /** Path from the resource, such as `ports[0].port`; empty when it concerns the resource as a whole. */
  readonly property: string;
  /** A sentence that says what is wrong and what is allowed. Never contains the value of a secret. */
  readonly reason: string;
}

/** Where a rule looks: an input, or one field of an input that is an object, such as `template.volumes`. */
export type InputPath<Inputs> = (keyof Inputs & string) | `${keyof Inputs & string}.${string}`;

/**
 * A rule across fields, pure. It runs only when nothing under the fields it reads is unknown, so an unknown value
 * delays a rule and never breaks it.
 */
export interface Rule<Inputs> {
  readonly reads: readonly InputPath<Inputs>[];
  test(inputs: Inputs, olds: Properties): readonly CheckFailure[];
}

/** A step from one version of the state's shape to the next. Pure. */
export type Migration = (state: Properties) => Properties;

/** What a resource knows after it was created, read or updated. */
export interface ObservedState<Inputs, Outputs> {
  readonly inputs: Inputs;
  readonly outputs: Outputs;
  /** The id, if the resource was looked up by name. */
  readonly id?: string;
}

/**
 * Whose the object is that has the name which a new resource wants.
 * - "unfinished": a create of this resource began it and was killed, so the next create goes on with it
 * - "finished": a create of this resource finished it: the predecessor of a replacement, or what a killed run did not record
 * - "foreign": somebody else's
 * - "unmarked": nothing tells
 */
export type NameHolder = "unfinished" | "finished" | "foreign" | "unmarked";

/**
 * What is done to a resource, and to its content on this machine. A kind keeps it in a module of its own, loaded with the first call
 * ({@link lazyLifecycle}): checking and comparing an unchanged resource takes none of it.
 */
export interface Lifecycle<I extends z.ZodObject, O extends z.ZodObject, Context> {
  /**
   * What an update will do, in that order, for the preview to say: `set the hard limit to 100`. Both are checked; a
   * text that is not known yet is there by its stand-in. Pure.
   *
   * @param outputs what it reported when last looked at
   */
  describeUpdate?(olds: z.output<I>, news: z.output<I>, outputs: Properties): readonly string[];

  /** Whose an object is that has the name in `inputs`, of which parts may be unknown; `undefined` if it is gone. Absent: names are no matter. */
  findNameHolder?(context: Context, id: string, inputs: z.output<I>): Promise<NameHolder | undefined>;

  create(context: Context, inputs: z.output<I>): Promise<{ id: string; outputs: z.output<O> }>;
  /**
   * The resource as it is now. `undefined` means the platform answered that it does not exist, and nothing else may mean
   * that. `inputs` are those in state: the platform does not echo all of them.
   */
  read(context: Context, id: string, inputs: z.output<I>): Promise<ObservedState<z.output<I>, z.output<O>> | undefined>;
  update(
    context: Context,
    id: string,
    olds: ObservedState<z.output<I>, z.output<O>>,
    news: z.output<I>,
  ): Promise<z.output<O>>;
  /** Succeeds when it is already gone. */
  delete(context: Context, id: string, olds: ObservedState<z.output<I>, z.output<O>>): Promise<void>;
}

/**
 * A resource kind. `Context` is what its lifecycle functions need from the world (client, signal, …).
 */
export interface ResourceDefinition<I extends z.ZodObject, O extends z.ZodObject, Context> extends Lifecycle<
  I,
  O,
  Context
> {
  /** `Instance` becomes the token `unikernel:index:Instance`, and `pulumi-nodejs:dynamic/unikernel:Instance`. */
  readonly kind: string;
  readonly description: string;
  readonly inputs: I;
  readonly outputs: O;
  /** Migrations from version 1 on; the current version is their number plus one. */
  readonly migrations?: readonly Migration[];
  readonly rules?: readonly Rule<z.output<I>>[];
  /**
   * Looks at what inputs refer to on this machine (an image's folder) and adds inputs computed from it.
   * Runs after the fields were found valid; inputs may hold unknown values.
   */
  readonly computeInputs?: (inputs: Properties) => Promise<{ inputs: Properties; failures: readonly CheckFailure[] }>;
  /** What the resource will use of the account's quotas, by their names (`instances`, `total_volume_mb`); what is unknown counts nothing. Pure. */
  readonly quotaUsage?: (inputs: Properties) => Readonly<Record<string, number>>;
  /** The only metro that supports this kind, and a hint for other metros. `undefined`: any metro. */
  readonly metroRestriction?: { readonly metro: string; readonly hint: string };
  /** True if the old resource must be deleted before its replacement is created, whatever their names. Called only for replacements. */
  readonly deleteBeforeReplace?: (news: Properties) => boolean;
  /** True if a stop deletes the resource; a change that needs a restart then replaces it. */
  readonly deletedOnStop?: (olds: Properties) => boolean;
}

/** Declares a resource kind. */
export const defineResource = <I extends z.ZodObject, O extends z.ZodObject, Context>(
  definition: ResourceDefinition<I, O, Context>,
): ResourceDefinition<I, O, Context> => Object.freeze(definition);

/** A lifecycle whose module is loaded with the first call; `load` is a `require`, which remembers what it has loaded. */
export const lazyLifecycle = <I extends z.ZodObject, O extends z.ZodObject, Context>(
  load: () => Lifecycle<I, O, Context>,
): Lifecycle<I, O, Context> => ({
  describeUpdate: (olds, news, outputs) => load().describeUpdate?.(olds, news, outputs) ?? [],
  findNameHolder: async (context, id, inputs) => load().findNameHolder?.(context, id, inputs),
  create: (context, inputs) => load().create(context, inputs),
  read: (context, id, inputs) => load().read(context, id, inputs),
  update: (context, id, olds, news) => load().update(context, id, olds, news),
  delete: (context, id, olds) => load().delete(context, id, olds),
});

/** The parts of a definition that check, diff, migrate and schema read; any resource's definition is one. */
export type Definition = Pick<
  ResourceDefinition<z.ZodObject, z.ZodObject, never>,
  | "kind"
  | "description"
  | "inputs"
  | "outputs"
  | "migrations"
  | "computeInputs"
  | "deleteBeforeReplace"
  | "deletedOnStop"
> & { readonly rules?: readonly Rule<never>[] };
