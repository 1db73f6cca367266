/** Scale to zero of an instance that is being deleted. */
import assert from "node:assert/strict";
import { mock } from "node:test";
import { InstanceMachine } from "../../../../../provider/platform/instances/lifecycle/machine";
import type { InstanceEnvironment } from "../../../../../provider/platform/instances/environment";
import { armCooldown } from "../../../../../provider/platform/instances/lifecycle/sleep/scaleToZero";
import { deleteInstance } from "../../../../../provider/platform/instances/lifecycle/stopping";
import type { InstanceRecord } from "../../../../../provider/platform/store/instances";
import { runningRecord } from "../../../../support/instanceRecord";

/** It goes to standby when nothing has been connected for 300 ms. */
const record: InstanceRecord = {
  ...runningRecord,
  serviceUuid: "s",
  definition: { ...runningRecord.definition, scaleToZero: { policy: "on", cooldown_time_ms: 300 } },
  status: { ...runningRecord.status, netTimeUs: 1 },
};

/** A machine whose standby requests are rejected, as for one that is being deleted, and whose removal fails a number of times. */
function withRemovalFailing(times: number) {
  const [requests, removals]: [string[], string[]] = [[], []];
  const env: Partial<InstanceEnvironment> = {
    saveStatus: () => undefined,
    notifyChange: () => undefined,
    serviceOf: () => undefined,
    removeInstance: ({ uuid }) => {
      removals.push(uuid);
      return removals.length > times ? Promise.resolve() : Promise.reject(new Error("the disk is full"));
    },
    log: { write: () => undefined, close: () => undefined },
  };
  const inbox = {
    post: () => undefined,
    request: (request: string) => {
      requests.push(request);
      return request === "sleep" ? Promise.reject(new Error("it is being deleted")) : deleteInstance(machine);
    },
    hasPendingEnd: () => false,
    isAwaited: () => false,
  };
  const machine: InstanceMachine = new InstanceMachine(record, env as InstanceEnvironment, inbox);
  return { machine, requests, removals };
}

describe("a deleted instance with scale to zero", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => mock.timers.reset());

  const minutesPass = async (): Promise<void> => {
    for (let second = 0; second < 120; second++) {
      mock.timers.tick(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  it("stops requesting standby", async () => {
    const { machine, requests } = withRemovalFailing(0);
    armCooldown(machine, 0);
    await deleteInstance(machine);
    armCooldown(machine, 0); // a closed connection is reported
    await minutesPass();
    assert.deepEqual(requests, []);
  });

  it("is removed by a retry if the first attempt fails", async () => {
    const { machine, requests, removals } = withRemovalFailing(2);
    armCooldown(machine, 0);
    await assert.rejects(deleteInstance(machine), /disk is full/);
    await minutesPass();
    assert.deepEqual([requests, removals.length], [["delete", "delete"], 3]);
  });
});
