/** One run of a program: what Pulumi's mocks ask, answered by the platform or by the mocks of other packages. */
import * as pulumi from "@pulumi/pulumi";
import { withObjectName } from "./kubernetes";
import type { MetroSettings, PlatformInMemory } from "./provider";
import { createPlatform } from "./provider";
import type { DeclaredResource, MockPlatformOptions, Rejection } from "./types";
import { inClear, withSecrets, withoutInternal, withoutUnknown } from "./values";

type Members = { readonly [name: string]: unknown };
type MockArgs = pulumi.runtime.MockResourceArgs;
type MockResult = pulumi.runtime.MockResourceResult;

const KIND_PREFIX = "pulumi-nodejs:dynamic/unikernel:";
const PROVIDER_TYPE = "pulumi:providers:pulumi-nodejs";
/** Setting of the metro. */
export const METRO_KEY = "unikernel:metro";

/** Turns of the event loop without a registration, after which nothing more of a rejected program is awaited. */
const IDLE_TURNS = 20;

/** Never settles, so that what depends on a rejected resource is not declared, and no promise of the program rejects unobserved. */
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** Turns for which a run that failed is given to end. */
export const MAX_ENDING_TURNS = 1_000;

/** The next turn of the event loop. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** `Instance` for one of this package's resources, else the type. */
const kindOf = (type: string): string => (type.indexOf(KIND_PREFIX) === 0 ? type.slice(KIND_PREFIX.length) : type);

/** The name in a reference to a provider: `<URN>::<id>`. */
const providerName = (reference: string | undefined): string | undefined =>
  reference ? reference.split("::")[3] : undefined;

/** One run of a program, on a platform that is empty when it begins. */
export class ProgramRun implements pulumi.runtime.Mocks {
  /** In the order of registration. */
  readonly declared: DeclaredResource[] = [];
  /** In the order in which they were rejected. */
  readonly rejections: Rejection[] = [];
  private readonly options: MockPlatformOptions;
  private readonly platform: PlatformInMemory;
  private readonly metros: { [provider: string]: MetroSettings } = {};
  private pending = 0;
  private registrations = 0;
  private onRejection: () => void = () => undefined;
  private readonly rejected: Promise<void>;

  /** @param options those of the mocked platform */
  constructor(options: MockPlatformOptions) {
    this.options = options;
    this.platform = createPlatform(options.preview === true);
    this.rejected = new Promise((resolve) => (this.onRejection = resolve));
  }

  /** Resolves once a resource was rejected and nothing else is being registered. */
  async rejectedAndIdle(): Promise<void> {
    await this.rejected;
    await this.idle();
  }

  /**
   * Resolves once nothing is being registered any more.
   *
   * @param maxTurns of the event loop, after which it resolves anyway
   */
  async idle(maxTurns = Infinity): Promise<void> {
    let before = this.registrations;
    for (let quiet = 0, all = 0; quiet < IDLE_TURNS && all < maxTurns; quiet++, all++) {
      if (this.pending > 0 || this.registrations !== before) quiet = 0;
      before = this.registrations;
      await nextTurn();
    }
  }

  /** What Pulumi calls for each resource. */
  async newResource(args: MockArgs): Promise<MockResult> {
    this.pending += 1;
    this.registrations += 1;
    try {
      const isOwn = args.type.indexOf(KIND_PREFIX) === 0;
      const result = await (isOwn ? this.registerOwn(args) : this.registerForeign(args));
      if (result !== undefined) return result;
    } finally {
      this.pending -= 1;
    }
    return never();
  }

  /** What Pulumi calls for functions of other packages. */
  call(args: pulumi.runtime.MockCallArgs): pulumi.runtime.MockCallResult | Promise<pulumi.runtime.MockCallResult> {
    if (this.options.foreign !== undefined) return this.options.foreign.call(args);
    // Pulumi shows `details`, as of an error of gRPC.
    const details = `No mock answers the function ${args.token}. Give one to mockPlatform, as 'foreign'.`;
    throw Object.assign(new Error(details), { details });
  }

  /** `undefined` for a resource that the platform rejects. */
  private async registerOwn({ type, name, inputs, provider, id }: MockArgs): Promise<MockResult | undefined> {
    const given = inputs as Members;
    const clear = inClear(given) as Members;
    const declared = { kind: kindOf(type), name, provider: providerName(provider), inputs: toInputs(clear) };
    const settings = this.metros[declared.provider || ""] || this.stackSettings();
    const lookupId = id === undefined || id === "" ? undefined : id;
    try {
      const found = await this.platform.register({ kind: declared.kind, inputs: clear, settings, lookupId });
      this.declared.push({ ...declared, outputs: toInputs(found.state) });
      return { id: found.id, state: withSecrets(found.state, given) };
    } catch (error) {
      this.declared.push({ ...declared, outputs: undefined });
      this.rejections.push({ kind: declared.kind, name, message: (error as Error).message });
      this.onRejection();
      return undefined;
    }
  }

  private async registerForeign(args: MockArgs): Promise<MockResult> {
    const inputs = inClear(args.inputs) as Members;
    if (args.type === PROVIDER_TYPE)
      this.metros[args.name] = { metro: text(inputs[METRO_KEY]), token: text(inputs["unikernel:token"]) };
    const isOthers = args.custom !== false && args.type !== PROVIDER_TYPE;
    const result =
      isOthers && this.options.foreign !== undefined
        ? await this.options.foreign.newResource(args)
        : {
            id: args.custom === false ? undefined : args.id || `${args.name}-id`,
            state: withObjectName(args.type, args.name, args.inputs as Members),
          };
    const outputs = withoutUnknown(inClear(result.state)) as Members;
    this.declared.push({
      ...{ kind: args.type, name: args.name, provider: providerName(args.provider) },
      ...{ inputs: toInputs(inputs), outputs: withoutInternal(outputs) },
    });
    return result;
  }

  private readonly stackSettings = (): MetroSettings => ({ metro: new pulumi.Config("unikernel").get("metro") });
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const toInputs = (members: Members): Members => withoutUnknown(withoutInternal(members)) as Members;
