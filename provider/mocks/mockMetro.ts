/** One metro in memory, and the plan of a program that uses it. */
import * as os from "node:os";
import * as path from "node:path";
import type { MetroConfig } from "../base/config/metroConfig";
import { vendorToken } from "../base/config/metroConfig";
import { createObjectReader } from "../client/objectReader";
import type { Client } from "../client/client";
import { LOCAL_FEATURES } from "../contract/models";
import type { Properties } from "../definition/resource";
import type { AnyResource } from "../resources/all";
import type { ProviderContext } from "../resources/context";
import { PlanChecks } from "../pulumi/planChecks";
import { accountHandlers } from "./api/account";
import { certificateHandlers } from "./api/certificates";
import { createMockClient } from "./api/client";
import { instanceHandlers } from "./api/instances";
import { serviceHandlers } from "./api/services";
import { volumeHandlers } from "./api/volumes";
import { World } from "./api/world";
import { createResource } from "./createResource";
import { createOperationClock } from "./operationClock";

/** Time limit of each operation, by a clock that only waits move, in milliseconds. */
const TIMEOUT_MS = 300_000;

/** A metro that is empty when the program begins. */
export class MockMetro {
  /** The checks of a preview. */
  readonly plan: PlanChecks;
  readonly #config: MetroConfig;
  readonly #world: World;
  readonly #client: Client;

  constructor(config: MetroConfig) {
    const { metro } = config;
    const world = new World(metro);
    this.#config = config;
    this.#world = world;
    this.#client = createMockClient(metro, {
      ...accountHandlers(world, metro),
      ...certificateHandlers(world),
      ...instanceHandlers(world),
      ...serviceHandlers(world),
      ...volumeHandlers(world),
    });
    const nothing = (): undefined => undefined;
    this.plan = new PlanChecks({
      getMetro: () => config,
      inspectionContext: () => this.context(),
      // The program's own names are compared by the checks; there were none before.
      getNameDirectory: () => ({ find: () => Promise.resolve(new Map()) }),
      ports: { list: () => Promise.resolve([]), probe: () => Promise.resolve("free") },
      fetchQuotas: async () => (await this.#client.getQuotas({})).items[0],
      findFeatures: () => Promise.resolve(metro === "local" ? LOCAL_FEATURES : new Set()),
      inform: nothing,
      warn: nothing,
    });
  }

  /** The context of one operation. */
  context(): ProviderContext {
    const { clock, createTimeout } = createOperationClock();
    return {
      client: this.#client,
      reader: createObjectReader(this.#client, clock),
      metro: this.#config.metro,
      metroToken: vendorToken(this.#config),
      clock,
      createTimeout,
      signal: new AbortController().signal,
      timeouts: { createMs: TIMEOUT_MS, updateMs: TIMEOUT_MS, deleteMs: TIMEOUT_MS },
      // No image is read: a unit test must not depend on what this machine has built.
      imageLayout: path.join(os.tmpdir(), "unikernel-mock-images"),
      readImageLabels: () => Promise.resolve(undefined),
      readGuestImage: () => Promise.resolve(undefined),
      printProgress: () => undefined,
      printWarning: () => undefined,
      clearing: { form: "set" },
    };
  }

  /** Creates a resource; see {@link createResource}. */
  create(resource: AnyResource, context: ProviderContext, inputs: Properties) {
    return createResource(resource, context, this.#world, inputs);
  }
}
