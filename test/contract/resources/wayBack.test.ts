/** Rollouts that fail on the local platform, and the way back. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { UnikernelError } from "../../../provider/base/errors";
import { freePort } from "../../support/freePorts";
import { type ExistingResource, ResourceDriver } from "../../support/resourceDriver";
import { type Item, TestPlatform, webGuest } from "../../support/testPlatform";

/** Exits at once, and again after each restart. */
const crashing = { ...webGuest("crashing"), exits: { afterMs: 1, exit: { kind: "exited" as const, exitCode: 7 } } };

describe("a rollout that fails on the local platform", () => {
  let platform: TestPlatform;
  let services: ResourceDriver;
  let held: ExistingResource;
  let port: number;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    services = new ResourceDriver(platform, "Service");
    port = await freePort();
  });
  afterEach(() => platform.close());

  const program = (more: object) => ({
    name: "web",
    replicas: 2,
    ports: [{ port, destinationPort: 80 }],
    ...more,
  });
  const template = (version: string) => ({
    image: "app:1",
    memoryMb: version === "2" ? 256 : 128,
    env: { VERSION: version },
  });
  const replicas = async (): Promise<readonly Item[]> => {
    const listed = await platform.api("GET", "/v1/instances");
    return Promise.all(listed.items.map(({ uuid }) => platform.instance(uuid)));
  };
  const summary = (items: readonly Item[]) =>
    items.map(({ uuid, state, rotation, env, autokill, memory_mb }) => {
      const { VERSION = "" } = env as { VERSION?: string };
      return [uuid, state, rotation, VERSION, memory_mb, autokill ?? undefined].join();
    });
  const failUpdate = async (rollout: object) => {
    const error: unknown = await services
      .update(held, program({ rollout, template: template("2") }))
      .catch((e: unknown) => e);
    assert.ok(UnikernelError.has(error, "ROLLOUT_FAILED") && error.details["rolledBack"] === true, String(error));
  };

  it("changes the members of inPlace back", async () => {
    const rollout = { strategy: "inPlace", stableForMs: 300 };
    // The second member to be changed does not work with the new template.
    const changed = new Set<string>();
    platform.setDefaultGuest((name) => {
      const isNew = platform.vmm.starts.at(-1)?.memoryMb === 256;
      if (isNew) changed.add(name);
      return isNew && changed.size === 2 ? crashing : webGuest(name);
    });
    held = await services.create(program({ rollout, template: template("1") }));
    const before = summary(await replicas());
    await failUpdate(rollout);
    assert.equal(changed.size, 2);
    assert.deepEqual(summary(await replicas()).toSorted(), before.toSorted());
    assert.deepEqual(await services.drift(held), []);
  });

  it("starts the members again that blueGreen kept", async () => {
    held = await services.create(program({ template: template("1") }));
    const before = summary(await replicas());
    const old = new Set((await replicas()).map(({ uuid }) => uuid));
    const watch = new AbortController();
    // A new member crashes for good as soon as the old ones are marked as kept.
    const watching = (async () => {
      while (!watch.signal.aborted) {
        const all = await replicas();
        const isKept = all.some(({ tags }) => (tags as string[]).some((tag) => tag.startsWith("retired-by")));
        const isNew = all.find(({ uuid }) => !old.has(uuid));
        if (isKept && isNew !== undefined) {
          platform.guests.set(isNew.name, crashing);
          platform.vmm.end(isNew.uuid, { kind: "exited", exitCode: 7 });
          return;
        }
        await sleep(1);
      }
    })();
    const rollout = { strategy: "blueGreen", keepOldForMs: 600_000 };
    // The new members are looked at once more before the rollout ends.
    const { client } = services.context;
    const send = client.patchInstances.bind(client);
    Object.assign(client, {
      patchInstances: async (...args: Parameters<typeof send>) => {
        const response = await send(...args);
        if (JSON.stringify(args[0]).includes("retired-by")) await sleep(300);
        return response;
      },
    });
    await failUpdate(rollout).finally(() => watch.abort());
    await watching;
    assert.deepEqual(summary(await replicas()).toSorted(), before.toSorted());
    assert.deepEqual(await services.drift(held), []);
  });
});
