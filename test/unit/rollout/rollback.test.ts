import assert from "node:assert/strict";
import type { InstanceItem } from "../../../provider/contract/models";
import { UnikernelError } from "../../../provider/base/errors";
import { captureReplicas } from "../../../provider/resources/service/rollout/capture";
import { isManaged } from "../../../provider/resources/service/wire";
import { MANAGED_TAG } from "../../../provider/resources/service/replicaTags";
import { type CapturedMember, replacementsFor, restorable } from "../../../provider/rollout/failure/captured";
import type { RolloutEvent } from "../../../provider/rollout/events";
import type { RolloutPolicy } from "../../../provider/rollout/policy";
import type { Rollout } from "../../../provider/rollout/rolloutRequest";
import { runRollout } from "../../../provider/rollout/run";
import { FakeServiceGroup, type InstanceTimeline, SERVICE } from "../../support/fakeServiceGroup";

const POLICY: RolloutPolicy = {
  strategy: "rolling",
  steps: [],
  keepOldForMs: 0,
  onFailure: "rollback",
  gate: undefined,
  desired: 2,
  maxSurge: 1,
  maxUnavailable: 0,
  stableForMs: 0,
  healthyWithinMs: 30_000,
  drainTimeoutMs: 1000,
};
const crashes: InstanceTimeline = () => ({ state: "stopped", stop_reason: 3, exit_code: 7 });

describe("the failure of a rollout", () => {
  let group: FakeServiceGroup;
  let names: number;
  beforeEach(() => {
    group = new FakeServiceGroup();
    names = 0;
  });

  const request = (image: string, more: object = {}) => ({
    name: `web-${++names}`,
    image,
    tags: [MANAGED_TAG],
    ...more,
  });
  const versions = () => group.items().map(({ image }) => (image ?? "").slice(-2));
  const rolling = (policy: Partial<RolloutPolicy> = {}, more: Partial<Rollout> = {}): Rollout => ({
    client: group.client,
    clock: group.clock,
    service: SERVICE,
    policy: { ...POLICY, ...policy },
    timeoutMs: 60_000,
    isNew: ({ image }: InstanceItem) => (image ?? "").endsWith("v2"),
    isManaged,
    createRequest: () => request("v2"),
    captured: captureReplicas(group.items(), {
      policy,
      template: undefined,
      base: () => ({ name: `web-${++names}`, service_group: { uuid: SERVICE.uuid } }),
      change: () => Promise.resolve(),
    }),
    ...more,
  });
  const failing = async (rollout: Rollout): Promise<UnikernelError> => {
    const error: unknown = await runRollout(rollout).then(
      () => assert.fail("it resolved"),
      (e: unknown) => e,
    );
    assert.ok(UnikernelError.is(error), String(error));
    return error;
  };
  /** Receives events as text, but those of waits. */
  const recordInto =
    (phases: string[]) =>
    ({ phase, member, detail }: RolloutEvent): void => {
      if (phase !== "waiting") phases.push([phase, member, detail].filter((part) => part !== undefined).join(" "));
    };
  /** The second new member crashes. */
  const secondCrashes = () => {
    let count = 0;
    group.onCreate = ({ image }) => {
      if (image === "v2") group.lives.set("v2", ++count === 2 ? crashes : () => ({ state: "running", net_time_us: 1 }));
      return "respond";
    };
  };

  it("leaves the old members alone if none was replaced yet", async () => {
    const old = [group.add(request("v1")), group.add(request("v1"))];
    group.lives.set("v2", crashes);
    const phases: string[] = [];
    const error = await failing(
      rolling(
        {},
        { onEvent: recordInto(phases), reportConsole: () => Promise.resolve("Its last lines are in the output.") },
      ),
    );
    assert.deepEqual([error.code, error.details["rolledBack"]], ["ROLLOUT_FAILED", true]);
    assert.match(
      error.message,
      /^The rollout of service 'web' failed and was rolled back\. 2 old replicas serving as before\. Cause: Instance 'web-3' stopped: the program exited with code 7\. Its last lines are in the output\./,
    );
    assert.deepEqual([...group.instances.keys()], old);
    assert.deepEqual(phases, [
      "started rolling, to 2 replicas",
      "launched web-3",
      "failed web-3 the program exited with code 7",
      "rollingBack to 2 replicas",
      "removed web-3",
      "rolledBack 2 old replicas serving as before.",
    ]);
  });

  it("launches a replaced member from its own image, environment, arguments and memory", async () => {
    const [first = ""] = [
      group.add(request("v1", { env: { A: "1" }, args: ["/a"], memory_mb: 256, tags: [MANAGED_TAG, "blue"] })),
      group.add(request("v1", { env: { A: "2" } })),
    ];
    secondCrashes();
    let fewest = 2;
    group.onChange = () => {
      const serving = group.items().filter(({ state }) => state === "running").length;
      fewest = Math.min(fewest, serving);
    };
    await failing(rolling());
    assert.deepEqual([versions(), fewest, group.instances.has(first)], [["v1", "v1"], 2, false]);
    const restored = [...group.instances.values()].at(-1)?.request ?? assert.fail("none");
    const { name: _unique, service_group: _group, ...rest } = restored;
    assert.deepEqual(rest, {
      ...{
        image: "oci://registry.test/v1",
        env: { A: "1" },
        args: ["/a"],
        memory_mb: 256,
        tags: [MANAGED_TAG, "blue"],
      },
      ...{ autostart: true, restart_policy: "always" },
    });
  });

  it("reports the way back as a part of the rollout, which has one end", async () => {
    group.add(request("v1"));
    group.add(request("v1"));
    secondCrashes();
    const phases: string[] = [];
    await failing(rolling({}, { onEvent: recordInto(phases) }));
    const back = phases.slice(phases.findIndex((phase) => phase.startsWith("rollingBack")));
    assert.deepEqual(
      back.map((phase) => phase.replace(/^(drained \S+).*/, "$1")),
      [
        "rollingBack to 2 replicas",
        "removed web-4",
        "launched web-5",
        "admitted web-5",
        "ready web-5 2 of 2",
        "draining web-3",
        "drained web-3",
        "removed web-3",
        "rolledBack 2 old replicas serving as before.",
      ],
    );
    assert.equal(phases.filter((phase) => phase.startsWith("started")).length, 1);
  });

  for (const [onFailure, left] of [
    ["pause", "It is paused: 3 replicas left, 1 old replica and 1 new replica still serving."],
    ["keepBoth", "1 new replica removed; 1 old replica and 1 new replica still serving."],
  ] as const) {
    it(`ends with what is left: ${onFailure}`, async () => {
      group.add(request("v1"));
      group.add(request("v1"));
      secondCrashes();
      const phases: string[] = [];
      await failing(rolling({ onFailure }, { onEvent: recordInto(phases) }));
      assert.deepEqual(phases.slice(phases.indexOf("failed web-4 the program exited with code 7") + 1), [
        ...(onFailure === "keepBoth" ? ["removed web-4"] : []),
        `failed ${left}`,
      ]);
    });
  }

  it("restores the number of members", async () => {
    group.add(request("v2"));
    group.add(request("v2"));
    group.lives.set("v2", crashes);
    const error = await failing(rolling({ desired: 4, maxSurge: 2 }));
    assert.equal(error.details["rolledBack"], true);
    assert.equal(group.instances.size, 2);
  });

  it("has a time limit of its own", async () => {
    group.add(request("v1"));
    group.add(request("v1"));
    secondCrashes();
    const timedOut = AbortSignal.abort(new UnikernelError("WAIT_TIMEOUT", "Updating took too long."));
    const fresh = { client: group.client, clock: group.clock, signal: new AbortController().signal };
    const error = await failing(rolling({}, { signal: timedOut, rollbackContext: () => fresh, cleanup: () => fresh }));
    assert.equal(error.details["rolledBack"], true);
    assert.deepEqual(versions(), ["v1", "v1"]);
  });

  it("pauses if told to: everything stays as it is", async () => {
    group.add(request("v1"));
    group.add(request("v1"));
    secondCrashes();
    const error = await failing(rolling({ onFailure: "pause" }));
    assert.match(
      error.message,
      /failed\. It is paused: 3 replicas left, 1 old replica and 1 new replica still serving\. Cause: /,
    );
    assert.match(error.hint ?? "", /to finish the rollout, or revert the program/);
    assert.deepEqual([versions(), error.details["rolledBack"]], [["v1", "v2", "v2"], false]);
    group.onCreate = () => "respond";
    group.lives.delete("v2");
    assert.equal((await runRollout(rolling())).length, 2);
    assert.deepEqual(versions(), ["v2", "v2"]);
  });

  it("keeps both if told to: new members that passed stay, others go", async () => {
    group.add(request("v1"));
    group.add(request("v1"));
    secondCrashes();
    const error = await failing(rolling({ onFailure: "keepBoth" }));
    assert.match(error.message, /failed\. 1 new replica removed; 1 old replica and 1 new replica still serving\./);
    assert.deepEqual(versions(), ["v1", "v2"]);
  });

  it("keeps members that need only run, whether or not they listen", async () => {
    const runs: InstanceTimeline = () => ({ state: "running", net_time_us: 0 });
    group.lives.set("v1", runs);
    group.add(request("v1"));
    group.add(request("v1"));
    let count = 0;
    group.onCreate = ({ image }) => {
      count += 1;
      group.lives.set(String(image), count < 2 ? runs : crashes);
      return "respond";
    };
    const error = await failing(rolling({ onFailure: "keepBoth", readyOnceRunning: true }));
    assert.match(error.message, /failed\. 1 new replica removed; 1 old replica and 1 new replica still serving\./);
    assert.deepEqual(versions(), ["v1", "v2"]);
  });

  it("pauses if every old member was broken, and one more rollout repairs the fleet", async () => {
    group.lives.set("v1", crashes);
    group.lives.set("v2", crashes);
    group.add(request("v1"));
    group.add(request("v1"));
    const error = await failing(rolling());
    assert.match(
      error.message,
      /failed\. There is nothing to roll back to: every replica was broken before\. Everything stays as it is\. It is paused: /,
    );
    group.lives.delete("v2");
    await runRollout(rolling());
    assert.deepEqual(versions(), ["v2", "v2"]);
  });

  it("says so if rolling back fails too, and changes nothing more", async () => {
    group.add(request("v1"));
    group.add(request("v1"));
    secondCrashes();
    const onCreate = group.onCreate;
    group.onCreate = (body) => {
      if (body.image === "oci://registry.test/v1") group.lives.set("oci://registry.test/v1", crashes);
      return onCreate(body);
    };
    const error = await failing(rolling());
    assert.match(
      error.message,
      /failed\. Rolling back failed too: The rollout of service 'web' failed\. It is paused: /,
    );
    assert.equal(error.details["rolledBack"], false);
    assert.ok(versions().includes("v1") && versions().includes("v2"), versions().join());
  });

  it("changes nothing after a stop", async () => {
    group.add(request("v1"));
    group.add(request("v1"));
    let atStop: string[] = [];
    const checkStop = () => {
      if (group.log.length < 2) return Promise.resolve();
      atStop = [...group.log];
      return Promise.reject(new UnikernelError("ROLLOUT_STOPPED", "Stopped."));
    };
    const phases: string[] = [];
    const error = await failing(rolling({}, { checkStop, onEvent: recordInto(phases) }));
    assert.equal(error.code, "ROLLOUT_STOPPED");
    assert.equal(phases.at(-1), "stopped Stopped.");
    assert.ok(!phases.some((phase) => phase.startsWith("failed")), phases.join());
    assert.deepEqual([atStop, group.log], [["create i3", "stop i1"], atStop]);
  });

  it("restores each changed instance as it was, and then the members that are gone", () => {
    const member = (uuid: string): CapturedMember => ({
      ...{ uuid, templateKey: uuid, isBroken: false },
      isUnchanged: ({ image }) => image === uuid,
      createRequest: () => ({}),
      restore: () => Promise.resolve(),
    });
    const instance = (uuid: string, image = "new"): InstanceItem => ({ uuid, name: uuid, status: "success", image });
    const found = [instance("a"), instance("b", "b"), instance("c")];
    const { of, next } = replacementsFor(["a", "b", "c", "d"].map(member), found);
    const uuids = [of(instance("c")), next(), of(instance("other")), next()].map(({ uuid }) => uuid);
    assert.deepEqual(uuids, ["c", "d", "a", "a"]);
  });

  it("restores broken replicas of a fleet, but not those that an earlier failure left", () => {
    const member = (uuid: string, templateKey: string, isBroken: boolean): CapturedMember => ({
      ...{ uuid, templateKey, isBroken },
      isUnchanged: () => true,
      createRequest: () => ({}),
      restore: () => Promise.resolve(),
    });
    const fleet = [member("a", "v1", false), member("b", "v1", true), member("c", "v2", true)];
    assert.deepEqual(
      restorable(fleet).map(({ uuid }) => uuid),
      ["a", "b"],
    );
    assert.deepEqual(restorable([member("c", "v2", true)]), []);
  });
});
