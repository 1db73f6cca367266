import assert from "node:assert/strict";
import { metroAddress, resolveMetro } from "../../../../provider/base/config/metroConfig";
import { UnikernelError, formatError } from "../../../../provider/base/errors";

const VARIABLES = [
  "UKC_METRO",
  "UKC_TOKEN",
  "UNIKERNEL_CONTROL_PLANE",
  "UNIKERNEL_TIMEOUTS",
  "UNIKERNEL_MAX_CONCURRENCY",
  "UNIKERNEL_PROXY",
];

const environmentOf = <T>(values: Record<string, string | undefined>, run: () => T): T => {
  const before = { ...process.env };
  for (const key of VARIABLES) delete process.env[key];
  Object.assign(process.env, values);
  try {
    return run();
  } finally {
    process.env = before;
  }
};

const configErrorOf = (run: () => unknown): UnikernelError => {
  try {
    environmentOf({}, run);
  } catch (error) {
    if (UnikernelError.has(error, "CONFIG_INVALID")) return error;
    throw error;
  }
  return assert.fail("no error was thrown");
};

describe("metro and token", () => {
  it("come from argument, provider, stack, environment or default, in this order", () => {
    environmentOf({ UKC_METRO: "sin", UKC_TOKEN: "e" }, () => {
      const [argument, provider, stack] = [
        { metro: "was" },
        { metro: "dal", token: "p" },
        { metro: "sfo", token: "s" },
      ];
      const { metro, url, token } = resolveMetro({ argument, provider, stack });
      assert.deepEqual([metro, url, token], ["was", "https://api.was.unikraft.cloud", "p"]);
      assert.equal(resolveMetro({ provider, stack }).metro, "dal");
      assert.deepEqual(
        [resolveMetro({ stack }).url, resolveMetro({ stack }).token],
        ["https://api.sfo.unikraft.cloud", "s"],
      );
      assert.deepEqual([resolveMetro({}).metro, resolveMetro({}).token], ["sin", "e"]);
    });
    environmentOf({ UKC_TOKEN: "e" }, () => assert.equal(resolveMetro({}).metro, "fra"));
  });

  it("need no token and no address for local", () => {
    const { metro, url, token, controlPlane } = environmentOf({}, () => resolveMetro({ stack: { metro: "local" } }));
    assert.deepEqual([metro, url, token, controlPlane], ["local", undefined, undefined, undefined]);
  });

  it("use a URL unchanged except for a trailing /v1", () => {
    const metro = resolveMetro({ argument: { metro: "http://127.0.0.1:9000/v1/", token: "t" } });
    assert.equal(metro.url, "http://127.0.0.1:9000");
  });

  it("query the control plane only for codes outside the five known ones", () => {
    const isDiscovered = (metro: string) => resolveMetro({ argument: { metro, token: "t" } }).needsDiscovery;
    for (const metro of ["fra", "dal", "sin", "was", "sfo", "https://api.example.com"]) {
      assert.equal(isDiscovered(metro), false, metro);
    }
    assert.equal(isDiscovered("my-node"), true);
    // The address in state must not depend on the network.
    assert.equal(metroAddress({ argument: { metro: "my-node" } }), "https://api.my-node.unikraft.cloud");
  });

  it("never send a token for a self-hosted server to the vendor's control plane", () => {
    const controlPlaneOf = (metro: string, controlPlane?: string) =>
      environmentOf({}, () => resolveMetro({ provider: { metro, token: "t", controlPlane } })).controlPlane;
    assert.equal(controlPlaneOf("fra"), "https://controlplane.unikraft.cloud");
    assert.equal(controlPlaneOf("https://api.fra.unikraft.cloud/v1"), "https://controlplane.unikraft.cloud");
    assert.equal(controlPlaneOf("https://api.example.com"), undefined);
    assert.equal(controlPlaneOf("https://unikraft.cloud.example.com"), undefined);
    assert.equal(
      controlPlaneOf("https://api.example.com", "https://plane.example.com/v1"),
      "https://plane.example.com",
    );
  });

  it("report where to set a missing token, and that local needs none", () => {
    const { message, hint } = configErrorOf(() => resolveMetro({ stack: { metro: "fra" } }));
    assert.match(message, /No token for metro 'fra' \(from the stack/);
    assert.match(hint ?? "", /^Set one with .*unikernel:metro local/);
  });

  it("suggest a metro for a misspelt one", () => {
    for (const [metro, meant] of [
      ["lcoal", "local"],
      ["localhost", "local"],
      ["fre", "fra"],
    ] as const) {
      const { hint } = configErrorOf(() => resolveMetro({ stack: { metro } }));
      assert.match(hint ?? "", new RegExp(`^Did you mean '${meant}'\\? Otherwise set one with `));
    }
    assert.match(configErrorOf(() => resolveMetro({ stack: { metro: "acme-1" } })).hint ?? "", /^Set one with /);
  });

  for (const metro of ["FRA", "fra/x", "ftp://x", "http://", "a b"]) {
    it(`reject the metro ${JSON.stringify(metro)}`, () => {
      configErrorOf(() => resolveMetro({ argument: { metro, token: "t" } }));
    });
  }
});

describe("connection settings", () => {
  const resolve = (settings: object) =>
    environmentOf({}, () => resolveMetro({ provider: { metro: "local", ...settings } }));

  it("have a timeout in milliseconds for each operation", () => {
    assert.deepEqual(resolve({ timeouts: '{"createMs": 600000, "deleteMs": "30000"}' }).timeouts, {
      createMs: 600_000,
      deleteMs: 30_000,
    });
    assert.deepEqual(resolve({}).timeouts, {});
  });

  it("can all come from the environment", () => {
    const environment = {
      UKC_METRO: "local",
      UNIKERNEL_TIMEOUTS: '{"updateMs": 5000}',
      UNIKERNEL_MAX_CONCURRENCY: "4",
      UNIKERNEL_PROXY: "http://proxy:3128",
      UNIKERNEL_ROLLOUT_EVENTS_FILE: "events.jsonl",
    };
    const { timeouts, maxConcurrency, proxy, rolloutEventsFile } = environmentOf(environment, () => resolveMetro({}));
    assert.deepEqual(
      [timeouts, maxConcurrency, proxy, rolloutEventsFile],
      [{ updateMs: 5_000 }, 4, "http://proxy:3128", "events.jsonl"],
    );
    const plane = environmentOf({ UKC_TOKEN: "t", UNIKERNEL_CONTROL_PLANE: "https://plane.test" }, () =>
      resolveMetro({}),
    );
    assert.equal(plane.controlPlane, "https://plane.test");
  });

  const bad: [settings: object, text: RegExp][] = [
    [{ timeouts: "600" }, /unikernel:timeouts: '600' \(from unikernel:timeouts or the Provider's arguments\)/],
    [{ timeouts: "{createMs: 600}" }, /is not JSON/],
    [{ timeouts: '{"createMs": 999}' }, /'createMs'.* in milliseconds, 1000 to 86400000/],
    [{ timeouts: '{"createMs": 86400001}' }, /'createMs'/],
    [{ timeouts: '{"createMs": "soon"}' }, /'createMs'/],
    [{ timeouts: '{"crateMs": 5000}' }, /unknown member 'crateMs'.*Did you mean 'createMs', in milliseconds\?/],
    // The keys of releases that used seconds.
    [{ timeouts: '{"create": 600}' }, /unknown member 'create'.*Did you mean 'createMs', in milliseconds\?/],
    [{ timeouts: '{"update": 600}' }, /unknown member 'update'.*Did you mean 'updateMs', in milliseconds\?/],
    [{ timeouts: '{"delete": 600}' }, /unknown member 'delete'.*Did you mean 'deleteMs', in milliseconds\?/],
    [{ maxConcurrency: "0" }, /'0' .*is not a whole number from 1 to 256/],
    [{ maxConcurrency: "many" }, /'many'/],
    [{ controlPlane: "plane" }, /unikernel:controlPlane: 'plane'/],
    [{ proxy: "socks5://proxy:1080" }, /unikernel:proxy: The value \(from .*is not the http\(s\) URL of a proxy/],
  ];
  for (const [settings, text] of bad) {
    it(`reject the value ${JSON.stringify(settings)}`, () => {
      assert.match(formatError(configErrorOf(() => resolve(settings))), text);
    });
  }

  it("hide a rejected proxy, which may contain a password", () => {
    const error = configErrorOf(() => resolve({ proxy: "ftp://user:s3cret@proxy" }));
    assert.doesNotMatch(`${formatError(error)} ${JSON.stringify(error.details)}`, /s3cret|user/);
  });
});
