/**
 * The core abstraction: one definition per resource kind. Check, diff, `schema.json` and the SDK are derived from it, so a new
 * field is declared in one place.
 *
 * Pure: independent of Pulumi's protocol, HTTP and VMs.
 */
import * as z from "zod";
import type { MetroIdentity } from "../base/config/metroConfig";
import type { ErrorCode } from "../base/errors";

/**
 * Effect of a change. "update": applied in place while the resource runs. "restart": applied in place, with a stop and a start.
 * "replace": replaces the resource. "ignore": the field is used at creation only, so a later change has no effect.
 */
export type ChangeEffect = "update" | "restart" | "replace" | "ignore";

/** A change of one field. */
export interface FieldChange {
  readonly before: unknown;
  /** May be partly unknown; the result is then only a possible effect. */
  readonly after: unknown;
  /** All new inputs; other fields may be unknown. */
  readonly news: Properties;
}

/** A changed field. */
export interface PropertyChange {
  /** Name of the input. */
  readonly property: string;
  /** The change requires a replacement. Never true if only unknown parts differ. */
  readonly replace: boolean;
  /** The change will require a replacement if the unknown parts differ at apply. */
  readonly mayReplace: boolean;
  /** The change is applied in place, with a stop and a start. */
  readonly restart: boolean;
  /** False if only unknown parts differ: the value may turn out unchanged. */
  readonly certain: boolean;
  /** True if only the option `replaceOnChanges` makes it a replacement. */
  readonly isReplacementRequested?: true;
}

/** A resource that the SDK takes in place of a value. */
export interface ResourceValue {
  /** Kind of the resource, such as `GatewayImage`. */
  readonly kind: string;
  /** Its output that is the value. */
  readonly output: string;
  /** Path of another input in the same object → the input of the resource that is its default, if the resource was given it. */
  readonly defaults?: Readonly<Record<string, string>>;
}

/** Metadata of a field, besides its zod schema. */
export interface FieldMeta {
  /** One or two sentences for users: unit, range, default, and the meaning of leaving it out. */
  readonly description: string;
  /** Effect of a change of this field, or a pure function if it depends on the change. Default "update". */
  readonly onChange?: ChangeEffect | ((change: FieldChange) => ChangeEffect);
  /** The server chooses and reports a value when users leave the field out; leaving it out later keeps the current value. */
  readonly keptWhenAbsent?: boolean;
  /** The value is encrypted in state and never printed. */
  readonly secret?: boolean;
  /** The value may be secret, which the engine does not tell a provider: it is never printed. */
  readonly neverPrinted?: boolean;
  /** Set by `computeInputs`, not by users: left out of `schema.json` and of the SDK's arguments. */
  readonly computed?: boolean;
  /** The value that means the same as leaving the field out, so that a change from one to the other is none. */
  readonly sameAsAbsent?: string | number;
  /** The list is compared as a set, without order. */
  readonly unordered?: boolean;
  /** The SDK also takes this resource; the field itself has the value only. */
  readonly resource?: ResourceValue;
}

/** Metadata by zod schema, kept outside the schemas. */
const metaBySchema = new WeakMap<z.ZodType, FieldMeta>();
/** Names of nested object types in `schema.json`. */
const typeNames = z.registry<{ readonly name: string; readonly description: string }>();

/** Attaches metadata to the schema of a field. Throws if the schema object already has metadata, which would change for all its uses. */
export function field<S extends z.ZodType>(schema: S, meta: FieldMeta): S {
  if (metaBySchema.has(schema)) throw new Error(`This schema is already a field: ${meta.description}`);
  metaBySchema.set(schema, meta);
  return schema;
}

/** Names a nested object, which becomes a type in `schema.json` and in the SDK. */
export function objectType<S extends z.ZodObject>(name: string, description: string, schema: S): S {
  typeNames.add(schema, { name, description });
  return schema;
}

/** For keys that users look for in the wrong object: what to write instead. */
const misplacedKeys = new WeakMap<z.ZodType, Readonly<Record<string, string>>>();

/** Attaches advice for keys that users look for in this object but that belong elsewhere: key → a clause. */
export function withMisplacedKeys<S extends z.ZodObject>(schema: S, advice: Readonly<Record<string, string>>): S {
  misplacedKeys.set(schema, advice);
  return schema;
}

/** Advice for an unknown key of this object; `undefined` if there is none. */
export function adviceForKey(schema: z.ZodType, key: string): string | undefined {
  const advice = misplacedKeys.get(schema) ?? {};
  return Object.hasOwn(advice, key) ? advice[key] : undefined;
}

/** Metadata of a field, also through `.optional()`, `.default()` and `.nullable()` wrappers; `undefined` if it has none. */
export function metaOf(schema: z.ZodType): FieldMeta | undefined {
  for (let inner: z.ZodType | undefined = schema; inner !== undefined; inner = innerSchema(inner)) {
    const meta = metaBySchema.get(inner);
    if (meta !== undefined) return meta;
  }
  return undefined;
}

/** Name and description set with {@link objectType}; `undefined` if it has none. */
export const typeNameOf = (schema: z.ZodType): { readonly name: string; readonly description: string } | undefined =>
  typeNames.get(schema);

/** The schema inside an optional, default or nullable wrapper; `undefined` for any other schema. */
export function innerSchema(schema: z.ZodType): z.ZodType | undefined {
  // By type name, because zod's `instanceof` is slower and this runs for every value of every resource.
  return WRAPPER_TYPES.includes(schema.def.type) ? ((schema as z.ZodOptional).def.innerType as z.ZodType) : undefined;
}
const WRAPPER_TYPES: readonly string[] = ["optional", "default", "nullable"];

/** Property values by name, as exchanged with the engine. */
export type Properties = Readonly<Record<string, unknown>>;

/** A validation failure. */
export interface CheckFailure {
  /** Default `INPUT_INVALID`. */
  readonly code?: ErrorCode;
  /** Property path, such as `ports[0].port`; empty if the failure concerns the resource as a whole. */
  readonly property: string;
  /** A sentence with the problem and the allowed values. Never contains the value of a secret. */
  readonly reason: string;
}

/** Inputs with computed ones. */
export interface ComputedInputs {
  readonly inputs: Properties;
  readonly failures: readonly CheckFailure[];
  /** What the preview says about the change of this resource, as clauses that follow its label. Default: nothing. */
  readonly notes?: readonly string[];
  /** What is suspicious but no failure, as sentences. Default: nothing. */
  readonly warnings?: readonly string[];
}

/** What one resource has to itself. */
export interface ExclusiveValue {
  /** The input that decides it. */
  readonly property: string;
  /** Such as a repository. */
  readonly value: string;
  /** True if objects of other stacks on this machine may have it too, which `findNameHolder` then tells by `value`. */
  readonly isOnThisMachine: boolean;
}

/** A path that a rule reads: an input, or a field of an input that is an object, such as `template.volumes`. */
export type InputPath<Inputs> = (keyof Inputs & string) | `${keyof Inputs & string}.${string}`;

/**
 * A pure rule across fields. It runs only if the fields that it reads are completely known, so an unknown value delays a rule but
 * never breaks it.
 */
export interface Rule<Inputs> {
  readonly reads: readonly InputPath<Inputs>[];
  /** The failures; empty if the inputs follow the rule. `olds` are the inputs in state, `{}` for a new resource. */
  test(inputs: Inputs, olds: Properties): readonly CheckFailure[];
}

/** Migrates state from one version to the next. Pure. */
export type Migration = (state: Properties) => Properties;

/** Inputs and outputs of a resource after a create, read or update. */
export interface ObservedState<Inputs, Outputs> {
  readonly inputs: Inputs;
  readonly outputs: Outputs;
  /** The id, if the resource was looked up by name. */
  readonly id?: string;
}

/** An existing object that a create with `adopt: true` takes over. */
export interface AdoptableObject<Inputs, Outputs> extends ObservedState<Inputs, Outputs> {
  readonly id: string;
  /** From its current inputs to the requested ones; `replace` marks those that cannot be made in place, so that it cannot be adopted. */
  readonly changes: readonly PropertyChange[];
}

/**
 * Who created the object that has the name of a new resource.
 * - "unfinished": a create of this resource that was killed before its end, so the next create continues it
 * - "finished": a create of this resource: the predecessor of a replacement, or an object that a killed update did not record
 * - "managed": another resource, of this stack or of another one, which may still manage it
 * - "foreign": something other than this library
 * - "unmarked": unknown, because the object has no tags
 */
export type NameHolder = "unfinished" | "finished" | "managed" | "foreign" | "unmarked";

/** What a preview found out about inputs, as clauses that follow the name of the resource. */
export interface InputFindings {
  readonly information: readonly string[];
  readonly warnings: readonly string[];
  /** What the metro does not support; fails the preview. Default: nothing. */
  readonly failures?: readonly CheckFailure[];
}

/** What a change needs of one quota while it runs. */
export interface PeakAmount {
  readonly amount: number;
  /** How it came about, such as `3 × 512 = 1536`. */
  readonly arithmetic: string;
  /** Why, as a clause. Default: that of the {@link UpdatePeak}. */
  readonly reason?: string;
  /** The input that decides it. Default: that of the {@link UpdatePeak}. */
  readonly property?: string;
}

/** What a create or an update needs while it runs, beyond what the resource used before. */
export interface UpdatePeak {
  /** The input that decides it; empty for the resource itself. */
  readonly property: string;
  /** Why, as a clause. */
  readonly reason: string;
  /** By quota name. */
  readonly quotas: Readonly<Record<string, PeakAmount>>;
}

/**
 * The lifecycle operations of a resource kind. Each kind has them in a separate module, loaded on the first call
 * ({@link lazyLifecycle}), because check and diff of an unchanged resource do not need it.
 */
export interface Lifecycle<I extends z.ZodObject, O extends z.ZodObject, Context> {
  /**
   * The steps of an update in order, for the preview, such as `set the hard limit to 100`. Both inputs are validated; an unknown
   * string is represented by its placeholder. Pure.
   *
   * @param outputs the outputs in state
   */
  describeUpdate?(olds: z.output<I>, news: z.output<I>, outputs: Properties): readonly string[];

  /**
   * The existing object with the name in `inputs`, of which parts may be unknown; undefined if a create would create a new one. Absent:
   * the kind cannot be adopted.
   */
  findAdoptable?(context: Context, inputs: z.output<I>): Promise<AdoptableObject<z.output<I>, z.output<O>> | undefined>;

  /**
   * What a preview can find out about an update by asking the metro, in sentences. Called if something changes and nothing requires a
   * replacement; `news` may contain unknown values.
   *
   * Throws `IN_USE` if the update would fail with it.
   */
  inspectUpdate?(context: Context, olds: z.output<I>, news: z.output<I>): Promise<readonly string[]>;

  /**
   * What a preview can find out about new or changed inputs by looking at what they name, such as an image, or by asking what the metro
   * can do. Never fails for what it cannot read; `news` may contain unknown values.
   *
   * @param olds the inputs in state; `undefined` for a new resource
   */
  inspectInputs?(context: Context, olds: z.output<I> | undefined, news: z.output<I>): Promise<InputFindings>;

  /** Who created an object that has the name in `inputs`, of which parts may be unknown; `undefined` if it is gone. Absent: the kind has no names. */
  findNameHolder?(context: Context, id: string, inputs: z.output<I>): Promise<NameHolder | undefined>;

  /** Creates the resource. Throws `ResourceInitFailedError` if it exists afterwards but the operation failed. */
  create(context: Context, inputs: z.output<I>): Promise<{ id: string; outputs: z.output<O> }>;
  /**
   * The current state of the resource. Returns `undefined` only if the platform reports that it does not exist. `inputs` are those
   * in state, because the platform does not report all of them.
   *
   * @param outputs the outputs in state; `undefined` or empty if there are none
   */
  read(
    context: Context,
    id: string,
    inputs: z.output<I>,
    outputs?: Properties,
  ): Promise<ObservedState<z.output<I>, z.output<O>> | undefined>;
  /** Applies the changes from `olds` to `news`. Throws `ResourceInitFailedError` if only a part of them was applied. */
  update(
    context: Context,
    id: string,
    olds: ObservedState<z.output<I>, z.output<O>>,
    news: z.output<I>,
  ): Promise<z.output<O>>;
  /** Deletes the resource. Succeeds if it no longer exists. */
  delete(context: Context, id: string, olds: ObservedState<z.output<I>, z.output<O>>): Promise<void>;
}

/**
 * A resource kind. `Context` has the dependencies of its lifecycle operations (client, signal, …).
 */
export interface ResourceDefinition<I extends z.ZodObject, O extends z.ZodObject, Context> extends Lifecycle<
  I,
  O,
  Context
> {
  /** Name of the kind. `Instance` has the tokens `unikernel:index:Instance` and `pulumi-nodejs:dynamic/unikernel:Instance`. */
  readonly kind: string;
  readonly description: string;
  readonly inputs: I;
  readonly outputs: O;
  /** Migrations from version 1 on. The current version is their number plus one. */
  readonly migrations?: readonly Migration[];
  readonly rules?: readonly Rule<z.output<I>>[];
  /**
   * Adds inputs computed from files on this machine, such as an image's folder. Runs on valid inputs, which may contain unknown
   * values.
   *
   * @param metro `undefined` if the settings are invalid, which is reported anyway
   * @param olds the inputs in state; `{}` for a new resource
   */
  readonly computeInputs?: (
    inputs: Properties,
    metro: MetroIdentity | undefined,
    olds: Properties,
  ) => Promise<ComputedInputs>;
  /**
   * What no two resources of a program may share, beside a name in the metro, and the input that decides it; `undefined` if there is
   * nothing, or if it depends on unknown inputs. Pure.
   */
  readonly exclusive?: (inputs: Properties, metro: MetroIdentity) => ExclusiveValue | undefined;
  /** The resource's usage of account quotas, by their names (`instances`, `total_volume_mb`); unknown inputs count as 0. Pure. */
  readonly quotaUsage?: (inputs: Properties) => Readonly<Record<string, number>>;
  /**
   * What a create (`olds` is empty then) or an update needs of these quotas while it runs; `undefined` if it needs nothing in addition.
   * Inputs may be unknown, and so may the extensions of the API that the metro has. Pure.
   */
  readonly updatePeak?: (
    olds: Properties,
    news: Properties,
    features: ReadonlySet<string> | undefined,
  ) => UpdatePeak | undefined;
  /** True if the old resource must be deleted before its replacement is created, even with different names. Called only for replacements. */
  readonly deleteBeforeReplace?: (news: Properties, olds: Properties) => boolean;
  /** True if a change that needs a restart replaces the resource, such as one that a stop deletes. */
  readonly restartReplaces?: (olds: Properties, news: Properties) => boolean;
  /** What a replacement does beyond the engine's own steps, as a sentence without its full stop; `undefined`: nothing. */
  readonly describeReplacement?: (olds: Properties, news: Properties) => string | undefined;
}

/** Declares a resource kind. */
export const defineResource = <I extends z.ZodObject, O extends z.ZodObject, Context>(
  definition: ResourceDefinition<I, O, Context>,
): ResourceDefinition<I, O, Context> => Object.freeze(definition);

/** A lifecycle whose module is loaded on the first call. `load` calls `require`, which caches the module. */
export const lazyLifecycle = <I extends z.ZodObject, O extends z.ZodObject, Context>(
  load: () => Lifecycle<I, O, Context>,
): Lifecycle<I, O, Context> => ({
  describeUpdate: (olds, news, outputs) => load().describeUpdate?.(olds, news, outputs) ?? [],
  findAdoptable: async (context, inputs) => load().findAdoptable?.(context, inputs),
  inspectUpdate: async (context, olds, news) => (await load().inspectUpdate?.(context, olds, news)) ?? [],
  inspectInputs: async (context, olds, news) =>
    (await load().inspectInputs?.(context, olds, news)) ?? { information: [], warnings: [] },
  findNameHolder: async (context, id, inputs) => load().findNameHolder?.(context, id, inputs),
  create: (context, inputs) => load().create(context, inputs),
  read: (context, id, inputs, outputs) => load().read(context, id, inputs, outputs),
  update: (context, id, olds, news) => load().update(context, id, olds, news),
  delete: (context, id, olds) => load().delete(context, id, olds),
});

/** The parts of a definition that check, diff, migrate and the generator of `schema.json` read. Any resource definition fits. */
export type Definition = Pick<
  ResourceDefinition<z.ZodObject, z.ZodObject, never>,
  | "kind"
  | "description"
  | "inputs"
  | "outputs"
  | "migrations"
  | "computeInputs"
  | "deleteBeforeReplace"
  | "restartReplaces"
> & { readonly rules?: readonly Rule<never>[] };
