/** The targets of the API contract: recorded responses and the local platform. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import nock from "nock";
import { type Client, createClient } from "../../../provider/client/client";
import { UnikernelError } from "../../../provider/base/errors";
import { lentFolderLink } from "../../../provider/base/localPaths";
import { ensureRunFolder } from "../../../provider/base/runFolder";
import { TestPlatform } from "../../support/testPlatform";
import { type Connection, LENT, type Scenario, TOKEN } from "./scenario";

/** A target that runs scenarios. */
export interface Target {
  readonly name: "recorded responses (nock)" | "the local platform";
  /** Runs one scenario with a client and cleans up. `wrap` wraps each client of the scenario to record its coverage. */
  run(scenario: Scenario, wrap: (client: Client) => Client): Promise<unknown>;
}

// Importing nock patches every socket, including gRPC's, so it is active only during a scenario.
nock.restore();

const METRO_URL = "https://api.fra.unikraft.cloud";

const clientOf = (metro: string, url: string, token: string) => (connection: Connection) =>
  createClient({
    metro,
    endpoint: () => Promise.resolve({ url: url + (connection.pathPrefix ?? ""), token: connection.token ?? token }),
  });

const recorded: Target = {
  name: "recorded responses (nock)",
  async run({ exchanges, run }, wrap) {
    nock.activate();
    nock.disableNetConnect();
    const requests: string[] = [];
    for (const { method, path, body, token = TOKEN, status, response } of exchanges) {
      nock(METRO_URL, { reqheaders: { authorization: `Bearer ${token}` } })
        .intercept((uri) => uri === path, method, body as nock.RequestBodyMatcher | undefined)
        .reply(status ?? 200, () => {
          requests.push(`${method} ${path}`);
          return response as nock.Body;
        });
    }
    try {
      const connect = (connection: Connection) => wrap(clientOf("fra", METRO_URL, TOKEN)(connection));
      const result = await run(connect({}), connect);
      // nock accepts any order.
      const recordedRequests = exchanges.map(({ method, path }) => `${method} ${path}`);
      assert.deepEqual(requests, recordedRequests, "the requests must match the recording in order");
      return result;
    } finally {
      nock.cleanAll();
      nock.enableNetConnect();
      nock.restore();
    }
  },
};

/** Adds guests that fail, by instance name; instances of other names run normally. */
function addGuests({ guests }: TestPlatform): void {
  const throwing = (error: Error) => () => {
    throw error;
  };
  guests.set("broken", {
    exits: { afterMs: 5, exit: { kind: "exited", exitCode: 3 } },
    console: "about to fail\n",
  });
  guests.set("small", throwing(new UnikernelError("INPUT_INVALID", "It needs 80 MiB.", { property: "memoryMb" })));
  guests.set("failing", throwing(new UnikernelError("VMM_FAILED", "The VM did not start.")));
  guests.set("faulty", throwing(new Error("a fault of the platform itself")));
}

const local: Target = {
  name: "the local platform",
  async run({ run, platformOptions: options }, wrap) {
    const platform = await TestPlatform.open({ autoscaleIntervalMs: 10 });
    try {
      addGuests(platform);
      await platform.start(options);
      await ensureRunFolder(platform.paths.runDir);
      await fs.symlink(await fs.mkdtemp(path.join(platform.folder, "lent-")), lentFolderLink(platform.paths, LENT));
      const { url, token } = platform.daemon;
      const connect = (connection: Connection) => wrap(clientOf("local", url, token)(connection));
      return await run(connect({}), connect);
    } finally {
      await platform.close();
    }
  },
};

/** All targets; each scenario runs against each. */
export const targets: readonly Target[] = [recorded, local];
