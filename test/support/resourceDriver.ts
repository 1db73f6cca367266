/** A resource kind driven against the local platform as a front end drives it, but for the engine: check, then act, then look. */
import assert from "node:assert/strict";
import { createClient } from "../../provider/client/client";
import { check } from "../../provider/definition/check";
import type { Properties } from "../../provider/definition/resource";
import { diff } from "../../provider/definition/diff";
import { type ResourceKind, resourceOf } from "../../provider/resources/all";
import type { ProviderContext } from "../../provider/resources/context";
import { contextWithClient } from "./resourceContext";
import type { TestPlatform } from "./testPlatform";

/** One resource that exists. */
export interface ExistingResource {
  readonly id: string;
  readonly inputs: Properties;
  /** What a front end keeps: inputs and outputs together. */
  readonly state: Properties;
}

/** Lifecycle functions of a kind. Names of what is made are given by the test. */
export class ResourceDriver {
  readonly #kind: ResourceKind;
  readonly context: ProviderContext;

  constructor(platform: TestPlatform, kind: ResourceKind) {
    const { url, token } = platform.daemon;
    const client = createClient({ metro: "test", endpoint: () => Promise.resolve({ url, token }) });
    this.context = contextWithClient(client, {
      now: () => Date.now(),
      sleep: (ms) => new Promise((done) => setTimeout(done, Math.min(ms, 20))),
    });
    this.#kind = kind;
  }

  get #resource() {
    return resourceOf(this.#kind);
  }

  /** Checked inputs; fails the test when they are refused. */
  async checkInputs(given: Properties, olds: Properties = {}): Promise<Properties> {
    const { inputs, failures } = await check(this.#resource, olds, given);
    assert.deepEqual(failures, []);
    return inputs;
  }

  async create(given: Properties): Promise<ExistingResource> {
    const inputs = await this.checkInputs(given);
    const { id, outputs } = await this.#resource.create(this.context, inputs);
    return { id, inputs, state: { ...inputs, ...outputs } };
  }

  async update({ id, inputs, state }: ExistingResource, given: Properties): Promise<ExistingResource> {
    const news = await this.checkInputs(given, inputs);
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

  /** What is told of an object of which nothing is known but its uuid or name. */
  read(uuidOrName: string) {
    return this.#resource.read(this.context, uuidOrName, {});
  }

  /** Names of the inputs that differ from what is there; `undefined` when it is gone. */
  async drift({ id, inputs, state }: ExistingResource): Promise<readonly string[] | undefined> {
    const observed = await this.#resource.read(this.context, id, this.#inputsIn(state));
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
