/** Every place where the API contract must hold: recorded answers, and the local platform. */
import nock from "nock";
import { type Client, createClient } from "../../../provider/api/client";
import { TestPlatform } from "../../support/testDaemon";

/** One answer of the API, in the order in which the scenario asks. Written from the vendor's documentation. */
export interface Exchange {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query. */
  readonly path: string;
  readonly body?: unknown;
  readonly status?: number;
  readonly reply: unknown;
}

/** A place to run scenarios against. */
export interface Target {
  readonly name: string;
  /** Runs one scenario with a client, and cleans up. */
  run<T>(exchanges: readonly Exchange[], scenario: (client: Client) => Promise<T>): Promise<T>;
}

// Importing nock puts it between every socket and its owner, gRPC's too: here it is active during a scenario only.
nock.restore();

const METRO_URL = "https://api.fra.unikraft.cloud";

const recorded: Target = {
  name: "recorded answers (nock)",
  async run(exchanges, scenario) {
    nock.activate();
    nock.disableNetConnect();
    for (const { method, path, body, status, reply } of exchanges) {
      const scope = nock(METRO_URL, { reqheaders: { authorization: "Bearer t" } });
      scope
        .intercept((uri) => uri === path, method, body as nock.RequestBodyMatcher | undefined)
        .reply(status ?? 200, reply as nock.Body);
    }
    try {
      const endpoint = () => Promise.resolve({ url: METRO_URL, token: "t" });
      const result = await scenario(createClient({ metro: "fra", endpoint }));
      const unasked = nock.pendingMocks();
      if (unasked.length > 0) throw new Error(`recorded, but never asked: ${unasked.join(", ")}`);
      return result;
    } finally {
      nock.cleanAll();
      nock.enableNetConnect();
      nock.restore();
    }
  },
};

const local: Target = {
  name: "the local platform",
  async run(_exchanges, scenario) {
    const platform = await TestPlatform.open();
    try {
      await platform.start();
      platform.guests.set("broken", {
        ends: { afterMs: 5, exit: { how: "exited", exitCode: 3 } },
        console: "about to fail\n",
      });
      const { url, token } = platform.daemon;
      return await scenario(createClient({ metro: "local", endpoint: () => Promise.resolve({ url, token }) }));
    } finally {
      await platform.close();
    }
  },
};

/** All targets; each scenario runs against each. */
export const targets: readonly Target[] = [recorded, local];
