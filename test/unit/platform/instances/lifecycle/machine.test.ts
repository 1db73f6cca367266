/** An instance with a database that cannot be written. */
import assert from "node:assert/strict";
import { mock } from "node:test";
import { InstanceMachine } from "../../../../../provider/platform/instances/lifecycle/machine";
import type { InstanceEnvironment } from "../../../../../provider/platform/instances/environment";
import type { InstanceStatus } from "../../../../../provider/platform/store/instances";
import { runningRecord } from "../../../../support/instanceRecord";

/** A machine on a disk that is full while `full` is set. */
function above(disk: { full: boolean }) {
  const [written, logged]: [InstanceStatus[], string[]] = [[], []];
  let announced = 0;
  const around: Partial<InstanceEnvironment> = {
    saveStatus(_uuid, status) {
      if (disk.full) throw new Error("database or disk is full");
      written.push(status);
    },
    notifyChange: () => void announced++,
    log: { write: (event) => void logged.push(event), close: () => undefined },
  };
  const inbox = { post: () => undefined, request: () => Promise.resolve(), hasPendingEnd: () => false };
  const core = new InstanceMachine(runningRecord, around as InstanceEnvironment, inbox);
  return { core, written, logged, announced: () => announced };
}

describe("an instance whose status cannot be saved", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => mock.timers.reset());

  it("rejects an intention that a crash would lose", () => {
    const { core, announced } = above({ full: true });
    assert.throws(() => core.persistThenApply({ state: "stopping" }), /full/);
    assert.deepEqual([core.state, announced()], ["running", 0]);
  });

  it("accepts an event, logs the failed write, and saves it when possible", () => {
    const disk = { full: true };
    const { core, written, logged, announced } = above(disk);
    core.applyThenPersist({ state: "stopped", exitCode: 3 });
    assert.deepEqual([core.state, announced(), logged], ["stopped", 1, ["instance.not-written"]]);
    mock.timers.tick(60_000);
    disk.full = false;
    mock.timers.tick(60_000);
    assert.deepEqual([written[0]?.state, written[0]?.exitCode], ["stopped", 3]);
  });

  it("saves a delayed event with the next change, and only once", () => {
    const disk = { full: true };
    const { core, written } = above(disk);
    core.applyThenPersist({ exitCode: 3 });
    disk.full = false;
    core.persistThenApply({ state: "stopping" });
    assert.deepEqual([written.length, written[0]?.exitCode], [1, 3]);
    mock.timers.tick(60_000);
    assert.equal(written.length, 1);
  });

  it("saves nothing after its release", () => {
    const disk = { full: true };
    const { core, written } = above(disk);
    core.applyThenPersist({ exitCode: 3 });
    core.close();
    disk.full = false;
    core.applyThenPersist({ exitCode: 4 });
    mock.timers.tick(60_000);
    assert.deepEqual([written, core.record.status.exitCode], [[], 3]);
  });
});
