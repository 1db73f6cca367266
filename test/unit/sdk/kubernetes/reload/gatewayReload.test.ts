import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { answerInvokes } from "../../../../../provider/pulumi/invoke";
import { GatewayOnKubernetes, GatewayReload, type GatewayReloadArgs } from "../../../../../sdk/kubernetes";
import { checksumOf } from "../../../../../sdk/kubernetes/reload/job";
import { mockPlatform } from "../../../../../sdk/testing";

type Tree = { readonly [name: string]: Tree } & string & number & readonly Tree[];

const GATEWAY = { controlUrl: "http://edge-control.edge.svc:9696", secret: "gateway-password", namespace: "edge" };

async function create(args: Partial<GatewayReloadArgs>) {
  const platform = mockPlatform();
  const jobName = await platform.run(
    () => new GatewayReload("reload", { gateway: GATEWAY, reloadOn: ["v1"], ...args }).jobName,
  );
  const find = (kind: string): Tree => platform.find(`kubernetes:${kind}`, "reload").inputs as Tree;
  return { platform, jobName, job: find("batch/v1:Job"), secret: find("core/v1:Secret") };
}

describe("a GatewayReload", function () {
  after(() => answerInvokes(undefined)); // other tests of this process ask a metro
  this.timeout(60_000); // the first run loads @pulumi/kubernetes

  it("asks one gateway to tell all, from a Job that has the password from a file", async () => {
    const { job, secret, jobName } = await create({});
    assert.equal(jobName, "reload");
    const pod = job["spec"]?.["template"]?.["spec"];
    const container = pod?.["containers"]?.[0];
    assert.deepEqual(container?.["command"], ["curl"]);
    assert.deepEqual(container?.["args"], [
      ...["--silent", "--show-error", "--fail", "--max-time", "10"],
      ...["--retry", "100", "--retry-max-time", "120", "--retry-connrefused"],
      ...["--header", "@/etc/gateway-reload/header", "$(RELOAD_URL)"],
    ]);
    assert.deepEqual(container?.["env"], [
      { name: "GATEWAY_URL", value: "http://edge-control.edge.svc:9696" },
      { name: "RELOAD_URL", value: "$(GATEWAY_URL)/tyk/reload/group" },
    ]);
    assert.equal(secret["stringData"]?.["header"], "x-tyk-authorization: gateway-password");
    assert.ok(!JSON.stringify(job).includes("gateway-password"));
    assert.equal(pod?.["restartPolicy"], "Never");
  });

  it("does not try again when the gateways refuse, and ends in time", async () => {
    const { job } = await create({ withinMs: 30_000 });
    assert.deepEqual(job["spec"]?.["podFailurePolicy"], {
      rules: [{ action: "FailJob", onExitCodes: { containerName: "reload", operator: "In", values: [22] } }],
    });
    assert.equal(job["spec"]?.["activeDeadlineSeconds"], 40);
  });

  it("stays, so that a refresh finds it and the next update does nothing", async () => {
    const { job } = await create({});
    assert.equal(job["spec"]?.["ttlSecondsAfterFinished"], undefined);
  });

  it("keeps what it is for as a hash in its Secret, which changes with the values alone", async () => {
    const { secret } = await create({ reloadOn: [{ b: [2], a: 1 }] });
    // printf '[{"a":1,"b":[2]}]' | sha256sum
    const expected = "260e4ee6b9489ceeb7d1d1575a03d2afd269b98ebb449d366e8e2aa73b39038a";
    assert.equal(secret["stringData"]?.["configuration"], expected);
    assert.notEqual(checksumOf([{ a: 1, b: [3] }]), expected);
    assert.notEqual(checksumOf([7n]), checksumOf([8n]), "numbers that JSON has no form for");
    assert.equal(secret["immutable"], true);
  });

  it("takes a GatewayOnKubernetes", async () => {
    const platform = mockPlatform();
    await platform.run(() => {
      const gateway = new GatewayOnKubernetes("edge", {
        image: "tyk-gateway:v5.8.3",
        tyk: { version: "5.8.3", secret: "gateway-password" },
        redis: { host: "redis" },
        namespace: "edge",
      });
      return new GatewayReload("reload", { gateway, reloadOn: [pulumi.secret("definition")] }).jobName;
    });
    const { inputs } = platform.find("kubernetes:batch/v1:Job", "reload");
    const [{ value }] = (inputs as Tree)["spec"]?.["template"]?.["spec"]?.["containers"]?.[0]?.["env"] as unknown as [
      { value: string },
    ];
    assert.equal(value, "http://edge-control.edge.svc:9696");
    assert.equal((inputs as Tree)["metadata"]?.["namespace"], "edge");
  });

  it("rejects a name that its Job cannot have", async () => {
    const named = (name: string) =>
      mockPlatform().run(() => new GatewayReload(name, { gateway: GATEWAY, reloadOn: ["v1"] }).jobName);
    await named("r".repeat(54));
    for (const name of ["r".repeat(55), "Reload"])
      await assert.rejects(named(name), /INPUT_INVALID: GatewayReload '.*': its objects .* use at most 54 lower-case/);
  });

  for (const [title, change, message] of [
    ["an empty list", { reloadOn: [] }, /reloadOn: must be a list with at least one value/],
    ["a part of a second", { withinMs: 1_500 }, /withinMs: must be whole seconds in milliseconds, 1000 to 3600000/],
    ["no gateway", { gateway: undefined }, /gateway: is missing/],
    ["null as a gateway", { gateway: null }, /gateway: must be a GatewayOnKubernetes, or an object with controlUrl/],
    ["a gateway without a URL", { gateway: { secret: "a", namespace: "b" } }, /gateway: must be a GatewayOnKubernetes/],
  ] as const)
    it(`rejects ${title}`, async () => {
      await assert.rejects(
        create(change as unknown as Partial<GatewayReloadArgs>),
        new RegExp(`INPUT_INVALID: GatewayReload 'reload': ${message.source}`),
      );
    });
});
