/** A Service's group and its autoscale configuration; `resource.test.ts` covers its replicas. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { UnikernelError, formatError } from "../../../../provider/base/errors";
import { check } from "../../../../provider/definition/check";
import { diff } from "../../../../provider/definition/diff";
import { ResourceInitFailedError } from "../../../../provider/definition/initFailed";
import { UNKNOWN } from "../../../../provider/definition/unknowns";
import type { ProviderContext } from "../../../../provider/resources/context";
import { service } from "../../../../provider/resources/service/resource";
import { planServiceGroup } from "../../../../provider/resources/service/plan";
import { FakeServiceGroup, SERVICE } from "../../../support/fakeServiceGroup";
import { contextWithClient } from "../../../support/resourceContext";

type Inputs = Parameters<typeof service.create>[1];

const base = { name: "web", ports: [{ port: 8080 }], replicas: 0 };
const checked = async (more: object = {}): Promise<Inputs> => {
  const { inputs, failures } = await check(service, {}, { ...base, ...more });
  assert.deepEqual(failures, []);
  return inputs as Inputs;
};
const failuresOf = async (more: object): Promise<readonly string[]> =>
  (await check(service, {}, { ...base, ...more })).failures.map(({ property, reason }) => `${property}: ${reason}`);
const failing = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => assert.fail("it resolved"),
    (error: unknown) => error,
  );

describe("the service group of a service", () => {
  let cluster: FakeServiceGroup;
  let context: ProviderContext;
  beforeEach(() => {
    cluster = new FakeServiceGroup();
    context = contextWithClient(cluster.client, cluster.clock);
  });

  const create = async (more: object = {}) => {
    const inputs = await checked(more);
    const { id, outputs } = await service.create(context, inputs);
    cluster.log.length = 0;
    return { id, inputs, outputs };
  };
  /** The changes of an update, which must be as many as the preview says. */
  const changing = async (olds: object, news: object): Promise<readonly string[]> => {
    const before = await create(olds);
    const after = await checked(news);
    const previewed = service.describeUpdate?.(before.inputs, after, {}) ?? [];
    await service.update(context, SERVICE.uuid, before, after);
    assert.equal(previewed.length, cluster.log.length, `${previewed.join("\n")}\n--\n${cluster.log.join("\n")}`);
    assert.deepEqual((await service.read(context, SERVICE.uuid, after))?.inputs, after);
    return cluster.log;
  };

  it("is created with every input and shows no drift", async () => {
    const { inputs, outputs } = await create({
      domains: [{ name: "shop" }, { name: "www.example.com", certificate: "cert" }],
      softLimit: 10,
      hardLimit: 20,
      autokill: { timeMs: 60_000 },
    });
    assert.deepEqual(cluster.group, {
      domains: [{ fqdn: "shop.metro.test" }, { fqdn: "www.example.com", certificate: { uuid: "c1", name: "cert" } }],
      soft_limit: 10,
      hard_limit: 20,
      autokill: { time_ms: 60_000 },
    });
    assert.deepEqual(
      [outputs.url, outputs.fqdn, outputs.fqdns],
      ["http://shop.metro.test:8080", "shop.metro.test", ["shop.metro.test", "www.example.com"]],
    );
    const observed = await service.read(context, SERVICE.uuid, inputs);
    assert.deepEqual(observed?.inputs, inputs);
  });

  it("reports the state of its domains' certificates without drift", async () => {
    const inputs = await checked({ domains: [{ name: "shop" }, { name: "www.example.com" }] });
    cluster.services = [{ port: 8080 }];
    for (const state of ["pending", "valid"]) {
      const issued = { uuid: "c7", name: "www.example.com-ab1de", state };
      cluster.group = {
        domains: [{ fqdn: "shop.metro.test" }, { fqdn: "www.example.com.", certificate: issued }],
        persistent: state === "pending",
      };
      const observed = await service.read(context, SERVICE.uuid, inputs);
      assert.deepEqual(observed?.outputs.certificates, [{ domain: "www.example.com", ...issued }]);
      assert.equal(observed.outputs.persistent, state === "pending");
      assert.deepEqual(diff(service, { ...observed.inputs, ...observed.outputs }, inputs), []);
    }
  });

  it("shows no drift for dots, order, platform certificates and its generated name", async () => {
    const inputs = await checked({ domains: [{ name: "shop" }, { name: "www.Example.com." }] });
    cluster.services = [{ port: 8080 }];
    cluster.group = {
      domains: [{ fqdn: "www.example.com", certificate: { uuid: "c2", name: "issued" } }, { fqdn: "shop.metro.test." }],
    };
    const observed = await service.read(context, SERVICE.uuid, inputs);
    assert.deepEqual(diff(service, { ...observed?.inputs }, inputs), []);
    cluster.group = { domains: [{ fqdn: "web-1a2b3c4d.metro.test" }] };
    const plain = await checked();
    assert.deepEqual((await service.read(context, SERVICE.uuid, plain))?.inputs, plain);
  });

  const GENERATED = { fqdn: "web-1a2b3c4d.metro.test" };

  it("distinguishes a manually added domain from the generated one", async () => {
    const drifted = async (...fqdns: string[]) => {
      cluster.group = { domains: fqdns.map((fqdn) => ({ fqdn })) };
      return (await service.read(context, SERVICE.uuid, await checked()))?.inputs.domains;
    };
    assert.deepEqual(await drifted(GENERATED.fqdn, "www.example.com"), [{ name: "www.example.com" }]);
    assert.deepEqual(await drifted("web.example.com", GENERATED.fqdn), [{ name: "web.example.com" }]);
    assert.equal(await drifted("elsewhere.metro.test"), undefined);
    cluster.group = {
      domains: [GENERATED, { fqdn: "web-9z8y7x6w.example.com", certificate: { uuid: "c1", name: "c" } }],
    };
    const read = await service.read(context, SERVICE.uuid, await checked());
    assert.deepEqual(read?.inputs.domains, [{ name: "web-9z8y7x6w.example.com", certificate: "c1" }]);
  });

  it("keeps manually added and generated domains until a preview lists them", async () => {
    const before = await create();
    cluster.group["domains"] = [GENERATED, { fqdn: "www.example.com" }];
    const after = await checked({ softLimit: 5 });
    assert.deepEqual(service.describeUpdate?.(before.inputs, after, {}), ["set the soft limit to 5"]);
    await service.update(context, SERVICE.uuid, before, after);
    assert.deepEqual(cluster.log, ["set soft_limit 5"]);

    cluster.log.length = 0;
    const refreshed = (await service.read(context, SERVICE.uuid, after)) ?? assert.fail("it is gone");
    assert.deepEqual(service.describeUpdate?.(refreshed.inputs, after, {}), ["release the domains www.example.com"]);
    await service.update(context, SERVICE.uuid, refreshed, after);
    assert.deepEqual(cluster.log, ['del domains [{"name":"www.example.com."}]']);
  });

  it("keeps domains added beside the program's own until a preview lists them", async () => {
    const before = await create({ domains: [{ name: "shop" }] });
    cluster.group["domains"] = [{ fqdn: "shop.metro.test" }, { fqdn: "www.example.com" }];
    const after = await checked({ domains: [{ name: "shop" }], softLimit: 5 });
    assert.deepEqual(service.describeUpdate?.(before.inputs, after, {}), ["set the soft limit to 5"]);
    await service.update(context, SERVICE.uuid, before, after);
    assert.deepEqual(cluster.log, ["set soft_limit 5"]);

    cluster.log.length = 0;
    const refreshed = (await service.read(context, SERVICE.uuid, after)) ?? assert.fail("it is gone");
    assert.deepEqual(service.describeUpdate?.(refreshed.inputs, after, {}), ["set the domains to shop"]);
    await service.update(context, SERVICE.uuid, refreshed, after);
    assert.deepEqual(cluster.log, ['set domains [{"name":"shop"}]']);
  });

  it("releases only the program's domains", async () => {
    const before = await create({ domains: [{ name: "shop" }] });
    cluster.group["domains"] = [{ fqdn: "shop.metro.test" }, { fqdn: "www.example.com" }];
    const after = await checked();
    assert.deepEqual(service.describeUpdate?.(before.inputs, after, {}), ["release the domains shop"]);
    await service.update(context, SERVICE.uuid, before, after);
    assert.deepEqual(cluster.log, ['del domains [{"name":"shop"}]']);
  });

  it("returns the certificate of a domain to the metro if the program no longer names one", async () => {
    const named = { name: "www.example.com", certificate: "cert" };
    const requests = await changing({ domains: [named] }, { domains: [{ name: "WWW.example.com." }] });
    assert.deepEqual(requests, ['set domains [{"name":"WWW.example.com."}]']);
  });

  it("does not match a label with a longer whole name, or the reverse", async () => {
    const [label, whole] = [{ domains: [{ name: "shop" }] }, { domains: [{ name: "shop.example.com" }] }];
    assert.deepEqual(await changing(whole, label), ['set domains [{"name":"shop"}]']);
    cluster = new FakeServiceGroup();
    context = contextWithClient(cluster.client, cluster.clock);
    assert.deepEqual(await changing(label, whole), ['set domains [{"name":"shop.example.com."}]']);
  });

  it("shows manual changes as drift", async () => {
    cluster.services = [{ port: 8080 }];
    const inputs = await checked({
      domains: [{ name: "www.example.com", certificate: "cert" }],
      autokill: { timeMs: 5 },
    });
    cluster.group = {
      domains: [{ fqdn: "www.example.com", certificate: { uuid: "c9", name: "other" } }, { fqdn: "more.metro.test" }],
      soft_limit: 2,
      hard_limit: 3,
    };
    const observed = await service.read(context, SERVICE.uuid, inputs);
    const changed = diff(service, { ...observed?.inputs }, inputs).map(({ property }) => property);
    assert.deepEqual(changed, ["domains", "softLimit", "hardLimit", "autokill"]);
    assert.deepEqual(observed?.inputs.domains, [
      { name: "www.example.com", certificate: "c9" },
      { name: "more.metro.test" },
    ]);
  });

  it("is updated in place by the steps of the preview, one request each", async () => {
    const domain = { name: "www.example.com" };
    assert.deepEqual(
      await changing(
        {},
        { ports: [{ port: 443, handlers: ["tls", "http"] }], domains: [domain], softLimit: 5, autokill: { timeMs: 9 } },
      ),
      [
        'set services [{"port":443,"handlers":["tls","http"]}]',
        'set domains [{"name":"www.example.com."}]',
        "set soft_limit 5",
        'set autokill {"time_ms":9}',
      ],
    );
  });

  it("clears settings that the program no longer gives", async () => {
    assert.deepEqual(await changing({ domains: [{ name: "shop" }], softLimit: 5, autokill: { timeMs: 9 } }, {}), [
      'del domains [{"name":"shop"}]',
      "set soft_limit 1",
      "set autokill undefined",
    ]);
  });

  it("treats an autokill of 0 ms as never, as documented", async () => {
    await create({ autokill: { timeMs: 0 } });
    assert.ok(!("autokill" in cluster.group), "the server's default is not sent");
    assert.deepEqual(await changing({ autokill: { timeMs: 9 } }, { autokill: { timeMs: 0 } }), [
      "set autokill undefined",
    ]);
    const [before, after] = [await checked({ autokill: { timeMs: 9 } }), await checked({ autokill: { timeMs: 0 } })];
    assert.deepEqual(service.describeUpdate?.(before, after, {}), ["turn automatic deletion off"]);
  });

  it("names the taken domain of a failed create", async () => {
    const taken = { status: "error", error: 24, message: "Domain 'www.example.com' is already in use" };
    Object.assign(cluster.client, { createService: () => Promise.resolve({ items: [taken], message: undefined }) });
    const createError = async (metro: string, ...ports: object[]) => {
      const domains = [{ name: "www.example.com" }];
      return formatError(await failing(service.create({ ...context, metro }, await checked({ ports, domains }))));
    };
    const [http, https] = [
      { port: 80, handlers: ["http"] },
      { port: 443, handlers: ["http", "tls"] },
    ];
    const message = "Creating service 'web' failed: Domain 'www.example.com' is already in use.";
    const which = "Choose another domain or port, whichever the message names.";
    assert.equal(
      await createError("fra", http, https),
      `IN_USE: domains[0].name: ${message} Choose another name, or remove it from the service that has it.`,
    );
    assert.equal(await createError("fra", https, { port: 8080 }), `IN_USE: ${message} ${which}`);
    assert.equal(await createError("fra", https, { port: 80, protocol: "udp" }), `IN_USE: ${message} ${which}`);
    for (const local of ["local", "http://127.0.0.1:4000"]) {
      assert.equal(await createError(local, http), `IN_USE: ${message} ${which}`);
    }
  });

  it("is unchanged for equivalent inputs", async () => {
    const domains = [{ name: "shop" }, { name: "www.example.com" }];
    const ports = [{ port: 80, handlers: ["http", "redirect"], destinationPort: 443 }, { port: 8080 }];
    const same = [
      { port: 8080, destinationPort: 8080 },
      { ...ports[0], handlers: ["redirect", "http"] },
    ];
    const before = await create({ domains, ports });
    const after = await checked({ domains: [{ name: "www.example.com." }, { name: "shop" }], ports: same });
    await service.update(context, SERVICE.uuid, before, after);
    assert.deepEqual(cluster.log, []);
    assert.deepEqual(service.describeUpdate?.(before.inputs, after, {}), []);
  });

  it("keeps an omitted address, and takes a newly chosen one", async () => {
    const on = (ip?: string) => checked({ ports: [{ port: 53, protocol: "udp", ip }] });
    const previewOf = async (from: string, to?: string) => service.describeUpdate?.(await on(from), await on(to), {});
    assert.deepEqual(await previewOf("192.0.2.1"), []);
    assert.deepEqual(await previewOf("192.0.2.1", "192.0.2.2"), ["publish 53/udp"]);
  });

  it("never has a soft limit above its hard limit during an update", () => {
    const limits = fc
      .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
      .map(([a, b]) => ({ softLimit: Math.min(a, b), hardLimit: Math.max(a, b) }));
    fc.assert(
      fc.property(limits, limits, (olds, news) => {
        const now = { soft_limit: olds.softLimit, hard_limit: olds.hardLimit };
        for (const { prop, value } of planServiceGroup({ ports: [], ...olds }, { ports: [], ...news })) {
          Object.assign(now, { [prop]: value });
          assert.ok(now.soft_limit <= now.hard_limit);
        }
        assert.deepEqual(now, { soft_limit: news.softLimit, hard_limit: news.hardLimit });
      }),
    );
  });

  it("saves a partial update, and reports missing objects", async () => {
    const before = await create();
    cluster.rejections.set("soft_limit", { status: "error", error: 7, message: "no" });
    const news = await checked({ domains: [{ name: "shop" }], softLimit: 5, autokill: { timeMs: 9 } });
    const failure = await failing(service.update(context, SERVICE.uuid, before, news));
    assert.ok(failure instanceof ResourceInitFailedError);
    const { domains, softLimit, autokill } = failure.outputs as Partial<Inputs>;
    assert.deepEqual([domains, softLimit, autokill], [[{ name: "shop" }], 1, undefined]);
    assert.ok("autokill" in failure.outputs, "a requested input that was not set must be removed from the state");
  });

  it("reports the taken domain and the mismatched certificate", async () => {
    const news = await checked({ domains: [{ name: "www.example.com", certificate: "cert" }] });
    for (const [error, code, property] of [
      [24, "IN_USE", "domains[0].name"],
      [30, "CERTIFICATE_MISMATCH", "domains[0].certificate"],
      [8, "NOT_FOUND", "domains[0].certificate"],
    ] as const) {
      cluster.rejections.set("domains", { status: "error", error, message: "no" });
      const failure = await failing(service.update(context, SERVICE.uuid, await create(), news));
      const cause = failure instanceof ResourceInitFailedError ? failure.cause : failure;
      assert.ok(UnikernelError.has(cause, code), String(cause));
      assert.equal(cause.property, property);
    }
  });

  it("is adopted by name and updated to the inputs", async () => {
    cluster.group = { domains: [{ fqdn: "web.metro.test" }], soft_limit: 1, hard_limit: 65535 };
    const inputs = await checked({ ports: [{ port: 80, handlers: ["http"] }], softLimit: 3, adopt: true });
    const { id } = await service.create(context, inputs);
    assert.deepEqual([id, cluster.log], [SERVICE.uuid, ["set soft_limit 3"]]);
  });

  it("waits for deleted members, and names an existing one", async () => {
    const before = await create();
    let deletions = 0;
    const { deleteServices } = cluster.client;
    const attached = { items: [{ status: "error", error: 15, message: "in use" }], message: undefined };
    Object.assign(cluster.client, {
      deleteServices: (...args: Parameters<typeof deleteServices>) =>
        ++deletions < 3 ? Promise.resolve(attached) : deleteServices(...args),
    });
    cluster.deletedMembers = [{ uuid: "gone", name: "gone" }];
    await service.delete(context, SERVICE.uuid, before);
    assert.deepEqual([deletions, cluster.serviceExists], [3, false]);

    cluster.serviceExists = true;
    cluster.add({ name: "lodger", image: "x" });
    Object.assign(cluster.client, { deleteServices: () => Promise.resolve(attached) });
    const error = await failing(service.delete(context, SERVICE.uuid, before));
    assert.ok(UnikernelError.has(error, "IN_USE"));
    assert.match(error.hint ?? "", /^Remove instance 'lodger' from the service first/);
  });

  const step = { name: "load", type: "step", metric: "cpu", adjustmentType: "change", steps: [{ adjustment: 1 }] };
  const idle = { name: "rest", type: "idle", idleTimeMs: 1000 };
  const autoscale = { template: "base", maxSize: 8, policies: [step] };

  it("configures autoscale with the given inputs only and shows no drift", async () => {
    const inputs = await checked({ autoscale });
    await service.create(context, inputs);
    assert.deepEqual(cluster.log, [
      'configure {"uuid":"service-1","max_size":8,"create_args":{"template":{"name":"base"}},"policies":[{"name":"load","type":"step","metric":"cpu","adjustment_type":"change","steps":[{"adjustment":1}]}]}',
    ]);
    assert.deepEqual((await service.read(context, SERVICE.uuid, inputs))?.inputs, inputs);
    const reported = [
      {
        name: "load",
        type: "step",
        enabled: true,
        metric: "cpu",
        adjustment_type: "change",
        steps: [{ adjustment: 1 }],
      },
    ];
    cluster.autoscale = { ...cluster.autoscale, policies: reported };
    assert.deepEqual((await service.read(context, SERVICE.uuid, inputs))?.inputs, inputs);
    cluster.autoscale = { ...cluster.autoscale, max_size: 9, policies: [{ ...reported[0], enabled: false }] };
    const drifted = (await service.read(context, SERVICE.uuid, inputs))?.inputs.autoscale;
    assert.deepEqual([drifted?.maxSize, drifted?.policies[0]?.enabled], [9, false]);
    cluster.autoscale = undefined;
    assert.equal((await service.read(context, SERVICE.uuid, inputs))?.inputs.autoscale, undefined);
  });

  it("reports autoscale that was configured elsewhere in current spelling", async () => {
    cluster.autoscale = {
      min_size: 0,
      max_size: 4,
      warmup_time_ms: 1,
      cooldown_time_ms: 2,
      template: { uuid: "t1", name: "base" },
      policies: [
        { name: "a", type: "on_demand" },
        { name: "b", type: "step", metric: "cpu", adjustment_type: "percentage", steps: [{ adjustment: 5 }] },
      ],
    };
    const observed = await service.read(context, SERVICE.uuid, {} as Inputs);
    assert.deepEqual(observed?.inputs.autoscale, {
      template: "t1",
      minSize: 0,
      maxSize: 4,
      warmupTimeMs: 1,
      cooldownTimeMs: 2,
      policies: [
        { name: "a", type: "on-demand", enabled: true },
        {
          name: "b",
          type: "step",
          enabled: true,
          metric: "cpu",
          adjustmentType: "percent",
          steps: [{ adjustment: 5 }],
        },
      ],
    });
  });

  it("changes policies one by one, and everything else with a new configuration", async () => {
    const slower = { ...step, adjustmentType: "percent" };
    assert.deepEqual(await changing({ autoscale }, { autoscale: { ...autoscale, policies: [idle, slower] } }), [
      "remove load",
      'add {"name":"rest","type":"idle","idle_time_ms":1000}',
      'add {"name":"load","type":"step","metric":"cpu","adjustment_type":"percent","steps":[{"adjustment":1}]}',
    ]);
    const log = await changing({ autoscale }, { autoscale: { ...autoscale, maxSize: 2 } });
    assert.deepEqual(
      log.map((entry) => entry.split(" ")[0]),
      ["unconfigure", "configure"],
    );
  });

  it("removes autoscale on request and before the service is deleted", async () => {
    assert.deepEqual(await changing({ autoscale }, {}), ["unconfigure"]);
    const before = await create({ autoscale });
    await service.delete(context, SERVICE.uuid, before);
    assert.deepEqual(cluster.log, ["unconfigure", "delete service"]);
  });

  it("reports an account without autoscale and leaves nothing behind", async () => {
    cluster.rejections.set("autoscale", {
      status: "error",
      error: 28,
      message: "Autoscale not enabled for your account",
    });
    const error = await failing(service.create(context, await checked({ autoscale })));
    assert.ok(UnikernelError.has(error, "NOT_SUPPORTED"));
    assert.deepEqual([error.property, cluster.serviceExists], ["autoscale", false]);
  });

  it("recognises its configuration after a lost response", async () => {
    const { createAutoscale } = cluster.client;
    let calls = 0;
    Object.assign(cluster.client, {
      createAutoscale: async (...args: Parameters<typeof createAutoscale>) => {
        if (++calls === 1) {
          await createAutoscale(...args);
          throw new UnikernelError("API_UNREACHABLE", "No response.");
        }
        return { items: [{ status: "error", error: 26, message: "configured" }], message: undefined };
      },
    });
    const { id } = await service.create(context, await checked({ autoscale }));
    assert.deepEqual([id, calls], [SERVICE.uuid, 2]);
  });
});

describe("the rules of a service", () => {
  const image = { image: "app:1" };
  const step = (more: object) => ({
    autoscale: {
      template: "base",
      policies: [{ name: "p", type: "step", metric: "cpu", adjustmentType: "change", ...more }],
    },
  });
  const rejected: readonly [string, object, RegExp][] = [
    ["replicas of nothing", { replicas: 2 }, /^template: required for 2 replicas\. Otherwise set autoscale/],
    [
      "replicas beside autoscale",
      { replicas: 1, template: image, autoscale: { template: "t" } },
      /^autoscale: cannot be combined with 1 replica of a template/,
    ],
    [
      "a soft limit above the hard limit",
      { softLimit: 9, hardLimit: 8 },
      /^softLimit: must be at most hardLimit \(8\), got 9/,
    ],
    [
      "more replicas than the platform allows",
      { replicas: 254, template: image },
      /^replicas: must be at most 253, got 254/,
    ],
    ["a name that is no valid domain label", { name: "shop.v2" }, /^name: must be lower-case letters, digits/],
    ["a limit of 0", { softLimit: 0 }, /^softLimit: must be at least 1, got 0/],
    ["a limit above the maximum", { hardLimit: 65536 }, /^hardLimit: must be at most 65535, got 65536/],
    [
      "a duplicate domain",
      { domains: [{ name: "a.b" }, { name: "A.b." }] },
      /^domains\[1\]\.name: "A\.b\." is given twice/,
    ],
    [
      "a certificate for a label",
      { domains: [{ name: "shop", certificate: "c" }] },
      /^domains\[0\]\.certificate: "shop" is a label below/,
    ],
    [
      "a wildcard without a certificate",
      { domains: [{ name: "*.a.b" }] },
      /^domains\[0\]\.certificate: required for the wildcard/,
    ],
    ["an invalid domain", { domains: [{ name: "http://a.b" }] }, /^domains\[0\]\.name: must be a label such as shop/],
    ["an address", { domains: [{ name: "192.0.2.1" }] }, /^domains\[0\]\.name: "192\.0\.2\.1" ends in a number/],
    ["an address in disguise", { domains: [{ name: "a.0x7f." }] }, /^domains\[0\]\.name: "a\.0x7f\." ends in a number/],
    ["an empty list of domains", { domains: [] }, /^domains: must not be empty/],
    [
      "a minimum size above the maximum",
      { autoscale: { template: "t", minSize: 5 } },
      /^autoscale\.minSize: must be at most maxSize \(4\), got 5/,
    ],
    [
      "a policy without a required member",
      { autoscale: { template: "t", policies: [{ name: "p", type: "idle" }] } },
      /^autoscale\.policies\[0\]\.idleTimeMs: required for a policy of type "idle"/,
    ],
    [
      "a policy with a member of another type",
      step({ steps: [{ adjustment: 1 }], numRequests: 1 }),
      /^autoscale\.policies\[0\]\.numRequests: not allowed for a policy of type "step"/,
    ],
    [
      "an empty step",
      step({ steps: [{ adjustment: 1, lowerBound: 5, upperBound: 5 }] }),
      /steps\[0\]\.upperBound: must be greater than lowerBound \(5\), got 5/,
    ],
    [
      "a gap between steps",
      step({
        steps: [
          { adjustment: 1, upperBound: 5 },
          { adjustment: 2, lowerBound: 6 },
        ],
      }),
      /steps\[1\]\.lowerBound: must be 5, the upperBound of the previous step, got 6/,
    ],
    [
      "steps that overlap",
      step({
        steps: [
          { adjustment: 1, upperBound: 5 },
          { adjustment: 2, lowerBound: 4 },
        ],
      }),
      /steps\[1\]\.lowerBound: must be 5, the upperBound of the previous step, got 4/,
    ],
    [
      "a step after an open-ended one",
      step({ steps: [{ adjustment: 1 }, { adjustment: 2 }] }),
      /steps\[1\]\.lowerBound: the previous step has no upperBound/,
    ],
    [
      "five steps",
      step({ steps: Array.from({ length: 5 }, () => ({ adjustment: 1 })) }),
      /policies\[0\]\.steps: must have at most 4 items/,
    ],
    [
      "nine policies",
      {
        autoscale: {
          template: "t",
          policies: Array.from({ length: 9 }, (_, i) => ({ name: `p${i}`, type: "on-demand" })),
        },
      },
      /^autoscale\.policies: must have at most 8 items/,
    ],
    [
      "a duplicate policy",
      {
        autoscale: {
          template: "t",
          policies: [
            { name: "p", type: "on-demand" },
            { name: "p", type: "on-demand" },
          ],
        },
      },
      /^autoscale\.policies\[1\]\.name: "p" is given twice/,
    ],
    [
      "an invalid template",
      { replicas: 1, template: { ...image, tags: ["a", "a"] } },
      /^template\.tags\[1\]: "a" is given twice/,
    ],
    [
      "too many tags beside those of its replicas",
      { replicas: 1, template: { ...image, tags: Array.from({ length: 14 }, (_, n) => `t${n}`) } },
      /^template\.tags: must have at most 13 items/,
    ],
    [
      "a reserved tag of its replicas",
      { replicas: 1, template: { ...image, tags: ["a", "managed-by:pulumi-unikernel"] } },
      /^template\.tags\[1\]: \"managed-by:pulumi-unikernel\" is reserved for marking the replicas of a Service; choose another tag.$/,
    ],
    [
      "a reserved tag of templates",
      { replicas: 1, template: { ...image, tags: ["template:0123456789ab"] } },
      /^template\.tags\[0\]: "template:0123456789ab" is reserved for marking/,
    ],
  ];
  for (const [what, args, text] of rejected) {
    it(`reject the inputs: ${what}`, async () => {
      const found = await failuresOf(args);
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", text);
    });
  }

  const accepted: readonly [string, object][] = [
    ["a service group for separate instances", {}],
    ["the maximum number of replicas", { replicas: 253, template: image, rollout: { maxSurge: 253 } }],
    ["autoscale, which overrides replicas", { replicas: 1, autoscale: { template: "t" } }],
    ["a template beside autoscale", { template: image, autoscale: { template: "t" } }],
    ["a wildcard with a certificate", { domains: [{ name: "*.example.com", certificate: "c" }] }],
    [
      "adjacent steps",
      step({
        steps: [
          { adjustment: -1, upperBound: 5 },
          { adjustment: 1, lowerBound: 5 },
        ],
      }),
    ],
    ["unknown values", { replicas: 1, template: UNKNOWN, domains: UNKNOWN, softLimit: UNKNOWN, autoscale: UNKNOWN }],
    ["an unknown image", { replicas: 1, template: { image: UNKNOWN } }],
    ["an unknown certificate", { domains: [{ name: "*.a.b", certificate: UNKNOWN }] }],
  ];
  for (const [what, args] of accepted) {
    it(`accept ${what}`, async () => assert.deepEqual(await failuresOf(args), []));
  }

  it("delete before create if a replacement cannot exist beside it", () => {
    const volumes = [{ volume: "v", at: "/data", readonly: false }];
    const first = (news: object) => service.deleteBeforeReplace?.({ ...news }, {});
    assert.deepEqual(
      [first({}), first({ template: { volumes: [{ ...volumes[0], readonly: true }] } })],
      [false, false],
    );
    assert.deepEqual([first({ domains: [{ name: "shop" }] }), first({ template: { volumes } })], [true, true]);
    assert.equal(first({ template: { volumes }, rollout: { sharedVolumes: true } }), false);
  });

  it("count its replicas against the quotas", () => {
    const template = { image: "app:1", vcpus: 2, memoryMb: 256 };
    const own = { sizeMb: 8, quotaPolicy: "static" };
    const ephemeralVolumes = [own, { sizeMb: 8 }, { sizeMb: 64, quotaPolicy: "dynamic" }, { ...own, sizeMb: UNKNOWN }];
    const counted = service.quotaUsage?.({ ...base, replicas: 3, template: { ...template, ephemeralVolumes } });
    const live = { instances: 3, live_instances: 3, live_vcpus: 6, live_memory_mb: 768 };
    assert.deepEqual(counted, { service_groups: 1, services: 1, ...live, volumes: 12, total_volume_mb: 48 });
    const without = service.quotaUsage?.({ ...base, replicas: 1 });
    assert.deepEqual(
      [
        without?.["instances"] ?? 0,
        service.quotaUsage?.({ ports: UNKNOWN, replicas: UNKNOWN, template })?.["services"],
      ],
      [0, 0],
    );
  });
});
