/** Volumes that grow under running instances, on the local platform. */
import assert from "node:assert/strict";
import * as http from "node:http";
import { UnikernelError, formatError } from "../../../provider/base/errors";
import { ResourceInitFailedError } from "../../../provider/definition/initFailed";
import { hasPendingStart } from "../../../provider/pulumi/dynamic/state";
import { freePort } from "../../support/freePorts";
import { eventually } from "../../support/localPlatform";
import { type ExistingResource, ResourceDriver } from "../../support/resourceDriver";
import { type Item, TestPlatform } from "../../support/testPlatform";

const STACK = "0123456789ab";
const OWN_MARK = `pulumi:${STACK}:0123456789abcdef`;
const OWNERSHIP = { stackHash: STACK, resourceHash: "fedcba9876543210", hasDerivedName: false };
const VOLUME_MARK = `pulumi:${STACK}:fedcba9876543210`;

/** The text of an update's error, and whether the volume's state was read after it. */
async function failure(promise: Promise<unknown>): Promise<{ text: string; isPartial: boolean; sizeMb: unknown }> {
  const error: unknown = await promise.then(
    () => assert.fail("it resolved"),
    (e: unknown) => e,
  );
  const isPartial = error instanceof ResourceInitFailedError;
  const cause = isPartial ? error.cause : error;
  assert.ok(UnikernelError.is(cause), String(error));
  return { text: formatError(cause), isPartial, sizeMb: isPartial ? error.outputs["sizeMb"] : undefined };
}

describe("growing a volume under running instances", () => {
  let platform: TestPlatform;
  let volumes: ResourceDriver;
  let data: ExistingResource;
  let user: Item;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    volumes = new ResourceDriver(platform, "Volume");
    Object.assign(volumes.context, { ownership: OWNERSHIP });
    data = await volumes.create({ name: "data", sizeMb: 16, tags: ["mine"] });
    user = await createUser("user");
  });
  afterEach(() => platform.close());

  const createUser = (name: string, more: Record<string, unknown> = {}): Promise<Item> =>
    platform.createRunning({
      name,
      tags: [OWN_MARK],
      volumes: [{ uuid: data.id, at: "/data" }],
      ...more,
    });
  const grow = (more: object = {}, from = data): Promise<ExistingResource> =>
    volumes.update(from, { name: "data", sizeMb: 32, tags: ["mine"], allowRestart: true, ...more });
  const told = () => platform.requestItem("GET", `/v1/volumes?uuid=${data.id}`);
  const startsOf = async ({ uuid }: Item) => (await platform.instance(uuid))["start_count"];

  it("stops the instance, grows the volume, and starts the instance again", async () => {
    const grown = await grow();
    const item = await told();
    assert.deepEqual([grown.state["sizeMb"], item["size_mb"], item["tags"]], [32, 32, ["mine", VOLUME_MARK]]);
    assert.deepEqual([(await platform.instance(user.uuid))["state"], await startsOf(user)], ["running", 2]);
    assert.deepEqual(await volumes.drift(grown), []);
  });

  it("changes everything else in the same update, and stops nothing for that alone", async () => {
    const grown = await grow({ tags: ["other"], quotaPolicy: "dynamic", deleteLock: true });
    const item = await told();
    assert.deepEqual(
      [item["size_mb"], item["quota_policy"], item["delete_lock"], (item["tags"] as string[])[0]],
      [32, "dynamic", true, "other"],
    );
    assert.equal(await startsOf(user), 2);
    await grow({ tags: ["again"] }, grown);
    assert.equal(await startsOf(user), 2);
  });

  it("lets a member of a service finish its requests first", async () => {
    await platform.requestItem("DELETE", "/v1/instances", [{ uuid: user.uuid }]);
    let finish: (() => void) | undefined;
    const server = http.createServer((_request, response) => (finish = () => response.end("finished")));
    platform.guests.set("member", {
      serve: (socket) => void server.emit("connection", socket),
      onStop: { kind: "exited", exitCode: 0 },
    });
    const port = await freePort();
    const member = await createUser("member", {
      service_group: { name: "web", services: [{ port, destination_port: 8080 }] },
    });
    const response = new Promise<string>((resolve, reject) => {
      http
        .get({ host: "127.0.0.1", port, agent: false }, (reply) => {
          let text = "";
          reply.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
          reply.on("end", () => resolve(text));
        })
        .on("error", reject);
    });
    await eventually("the request reached the guest", () => finish !== undefined);
    const growing = grow();
    await platform.waitForItem(member.uuid, ({ state }) => state === "draining");
    finish?.();
    assert.equal(await response, "finished");
    await growing;
    assert.equal(await startsOf(member), 2);
  });

  it("fails before it stops anything without allowRestart, or for an instance of another stack", async () => {
    const denied = await failure(grow({ allowRestart: false }));
    assert.deepEqual(denied, {
      text: "IN_USE: sizeMb: Volume 'data' cannot grow while instance 'user' uses it. Set allowRestart: true on the volume to let the update stop instance 'user', grow the volume and start it again.",
      isPartial: false,
      sizeMb: undefined,
    });
    await platform.requestItem("PATCH", "/v1/instances", [{ uuid: user.uuid, prop: "tags", op: "set", value: ["x"] }]);
    const foreign = await failure(grow());
    assert.match(foreign.text, /^IN_USE: sizeMb: .* 'user' uses it, which this stack does not manage\./);
    assert.deepEqual([await startsOf(user), (await told())["size_mb"]], [1, 16]);
  });

  it("starts the instance again if the volume cannot grow", async () => {
    const failed = await failure(grow({ sizeMb: 1_000_000 }));
    assert.match(
      failed.text,
      /^API_REJECTED: sizeMb: Changing volume 'data' .* failed: 'size_mb' must be between 8 and 20480/,
    );
    assert.deepEqual([failed.isPartial, failed.sizeMb], [true, 16]);
    const again = await platform.waitForItem(user.uuid, ({ state }) => state === "running");
    assert.equal(again["start_count"], 2);
    assert.deepEqual((await told())["tags"], ["mine", VOLUME_MARK]);
  });

  /** What an update leaves that is killed after it stopped the instance. */
  async function killedUpdate(sizeMb?: number): Promise<void> {
    const patch = (prop: string, value: unknown) => ({ uuid: data.id, prop, op: "set", value });
    await platform.requestItem("PATCH", "/v1/volumes", [patch("tags", ["mine", `${VOLUME_MARK}:growing`])]);
    await platform.requestItem("PUT", "/v1/instances/stop", [{ uuid: user.uuid }]);
    await platform.waitForItem(user.uuid, ({ state }) => state === "stopped");
    if (sizeMb !== undefined) await platform.requestItem("PATCH", "/v1/volumes", [patch("size_mb", sizeMb)]);
  }

  for (const [when, sizeMb] of [
    ["before", undefined],
    ["after", 32],
  ] as const) {
    it(`starts what an update stopped that was killed ${when} the growth`, async () => {
      await killedUpdate(sizeMb);
      const seen = { ...data.state, ...(await volumes.read(data.id))?.outputs };
      assert.equal(hasPendingStart(seen), true, "a refresh notices it");
      const grown = await grow();
      const item = await told();
      assert.deepEqual([item["size_mb"], item["tags"]], [32, ["mine", VOLUME_MARK]]);
      assert.deepEqual([(await platform.instance(user.uuid))["state"], await startsOf(user)], ["running", 2]);
      assert.deepEqual([await volumes.drift(grown), hasPendingStart(grown.state)], [[], false]);
    });
  }

  it("leaves an instance down that somebody else stopped", async () => {
    await platform.requestItem("PUT", "/v1/instances/stop", [{ uuid: user.uuid }]);
    await platform.waitForItem(user.uuid, ({ state }) => state === "stopped");
    await grow({ allowRestart: false });
    assert.deepEqual([(await told())["size_mb"], (await platform.instance(user.uuid))["state"]], [32, "stopped"]);
  });
});
