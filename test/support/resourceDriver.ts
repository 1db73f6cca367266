/** Drives a resource kind against the local platform like a front end without the engine: check, act, read. */
import assert from "node:assert/strict";
import { createClient } from "../../provider/client/client";
import { check } from "../../provider/definition/check";
import type { Properties } from "../../provider/definition/resource";
import { diff } from "../../provider/definition/diff";
import { type ResourceKind, resourceOf } from "../../provider/resources/all";
import type { ProviderContext } from "../../provider/resources/context";
import { contextWithClient } from "./resourceContext";
import type { TestPlatform } from "./testPlatform";

/** One existing resource. */
export interface ExistingResource {
  readonly id: string;
  readonly inputs: Properties;
  /** Inputs and outputs together, as in state. */
  readonly state: Properties;
}

/** The functions of a kind. Tests set the names of objects. */
export class ResourceDriver {
  readonly #kind: ResourceKind;
  readonly context: ProviderContext;

  constructor(platform: TestPlatform, kind: ResourceKind) {
    const { url, token } = platform.daemon;
    const client = createClient({ metro: "local", endpoint: () => Promise.resolve({ url, token }) });
    this.context = contextWithClient(client, {
      now: () => Date.now(),
      sleep: (ms) => new Promise((done) => setTimeout(done, Math.min(ms, 20))),
    });
    this.#kind = kind;
  }

  get #resource() {
    return resourceOf(this.#kind);
  }

  /** Checked inputs; fails the test if they are rejected. */
  async checkInputs(declared: Properties, olds: Properties = {}): Promise<Properties> {
    const { inputs, failures } = await check(this.#resource, olds, declared);
    assert.deepEqual(failures, []);
    return inputs;
  }

  async create(declared: Properties): Promise<ExistingResource> {
    const inputs = await this.checkInputs(declared);
    const { id, outputs } = await this.#resource.create(this.context, inputs);
    return { id, inputs, state: { ...inputs, ...outputs } };
  }

  async update({ id, inputs, state }: ExistingResource, declared: Properties): Promise<ExistingResource> {
    const news = await this.checkInputs(declared, inputs);
    const outputs = await this.#resource.update(
      this.context,
      id,
      { inputs: this.#inputsIn(state), outputs: state },
      news,
    );
    return { id, inputs: news, state: { ...news, ...outputs } };
  }

  delete({ id, state }: ExistingResource): Promise<void> {
    return this.#resource.delete(this.context, id, { inputs: this.#inputsIn(state), outputs: state });
  }

  /** The result of reading an object by uuid or name, without state. */
  read(uuidOrName: string) {
    return this.#resource.read(this.context, uuidOrName, {});
  }

  /** Names of the inputs that differ from the object; `undefined` if it is not found. */
  async drift({ id, inputs, state }: ExistingResource): Promise<readonly string[] | undefined> {
    const observed = await this.#resource.read(this.context, id, this.#inputsIn(state), state);
    if (observed === undefined) return undefined;
    return this.changes({ ...observed.inputs, ...observed.outputs }, inputs);
  }

  /** Names of the inputs that a preview would show as changed. */
  changes(state: Properties, news: Properties): readonly string[] {
    return diff(this.#resource, state, news).map(({ property }) => property);
  }

  #inputsIn(state: Properties): Properties {
    const inputs = Object.fromEntries(
      Object.entries(state).filter(([key, value]) => key in this.#resource.inputs.shape && value !== undefined),
    );
    return this.#resource.inputs.parse(inputs);
  }
}
