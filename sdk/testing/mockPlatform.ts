/** Pulumi's mocks, with the platform behind them. */
import * as pulumi from "@pulumi/pulumi";
import type { MetroSettings, PlatformInMemory } from "./provider";
import { createPlatform, loadProvider } from "./provider";
import { RejectedProgramError } from "./rejected";
import type { DeclaredResource, MockPlatformOptions, Rejection } from "./types";
import { inClear, toPlainValue, withSecrets, withoutInternal, withoutUnknown } from "./values";

type Members = { readonly [name: string]: unknown };
type MockArgs = pulumi.runtime.MockResourceArgs;
type MockResult = pulumi.runtime.MockResourceResult;

const KIND_PREFIX = "pulumi-nodejs:dynamic/unikernel:";
const PROVIDER_TYPE = "pulumi:providers:pulumi-nodejs";
const METRO_KEY = "unikernel:metro";

/** Turns of the event loop without a registration, after which nothing more of a rejected program is awaited. */
const IDLE_TURNS = 20;

/** Never settles, so that what depends on a rejected resource is not declared, and no promise of the program rejects unobserved. */
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** Resolves when all registrations have ended. The function exists in every release, but is left out of the types. */
const registrations = (): Promise<void> =>
  (pulumi.runtime as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** `Instance` for one of this package's resources, else the type. */
const kindOf = (type: string): string => (type.indexOf(KIND_PREFIX) === 0 ? type.slice(KIND_PREFIX.length) : type);

/** The name in a reference to a provider: `<URN>::<id>`. */
const providerName = (reference: string | undefined): string | undefined =>
  reference ? reference.split("::")[3] : undefined;

/** One run of a program, on a platform that is empty when it begins. */
class ProgramRun implements pulumi.runtime.Mocks {
  readonly declared: DeclaredResource[] = [];
  readonly rejections: Rejection[] = [];
  private readonly options: MockPlatformOptions;
  private readonly platform: PlatformInMemory;
  private readonly metros: { [provider: string]: MetroSettings } = {};
  private pending = 0;
  private registrations = 0;
  private onRejection: () => void = () => undefined;
  private readonly rejected: Promise<void>;

  constructor(options: MockPlatformOptions) {
    this.options = options;
    this.platform = createPlatform(options.preview === true);
    this.rejected = new Promise((resolve) => (this.onRejection = resolve));
  }

  /** Resolves once a resource was rejected and nothing else is being registered. */
  async rejectedAndIdle(): Promise<void> {
    await this.rejected;
    for (let turns = 0, before = this.registrations; turns < IDLE_TURNS; turns++) {
      if (this.pending > 0 || this.registrations !== before) turns = 0;
      before = this.registrations;
      await nextTurn();
    }
  }

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
        : { id: args.custom === false ? undefined : args.id || `${args.name}-id`, state: args.inputs as Members };
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

/** A mocked platform. Created by {@link mockPlatform}. */
export class MockedPlatform {
  private readonly options: MockPlatformOptions;
  private current: ProgramRun | undefined;

  /** @internal */
  constructor(options: MockPlatformOptions) {
    this.options = options;
    loadProvider(); // now, because a runner's time limit counts for the test and not for the file
  }

  /** All resources that the last program has declared, components and those of other packages included. */
  get resources(): readonly DeclaredResource[] {
    return this.current === undefined ? [] : this.current.declared.slice();
  }

  /**
   * The declared resource. Throws an Error that lists what was declared if there is none.
   *
   * @param kind as in {@link DeclaredResource}
   * @param name Pulumi name
   */
  find(kind: string, name: string): DeclaredResource {
    const found = this.resources.filter((one) => one.kind === kind && one.name === name)[0];
    if (found !== undefined) return found;
    const others = this.resources.map((one) => `${one.kind} '${one.name}'`).join(", ");
    throw new Error(`The program declared no ${kind} '${name}'. Declared: ${others || "nothing"}.`);
  }

  /**
   * Runs a program on an empty platform and waits until all of its resources are registered. Resolves with what the program returns, such
   * as its exports, with values in place of outputs; `undefined` for what a preview does not know yet.
   *
   * Rejects with a {@link RejectedProgramError} if the platform rejects a resource, and with the program's own error.
   *
   * @param program creates resources, or imports a module that does
   */
  async run<T>(program: () => T): Promise<pulumi.Unwrap<T>> {
    const { metro = "local", project = "project", stack = "stack", preview = false } = this.options;
    const run = new ProgramRun(this.options);
    this.current = run;
    pulumi.runtime.setConfig(METRO_KEY, metro);
    await pulumi.runtime.setMocks(run, project, stack, preview);
    const finished = (async () => {
      const value = await toPlainValue(await program());
      await registrations();
      return value;
    })();
    const value = await Promise.race([finished, run.rejectedAndIdle()]);
    if (run.rejections.length > 0) {
      // A program that goes on with what was rejected may fail later, which says nothing more.
      finished.catch(() => undefined);
      // Else Pulumi would complain at the end of the process of what waits for the rejected ones.
      await pulumi.runtime.setMocks(run, project, stack, preview);
      throw new RejectedProgramError(run.rejections.slice());
    }
    return value as pulumi.Unwrap<T>;
  }
}

/**
 * Mocks the platform for a program's unit tests. It behaves like the real one: inputs get their defaults, what a preview rejects is
 * rejected with the same code and message, outputs such as `privateFqdn`, `url` and `digest` have values, and functions such as
 * `getInstance` answer from what the program has declared. Values are the same in every run, except for the names of replicas.
 *
 * ```ts
 * const platform = mockPlatform({ metro: "local" });
 * const { url } = await platform.run(() => import("../index"));
 * assert.equal(platform.find("Service", "gateway").inputs.replicas, 3);
 * ```
 *
 * @param options what the program runs on
 */
export const mockPlatform = (options: MockPlatformOptions = {}): MockedPlatform => new MockedPlatform(options);
