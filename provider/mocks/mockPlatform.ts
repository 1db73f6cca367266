/**
 * The platform in memory for a program's unit tests: resources are checked as at preview and created as by an update, and functions
 * answer from what was created. Definitions, checks and outputs are those of the provider.
 */
import { type PartialSettings, resolveMetro } from "../base/config/metroConfig";
import { UnikernelError, formatError } from "../base/errors";
import { identityIn } from "../definition/identity";
import { AUTO_NAME_KEY } from "../definition/naming";
import type { Properties } from "../definition/resource";
import { type FunctionName, functionOf } from "../functions/all";
import { callFunction } from "../functions/function";
import { type AnyResource, type ResourceKind, resourceOf } from "../resources/all";
import { checkResource } from "../pulumi/checkResource";
import { resourceLabel, toCheckFailure } from "../pulumi/dynamic/errorReport";
import { inputsFromState, isInternalKey } from "../pulumi/dynamic/state";
import { answerInvokes } from "../pulumi/invoke";
import { MockMetro } from "./mockMetro";

/** Stands in for the token of a cloud, which a unit test does not need. */
const TOKEN = "mock";

/** A resource as the program registers it. */
export interface Registration {
  readonly kind: ResourceKind;
  /** Its inputs, secrets in clear. */
  readonly inputs: Properties;
  /** The settings of its Provider, or of the stack. */
  readonly settings: PartialSettings;
  /** Id of an object that is looked up; `undefined` for one to create. */
  readonly lookupId?: string | undefined;
}

/** A registered resource. */
export interface Registered {
  /** `undefined` in a preview of a create. */
  readonly id: string | undefined;
  /** Inputs with defaults, and outputs; without outputs in a preview of a create. */
  readonly state: Properties;
}

/** The metros of one program. */
export class MockPlatform {
  readonly #isPreview: boolean;
  readonly #metros = new Map<string, MockMetro>();

  constructor({ isPreview }: { readonly isPreview: boolean }) {
    this.#isPreview = isPreview;
    answerInvokes((name, args, settings) => this.call(name, args, settings));
  }

  /** Throws `CONFIG_INVALID` for wrong settings. */
  #metroOf(settings: PartialSettings): MockMetro {
    const config = resolveMetro({ provider: { ...settings, token: settings.token ?? TOKEN } });
    const metro = this.#metros.get(config.metro) ?? new MockMetro(config);
    this.#metros.set(config.metro, metro);
    return metro;
  }

  /** Checks and creates a resource, or looks it up. Rejects with the text that a preview or an update prints. */
  async register({ kind, inputs, settings, lookupId }: Registration): Promise<Registered> {
    const resource = resourceOf(kind);
    try {
      const metro = this.#metroOf(settings);
      if (lookupId !== undefined) return await lookUp(resource, metro, lookupId, inputs);
      const checked = await checkResource(resource, metro.plan, {}, inputs);
      if (checked.failures.length > 0) throw new RejectedError(checked.failures.map(({ reason }) => reason).join("\n"));
      const complete = inputsFromState(resource, checked.inputs);
      if (this.#isPreview) return { id: undefined, state: complete };
      const identity = identityIn(inputs);
      const hasDerivedName = checked.inputs[AUTO_NAME_KEY] === true;
      const context = { ...metro.context(), ...(identity && { ownership: { ...identity, hasDerivedName } }) };
      const { id, outputs } = await metro.create(resource, context, complete);
      return { id, state: { ...complete, ...outputs } };
    } catch (error) {
      if (error instanceof RejectedError) throw error;
      const { code = "BUG", reason } = toCheckFailure(error);
      throw new RejectedError(`${code}: ${reason}`, { cause: error });
    }
  }

  /** Calls a function. Rejects as it does outside of tests. */
  async call(name: FunctionName, args: Properties, settings: PartialSettings): Promise<Properties> {
    try {
      return await callFunction(functionOf(name), this.#metroOf(settings).context(), args);
    } catch (error) {
      throw new Error(formatError(error), { cause: error });
    }
  }
}

/** A resource that the platform rejects. Its message begins with the code. */
class RejectedError extends Error {}

async function lookUp(resource: AnyResource, metro: MockMetro, id: string, inputs: Properties): Promise<Registered> {
  const given = Object.fromEntries(Object.entries(inputs).filter(([key]) => !isInternalKey(key)));
  const found = await resource.read(metro.context(), id, inputsFromState(resource, given));
  if (found === undefined)
    throw new UnikernelError("NOT_FOUND", `${resourceLabel(resource, inputs)}: '${id}' does not exist in this metro.`, {
      hint: "A test's metro has what the program has created before.",
    });
  return { id: found.id ?? id, state: { ...found.inputs, ...found.outputs } };
}
