/** The lock of a rollout on the local platform. */
import assert from "node:assert/strict";
import { UnikernelError } from "../../../provider/base/errors";
import { rollStatus } from "../../../provider/cli/roll/status";
import { rollStop } from "../../../provider/cli/roll/stop";
import { ResourceInitFailedError } from "../../../provider/definition/initFailed";
import { identityOf } from "../../../provider/definition/identity";
import { getServices } from "../../../provider/functions/services";
import { freePort } from "../../support/freePorts";
import { eventually } from "../../support/localPlatform";
import { type ExistingResource, ResourceDriver } from "../../support/resourceDriver";
import { TestPlatform } from "../../support/testPlatform";

const causeOf = async (promise: Promise<unknown>): Promise<UnikernelError> => {
  const error: unknown = await promise.then(
    () => assert.fail("it resolved"),
    (e: unknown) => e,
  );
  const cause = error instanceof ResourceInitFailedError ? error.cause : error;
  assert.ok(UnikernelError.is(cause), String(error));
  return cause;
};

/** A driver that runs as a resource of this stack. */
function driverOf(platform: TestPlatform, stack: string): ResourceDriver {
  const urn = `urn:pulumi:${stack}::shop::unikernel:index:Service::web`;
  const driver = new ResourceDriver(platform, "Service");
  Object.assign(driver.context, { urn, ownership: { ...identityOf(undefined, urn), hasDerivedName: false } });
  return driver;
}

describe("the lock of a service", () => {
  let platform: TestPlatform;
  let prod: ResourceDriver;
  let web: ExistingResource;
  let ports: readonly object[];
  const env = { ...process.env };
  const rollout = { stableForMs: 300 };
  before(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    process.env["UKC_TOKEN"] = platform.daemon.token;
    prod = driverOf(platform, "prod");
    ports = [{ port: await freePort(), destinationPort: 80 }];
    web = await prod.create({ name: "web", ports, rollout, replicas: 2, template: { image: "app:1" } });
  });
  after(async () => {
    process.env = env;
    await platform.close();
  });

  const version = (mode: string) => ({
    ...{ name: "web", ports, rollout, replicas: 2 },
    template: { image: "app:1", env: { MODE: mode } },
  });
  const groups = async () => (await platform.api("GET", "/v1/services")).items.map(({ name }) => name);
  const isLocked = async () => (await groups()).includes(`rollout-lock-${web.id}`);
  const modes = async () => {
    const items = (await platform.api("GET", "/v1/instances")).items as unknown as { env?: { MODE?: string } }[];
    return items.map(({ env: { MODE = "" } = {} }) => MODE).sort();
  };

  it("is not needed for a new service, nor for an update that changes no replica", async () => {
    let created = 0;
    const { createService } = prod.context.client;
    Object.assign(prod.context.client, {
      createService: (...args: Parameters<typeof createService>) => {
        created++;
        return createService(...args);
      },
    });
    web = await prod.update(web, { ...version(""), template: { image: "app:1" }, hardLimit: 1000 });
    assert.equal(created, 0);
    web = await prod.update(web, version("blue"));
    assert.equal(created, 1);
    assert.deepEqual(await groups(), ["web"]);
  });

  it("rejects a second stack with the name of the first, which finishes; functions do not list it", async () => {
    const rolling = prod.update(web, version("green"));
    await eventually("it is locked", isLocked);
    const error = await causeOf(driverOf(platform, "dev").update(web, version("red")));
    assert.equal(error.code, "ROLLOUT_LOCKED");
    assert.match(
      error.message,
      new RegExp(
        `^Service 'web' is being rolled out by stack 'shop-prod', process ${process.pid} on this machine, since 20`,
      ),
    );
    const listed = await getServices.run(prod.context as never, {});
    assert.deepEqual(
      (listed as { services: { name: string }[] }).services.map(({ name }) => name),
      ["web"],
    );
    web = await rolling;
    assert.deepEqual([await modes(), await groups()], [["green", "green"], ["web"]]);
  });

  it("is shown, with the replicas of the new template and the others", async () => {
    const metro = ["--metro", platform.daemon.url];
    assert.match(await rollStatus(["web", ...metro]), /^No rollout of service 'web' .* is running\.\n2 replicas, 2 /);
    const rolling = prod.update(web, version("white"));
    await eventually("it has begun", async () => (await modes()).includes("white"));
    const text = await rollStatus(["web", ...metro]);
    assert.match(
      text,
      /^A rollout of service 'web' in metro .* is held by stack 'shop-prod', process \d+ on this machine, since 20/,
    );
    assert.match(text, /\n {2}newest template:\n {4}web-\w+ .*\n {2}other templates:\n {4}web-\w+ .*, ready\n/);
    assert.match(text, /\nIt(s new replicas are ready: it)? waits until /);
    assert.ok(text.endsWith(`\n'npx unikernel roll stop web ${metro.join(" ")}' ends it before its next step.`), text);
    const status = JSON.parse(await rollStatus(["--json", ...metro, "web"])) as {
      rollout: { stack: string; pid: number; isOnThisMachine: boolean } | null;
      phase: string;
      members: readonly { isNewest: boolean }[];
    };
    assert.ok(status.rollout !== null);
    const { stack, pid, isOnThisMachine } = status.rollout;
    assert.deepEqual([stack, pid, isOnThisMachine], ["shop-prod", process.pid, true]);
    assert.ok(["waiting", "between", "draining"].includes(status.phase), status.phase);
    assert.ok(status.members.some(({ isNewest }) => isNewest) && status.members.some(({ isNewest }) => !isNewest));
    web = await rolling;
    assert.deepEqual(await modes(), ["white", "white"]);
  });

  it("can be broken: the rollout ends after its step, and the next update finishes it", async () => {
    const rolling = causeOf(prod.update(web, version("blue")));
    await eventually("it is locked", isLocked);
    const text = await rollStop(["web", "--metro", platform.daemon.url]);
    assert.match(
      text,
      /^Removed the lock of service 'web' in metro .*, held by stack 'shop-prod', process \d+ on this machine/,
    );
    assert.match(
      text,
      /\nThat rollout ends with an error before its next step, and its replicas stay .*; if its current step is the last one, it succeeds\.\n/,
    );
    const error = await rolling;
    assert.equal(error.code, "ROLLOUT_STOPPED");
    const between = await modes();
    assert.ok(between.includes("white"), between.join());
    assert.match(
      await rollStop(["web", "--metro", platform.daemon.url]),
      /^No rollout of service 'web' .* is running\.$/,
    );
    web = await prod.update(web, version("blue"));
    assert.deepEqual([await modes(), await groups()], [["blue", "blue"], ["web"]]);
  });

  it("ends after the current step when the user asks for it", async () => {
    const stop = new AbortController();
    Object.assign(prod.context, { stopRequest: stop.signal });
    const rolling = causeOf(prod.update(web, version("red")));
    await eventually("it has begun", async () => (await modes()).includes("red"));
    stop.abort();
    const error = await rolling;
    Object.assign(prod.context, { stopRequest: undefined });
    assert.equal(error.code, "ROLLOUT_STOPPED");
    assert.match(error.message, /was cancelled before its next step/);
    const between = await modes();
    assert.ok(between.includes("blue") && between.includes("red"), between.join());
    assert.deepEqual(await groups(), ["web"]);

    web = await prod.update(web, version("red"));
    assert.deepEqual(await modes(), ["red", "red"]);
  });

  it("is taken over once its process is gone, and goes with its service", async () => {
    const abandoned = `shop-prod-${identityOf(undefined, "urn:pulumi:prod::shop::t::n").stackHash}-1-00000000`;
    const lock = { name: `rollout-lock-${web.id}`, services: [], autokill: { time_ms: 600_000 } };
    await platform.requestItem("POST", "/v1/services", { ...lock, domains: [{ name: abandoned }] });
    web = await prod.update(web, version("green"));
    assert.deepEqual([await modes(), await groups()], [["green", "green"], ["web"]]);
    await platform.requestItem("POST", "/v1/services", { ...lock, domains: [{ name: abandoned }] });
    await prod.delete(web);
    assert.deepEqual(await groups(), []);
  });
});
