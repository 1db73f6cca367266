/** Settings of a Tyk gateway, against the names and the behaviour that Tyk documents. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { readinessProblem } from "../../../provider/contract/readiness/evaluate";
import { check } from "../../../provider/definition/check";
import { service } from "../../../provider/resources/service/resource";
import * as unikernel from "../../../sdk";

/**
 * Variables and keys of the configuration file. Source: TykTechnologies/tyk, `config/config_env_vars.md` at 360d3d9 and, for the last
 * two rows, `config/config.go`; the parents of the keys are those of tyk-demo's `tyk.conf`.
 */
const DOCUMENTED: Readonly<Record<string, string>> = {
  TYK_GW_LISTENPORT: "listen_port",
  TYK_GW_SECRET: "secret",
  TYK_GW_NODESECRET: "node_secret",
  TYK_GW_TEMPLATEPATH: "template_path",
  TYK_GW_APPPATH: "app_path",
  TYK_GW_MIDDLEWAREPATH: "middleware_path",
  TYK_GW_USEDBAPPCONFIGS: "use_db_app_configs",
  TYK_GW_DBAPPCONFOPTIONS_NODEISSEGMENTED: "db_app_conf_options.node_is_segmented",
  TYK_GW_DBAPPCONFOPTIONS_TAGS: "db_app_conf_options.tags",
  TYK_GW_STORAGE_TYPE: "storage.type",
  TYK_GW_STORAGE_HOST: "storage.host",
  TYK_GW_STORAGE_PORT: "storage.port",
  TYK_GW_STORAGE_ADDRS: "storage.addrs",
  TYK_GW_STORAGE_USERNAME: "storage.username",
  TYK_GW_STORAGE_PASSWORD: "storage.password",
  TYK_GW_STORAGE_DATABASE: "storage.database",
  TYK_GW_STORAGE_MAXIDLE: "storage.optimisation_max_idle",
  TYK_GW_STORAGE_MAXACTIVE: "storage.optimisation_max_active",
  TYK_GW_STORAGE_ENABLECLUSTER: "storage.enable_cluster",
  TYK_GW_STORAGE_USESSL: "storage.use_ssl",
  TYK_GW_POLICIES_POLICYSOURCE: "policies.policy_source",
  TYK_GW_POLICIES_POLICYRECORDNAME: "policies.policy_record_name",
  TYK_GW_HASHKEYS: "hash_keys",
  TYK_GW_HASHKEYFUNCTION: "hash_key_function",
  TYK_GW_ENABLEANALYTICS: "enable_analytics",
  TYK_GW_ANALYTICSCONFIG_TYPE: "analytics_config.type",
  TYK_GW_MAXIDLECONNSPERHOST: "max_idle_connections_per_host",
  TYK_GW_SLAVEOPTIONS_USERPC: "slave_options.use_rpc",
  TYK_GW_SLAVEOPTIONS_USESSL: "slave_options.use_ssl",
  TYK_GW_SLAVEOPTIONS_SSLINSECURESKIPVERIFY: "slave_options.ssl_insecure_skip_verify",
  TYK_GW_SLAVEOPTIONS_CONNECTIONSTRING: "slave_options.connection_string",
  TYK_GW_SLAVEOPTIONS_RPCKEY: "slave_options.rpc_key",
  TYK_GW_SLAVEOPTIONS_APIKEY: "slave_options.api_key",
  TYK_GW_SLAVEOPTIONS_GROUPID: "slave_options.group_id",
  TYK_GW_SLAVEOPTIONS_ENABLERPCCACHE: "slave_options.enable_rpc_cache",
  TYK_GW_SLAVEOPTIONS_BINDTOSLUGSINSTEADOFLISTENPATHS: "slave_options.bind_to_slugs",
  TYK_GW_AUTHOVERRIDE_FORCEAUTHPROVIDER: "auth_override.force_auth_provider",
  TYK_GW_AUTHOVERRIDE_AUTHPROVIDER_STORAGEENGINE: "auth_override.auth_provider.storage_engine",
  TYK_GW_LIVENESSCHECK_CHECKDURATION: "liveness_check.check_duration",
  TYK_GW_SLAVEOPTIONS_SYNCHRONISERENABLED: "slave_options.synchroniser_enabled",
};

/** The public default. Source: tyk-demo, `unikernel-unikraft/unikraft/rootfs/etc/tyk.conf`, key `secret`. */
const PUBLIC_DEFAULT = "352d20ee67be67f6340b4c0605b044b7";

const SECRET = "hunter2-hunter2";
const SIMPLE: unikernel.TykArgs = { version: "5.8.3", secret: SECRET, redis: { host: "tyk-redis.internal" } };
const HYBRID: unikernel.TykArgs = {
  ...SIMPLE,
  redis: { host: "tyk-redis.internal", password: "redis-password" },
  controlPlane: {
    connectionString: "mdcb.example.com:443",
    apiKey: pulumi.secret("api-key"),
    organisationId: "5e9d9544a1dcd60001d0ed20",
    groupId: "unikraft",
  },
  tags: ["unikraft", "edge"],
};

const valueOf = <T>(output: pulumi.Output<T>): Promise<T> => new Promise((resolve) => void output.apply(resolve));

async function environmentOf(args: unikernel.TykArgs): Promise<Readonly<Record<string, string>>> {
  const { env } = unikernel.tyk(args);
  for (const [name, value] of Object.entries(env)) assert.ok(await pulumi.isSecret(value), name);
  return Object.fromEntries(
    await Promise.all(Object.entries(env).map(async ([name, value]) => [name, await valueOf(value)] as const)),
  );
}

function configOf(args: unikernel.TykArgs, file = "/etc/tyk.conf"): Readonly<Record<string, unknown>> {
  const { files } = unikernel.tyk(args);
  assert.deepEqual(Object.keys(files), [file]);
  return JSON.parse(files[file] ?? "") as Readonly<Record<string, unknown>>;
}

/** The leaves of a configuration by path; a list is a leaf. */
const leavesOf = (value: object, parent = ""): readonly (readonly [path: string, value: unknown])[] =>
  Object.entries(value).flatMap(([key, member]: [string, unknown]) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? leavesOf(member, `${parent}${key}.`)
      : [[`${parent}${key}`, member] as const],
  );

const rejects = (args: object, reason: RegExp): void =>
  assert.throws(
    () => unikernel.tyk({ ...SIMPLE, ...args }),
    (error) => {
      assert.ok(pulumi.RunError.isInstance(error));
      assert.match(error.message, /^INPUT_INVALID: tyk: /);
      assert.match(error.message, reason);
      return !error.message.includes(SECRET);
    },
  );

describe("tyk", () => {
  it("passes secrets and addresses under the names that Tyk documents", async () => {
    assert.deepEqual(await environmentOf(HYBRID), {
      TYK_GW_SECRET: SECRET,
      TYK_GW_NODESECRET: SECRET,
      TYK_GW_STORAGE_HOST: "tyk-redis.internal",
      TYK_GW_STORAGE_PASSWORD: "redis-password",
      TYK_GW_SLAVEOPTIONS_CONNECTIONSTRING: "mdcb.example.com:443",
      TYK_GW_SLAVEOPTIONS_APIKEY: "api-key",
      TYK_GW_SLAVEOPTIONS_RPCKEY: "5e9d9544a1dcd60001d0ed20",
      TYK_GW_SLAVEOPTIONS_GROUPID: "unikraft",
    });
    const cluster = { redis: { addresses: ["a:6379", pulumi.output("b:6380")], cluster: true }, nodeSecret: "other" };
    assert.deepEqual(await environmentOf({ ...SIMPLE, ...cluster }), {
      TYK_GW_SECRET: SECRET,
      TYK_GW_NODESECRET: "other",
      TYK_GW_STORAGE_ADDRS: "a:6379,b:6380",
    });
  });

  it("uses documented names only, and never one in both places", async () => {
    const variants: readonly unikernel.TykArgs[] = [
      HYBRID,
      { ...HYBRID, analytics: true, redis: { host: "r", username: "u", password: "p", port: 6380 } },
      { ...SIMPLE, policyFile: "/etc/policies.json" },
    ];
    for (const args of variants) {
      const names = Object.keys(await environmentOf(args));
      const keys = leavesOf(configOf(args)).map(([path]) => path);
      assert.deepEqual(
        names.filter((name) => DOCUMENTED[name] === undefined),
        [],
      );
      assert.deepEqual(
        keys.filter((key) => !Object.values(DOCUMENTED).includes(key)),
        [],
      );
      assert.deepEqual(
        names.filter((name) => keys.includes(DOCUMENTED[name] ?? "")),
        [],
      );
      // Source: Unikraft, lib/posix-environ/Config.uk, the default of CONFIG_LIBPOSIX_ENVIRON_ENVP.
      assert.ok(names.length <= 8, names.join());
    }
  });

  it("writes the configuration of a data plane as tyk-demo has it, with TLS and without its secrets", () => {
    // Source: tyk-demo, `unikernel-unikraft/unikraft/rootfs/etc/tyk.conf`; `use_ssl` is false there.
    const expected = {
      listen_port: 8080,
      template_path: "/tyk/templates",
      use_db_app_configs: false,
      "db_app_conf_options.node_is_segmented": true,
      "db_app_conf_options.tags": ["unikraft", "edge"],
      app_path: "/opt/tyk-gateway/apps",
      middleware_path: "/opt/tyk-gateway/middleware",
      "storage.type": "redis",
      "storage.port": 6379,
      "storage.database": 0,
      enable_analytics: false,
      "policies.policy_source": "rpc",
      "policies.policy_record_name": "tyk_policies",
      hash_keys: true,
      hash_key_function: "murmur64",
      "slave_options.use_rpc": true,
      "slave_options.use_ssl": true,
      "slave_options.ssl_insecure_skip_verify": false,
      "slave_options.enable_rpc_cache": true,
      "slave_options.bind_to_slugs": false,
      "slave_options.synchroniser_enabled": true,
      "auth_override.force_auth_provider": true,
      "auth_override.auth_provider.storage_engine": "rpc",
    };
    const leaves = Object.fromEntries(leavesOf(configOf(HYBRID)));
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, leaves[key]])), expected);
    const text = unikernel.tyk(HYBRID).files["/etc/tyk.conf"] ?? "";
    for (const secret of [SECRET, "api-key", "redis-password"]) assert.ok(!text.includes(secret));
  });

  it("opens fewer connections than a unikernel has file descriptors", () => {
    // Source: scenarios, boot log of the gateway on Unikraft: 1024 descriptors. Tyk's own defaults are 2000 and 4000.
    const leaves = Object.fromEntries(leavesOf(configOf(HYBRID)));
    assert.ok(
      Number(leaves["storage.optimisation_max_active"]) + Number(leaves["max_idle_connections_per_host"]) < 512,
    );
    assert.ok(Number(leaves["storage.optimisation_max_idle"]) <= Number(leaves["storage.optimisation_max_active"]));
  });

  it("takes files in place of a control plane", () => {
    const config = configOf({ ...SIMPLE, policyFile: "/etc/policies.json", configPath: "/tyk.json" }, "/tyk.json");
    assert.deepEqual(config["policies"], { policy_source: "file", policy_record_name: "/etc/policies.json" });
    assert.deepEqual([config["slave_options"], config["auth_override"]], [undefined, undefined]);
  });

  describe("gates a replica", () => {
    const problem = (version: string, status: number, body: object): string | undefined => {
      const { path, match } = unikernel.tyk({ ...SIMPLE, version }).gate;
      const conditions = { path: path as string, match: match as Record<string, string> };
      return readinessProblem({ status, body: JSON.stringify(body) }, conditions);
    };
    const redis = { status: "pass", componentType: "datastore", time: "2026-11-21T10:00:00Z" };
    const hello = (status: string, details: object): object => ({
      ...{ status, version: "v5.7.1", description: "Tyk GW", details },
    });

    it("at /hello before 5.8.3, whose body alone says whether the gateway works", () => {
      for (const version of ["5.7.1", "v5.8.2", "4.3.0", "5.3.11-rc1"])
        assert.equal(unikernel.tyk({ ...SIMPLE, version }).gate.path, "/hello", version);
      assert.equal(problem("5.7.1", 200, hello("pass", { redis })), undefined);
      assert.match(problem("5.7.1", 200, hello("pass", {})) ?? "", /details\.redis\.status/);
      assert.match(problem("5.7.1", 200, hello("warn", { redis })) ?? "", /at \$\.status/);
      assert.match(problem("5.7.1", 200, hello("fail", { redis: { ...redis, status: "fail" } })) ?? "", /\$\.status/);
    });

    it("at /ready from 5.8.3 on", () => {
      for (const version of ["5.8.3", "5.8.10", "5.9.0", "5.13.1", "6.0.0"])
        assert.equal(unikernel.tyk({ ...SIMPLE, version }).gate.path, "/ready", version);
      const ready = { status: "pass", version: "v5.8.3", description: "Tyk GW Ready", details: { redis } };
      assert.equal(problem("5.8.3", 200, ready), undefined);
      const message = "A successful API reload did not happen";
      assert.match(problem("5.8.3", 503, { status: "error", message }) ?? "", /HTTP 503/);
      // A page of something else, such as the edge of the cloud.
      assert.match(problem("5.8.3", 200, { status: "pass" }) ?? "", /description/);
    });

    it("not before its own interval has passed", () => {
      // The file has durations in nanoseconds. A snapshot before the first check would wake without details each time.
      const { check_duration: nanoseconds } = configOf(HYBRID)["liveness_check"] as { check_duration: number };
      const { cooldownTimeMs, policy, stateful } = unikernel.tyk(HYBRID).scaleToZero;
      assert.deepEqual([nanoseconds, policy, stateful], [2_000_000_000, "idle", true]);
      assert.ok(Number(cooldownTimeMs) > nanoseconds / 1e6);
    });
  });

  it("reloads all gateways by one request, which has the secret and works in every metro", async () => {
    const { reload } = unikernel.tyk({ ...SIMPLE, listenPort: 9000 });
    const { headers, ...rest } = reload;
    assert.deepEqual(rest, {
      ...{ path: "/tyk/reload/group", port: 9000, scope: "group" },
      expect: { match: { "$.status": "ok" } },
    });
    const secret = (headers as Readonly<Record<string, pulumi.Output<string>>>)["x-tyk-authorization"];
    assert.ok(secret !== undefined && (await pulumi.isSecret(secret)));
  });

  it("rejects what the gateway would accept and fail with later", () => {
    rejects({ secret: PUBLIC_DEFAULT }, /secret: is the public default of Tyk's examples/);
    rejects({ nodeSecret: PUBLIC_DEFAULT }, /nodeSecret: is the public default/);
    rejects({ secret: "CHANGEME" }, /secret: is the public default/);
    rejects({ secret: " " }, /secret: must not be empty/);
    rejects({ secret: undefined }, /secret: is missing/);
    rejects({ version: "latest" }, /version: must be a version such as '5\.8\.3', got 'latest'/);
    rejects({ listenPort: 0 }, /listenPort: must be a port from 1 to 65535, got 0/);
    rejects({ redis: {} }, /redis: set either 'host' or 'addresses'/);
    rejects({ redis: { host: "a", addresses: ["b:1"] } }, /redis: set either/);
    rejects({ redis: { host: "redis:6379" } }, /redis\.host: must be a host without scheme and port/);
    rejects({ redis: { addresses: ["a"] } }, /redis\.addresses\[0\]: must be 'host:port'/);
    rejects({ redis: { addresses: ["a:1"], port: 2 } }, /redis\.port: has no effect/);
    rejects({ tags: ["a,b"] }, /tags: must be a list of texts with neither blanks nor commas, got \['a,b'\]/);
    rejects({ version: "2.9.2" }, /version: must be 2\.9\.3 or later/);
    rejects({ appPath: "apps" }, /appPath: must be an absolute path/);
    rejects({ analytics: true }, /analytics: needs a control plane/);
    const controlPlane = { ...HYBRID.controlPlane, connectionString: "https://mdcb.example.com" };
    rejects({ controlPlane }, /controlPlane\.connectionString: must be 'host:port' without a scheme/);
    rejects({ controlPlane: HYBRID.controlPlane, policyFile: "/p" }, /policyFile: has no effect/);
  });

  it("rejects a setting that has no effect beside another", () => {
    const { controlPlane } = HYBRID;
    const redis = { host: "a", password: "p" };
    rejects({ controlPlane, appPath: "/apps" }, /appPath: has no effect with a control plane/);
    rejects({ tags: ["edge"] }, /tags: need a control plane/);
    rejects({ redis: { host: "a", username: "u" } }, /redis\.username: has no effect without 'password'/);
    rejects({ redis: { ...redis, cluster: true, database: 1 } }, /redis\.database: must be 0 with 'cluster'/);
    rejects({ redis: { addresses: ["a:1", "b:1"] } }, /redis\.addresses: needs 'cluster: true'/);
    const open = { ...controlPlane, useSsl: false, insecureSkipVerify: true };
    rejects({ controlPlane: open }, /controlPlane\.insecureSkipVerify: has no effect without TLS/);
  });

  it("rejects what the compiler does not see in JavaScript", () => {
    for (const database of [Number.NaN, -1, 1.5, "0", 2 ** 60])
      rejects({ redis: { host: "a", database } }, /redis\.database: must be a whole number from 0/);
    rejects({ redis: { host: "a", database: pulumi.output(1) } }, /redis\.database: cannot be an output/);
    rejects({ redis: { host: "a", username: pulumi.secret("u") } }, /redis\.username: cannot be an output/);
    for (const useSsl of ["false", null, 0]) {
      rejects({ redis: { host: "a", useSsl } }, /redis\.useSsl: must be true or false/);
      rejects({ controlPlane: { ...HYBRID.controlPlane, useSsl } }, /controlPlane\.useSsl: must be true or false/);
    }
    rejects({ hashKeyFunction: "md5" }, /hashKeyFunction: must be one of murmur32, .*, got 'md5'/);
    rejects({ tags: "edge" }, /tags: must be a list, got 'edge'/);
    rejects({ controlPlane: null }, /controlPlane: must be an object, got null/);
    rejects({ redis: undefined }, /redis: is missing/);
    rejects({ redis: pulumi.output({ host: "a" }) }, /redis: cannot be an output/);
    rejects({ secret: 12345678 }, /secret: must be a text, not a number/);
    rejects({ policyFile: "/a\nb" }, /policyFile: must be an absolute path/);
    rejects({ controlplane: {} }, /controlplane: is no setting\. Did you mean 'controlPlane'\?/);
    rejects({ redis: { host: "a", hostname: "b" } }, /redis\.hostname: is no setting\. Did you mean 'host'\?/);
    const controlPlane = { ...HYBRID.controlPlane, licence: "x" };
    rejects({ controlPlane }, /controlPlane\.licence: is no setting\. Known are connectionString, /);
  });

  it("rejects texts that were read with their line break, without showing secrets", () => {
    for (const secret of [`${SECRET}\n`, ` ${SECRET}`, `${SECRET}\0`]) {
      rejects({ secret }, /secret: must not /);
      rejects({ redis: { host: "a", password: secret } }, /redis\.password: must not /);
      rejects({ controlPlane: { ...HYBRID.controlPlane, apiKey: secret } }, /controlPlane\.apiKey: must not /);
    }
    rejects({ controlPlane: { ...HYBRID.controlPlane, groupId: "edge\n" } }, /controlPlane\.groupId: must not /);
    rejects({ secret: `${PUBLIC_DEFAULT}\n` }, /secret: is the public default/);
  });

  it("takes hosts that Tyk can put a port behind, and no others", async () => {
    for (const host of ["redis", "a.b-c.internal", "10.0.0.7", "[fd00::7]", "my_redis"])
      assert.equal((await environmentOf({ ...SIMPLE, redis: { host } }))["TYK_GW_STORAGE_HOST"], host);
    rejects({ redis: { host: "fd00::7" } }, /redis\.host: must have brackets around an IPv6 address: '\[fd00::7\]'/);
    for (const host of ["cafe:6379", "[::1", "u@redis", "redis/0", "[:::::]", "redis.internal-", "a,b"])
      rejects({ redis: { host } }, /redis\.host: must be a host without scheme and port/);
    for (const address of ["[:::::]:1", "a:0", "a:65536", "u@a:1", "fd00::7:6379", "a:1\n", "a :1"])
      rejects({ redis: { addresses: [address] } }, /redis\.addresses\[0\]: must be 'host:port'/);
  });

  it("does not set how often an old gateway checks, which may read nanoseconds as seconds", () => {
    // Source: TykTechnologies/tyk, `gateway/health_check.go`: `time.NewTicker(time.Second * n)` before, `time.NewTicker(n)` now.
    assert.equal(configOf({ ...SIMPLE, version: "4.3.0" })["liveness_check"], undefined);
    assert.deepEqual(configOf({ ...SIMPLE, version: "5.7.1" })["liveness_check"], { check_duration: 2_000_000_000 });
  });

  it("checks outputs as soon as they are known", async () => {
    const { env } = unikernel.tyk({ ...SIMPLE, secret: pulumi.secret(PUBLIC_DEFAULT), nodeSecret: "other" });
    const { TYK_GW_SECRET: output } = env;
    assert.ok(output !== undefined);
    await assert.rejects((output as unknown as { promise(): Promise<string> }).promise(), /is the public default/);
  });

  it("blames the property that is wrong, with one error whose text stays", async () => {
    const { env } = unikernel.tyk({ ...SIMPLE, secret: pulumi.secret(PUBLIC_DEFAULT) });
    const errors: unknown[] = [];
    for (const name of ["TYK_GW_SECRET", "TYK_GW_NODESECRET"]) {
      const { promise } = env[name] as unknown as { promise(): Promise<string> };
      await promise().catch((error: unknown) => errors.push(error));
    }
    const [first, second] = errors as [Error, Error];
    // @pulumi/pulumi prints errors once by identity.
    assert.equal(first, second);
    // As @pulumi/pulumi 3.270.0 does in `runtime/rpc.js`.
    first.message = `error serializing property "template": ${first.message}`;
    assert.match(first.message, /^INPUT_INVALID: tyk: secret: is the public default/);
    assert.ok(pulumi.RunError.isInstance(first));
  });

  it("returns what a Service takes", async () => {
    const { gate, scaleToZero, listenPort } = unikernel.tyk(HYBRID);
    const env = await environmentOf(HYBRID);
    const image = `gateway@sha256:${"0".repeat(64)}`;
    const { failures } = await check(
      service,
      {},
      {
        ports: [{ port: 443, destinationPort: listenPort, handlers: ["tls", "http"] }],
        template: { image, memoryMb: 512, env, scaleToZero },
        rollout: { gate },
      },
    );
    assert.deepEqual(failures, []);
  });
});
