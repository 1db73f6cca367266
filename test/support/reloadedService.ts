/** A Service with `reloadOn` on the fake API of one service: what the tests of its reloads and restarts do with it. */
import assert from "node:assert/strict";
import { check } from "../../provider/definition/check";
import type { ProviderContext } from "../../provider/resources/context";
import { configurationIn, configurationOf } from "../../provider/resources/service/reload/configuration";
import { service } from "../../provider/resources/service/resource";
import { type FakeServiceGroup, SERVICE } from "./fakeServiceGroup";

/** The checked inputs of a Service. */
export type Inputs = Parameters<typeof service.create>[1];
/** What the state has of it. */
export interface State {
  readonly inputs: Inputs;
  readonly outputs: Awaited<ReturnType<typeof service.create>>["outputs"];
}

const REPLICAS = 3;

/** The inputs of a program that follows the rules: a service `web` of three replicas, unless it says otherwise. */
export async function checkedInputs(program: object): Promise<Inputs> {
  const { inputs, failures } = await check(service, {}, { name: "web", replicas: REPLICAS, ...program });
  assert.deepEqual(failures, []);
  return inputs as Inputs;
}

/** The service. */
export class ReloadedService {
  private readonly cluster: FakeServiceGroup;
  private readonly context: ProviderContext;
  private hashKey = "";

  constructor(cluster: FakeServiceGroup, context: ProviderContext) {
    this.cluster = cluster;
    this.context = context;
  }

  /** Creates it. */
  async create(inputs: Inputs): Promise<State> {
    const { outputs } = await service.create(this.context, inputs);
    this.hashKey = outputs.hashKey ?? "";
    return { inputs, outputs };
  }

  /** Updates it. */
  async update(before: State, news: Inputs): Promise<State> {
    return { inputs: news, outputs: await service.update(this.context, SERVICE.uuid, before, news) };
  }

  /** The steps of an update, in words. */
  preview(before: State, news: Inputs): readonly string[] | undefined {
    return service.describeUpdate?.(before.inputs, news, before.outputs);
  }

  /** The uuids of its replicas. */
  uuids(): readonly string[] {
    return [...this.cluster.instances.keys()];
  }

  /** The marks that its replicas have. */
  configurations(): readonly (string | undefined)[] {
    return this.cluster.items().map((item) => configurationIn(item));
  }

  /** The mark of replicas that have loaded these values. */
  mark(values: readonly unknown[]): string | undefined {
    return configurationOf(values, this.hashKey);
  }

  /** The marks of three replicas that have loaded these values. */
  marks(values: readonly unknown[]): readonly (string | undefined)[] {
    return Array.from({ length: REPLICAS }, () => this.mark(values));
  }
}
