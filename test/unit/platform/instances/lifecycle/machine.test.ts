/** An instance with a database that cannot be written. */
import assert from "node:assert/strict";
import { mock } from "node:test";
import { InstanceMachine } from "../../../../../provider/platform/instances/lifecycle/machine";
import type { InstanceEnvironment } from "../../../../../provider/platform/instances/environment";
import type { InstanceStatus } from "../../../../../provider/platform/store/instances";
import { runningRecord } from "../../../../support/instanceRecord";

/** A machine on a disk that is full while `full` is set. */
function withDisk(disk: { full: boolean }) {
  const [written, logged]: [InstanceStatus[], string[]] = [[], []];
  let notifications = 0;
  const env: Partial<InstanceEnvironment> = {
    saveStatus(_uuid, status) {
      if (disk.full) throw new Error("database or disk is full");
      written.push(status);
    },
    notifyChange: () => void notifications++,
    log: { write: (event) => void logged.push(event), close: () => undefined },
  };
  const inbox = {
    post: () => undefined,
    request: () => Promise.resolve(),
    hasPendingEnd: () => false,
    isAwaited: () => false,
  };
  const machine = new InstanceMachine(runningRecord, env as InstanceEnvironment, inbox);
  return { machine, written, logged, notifications: () => notifications };
}

describe("an instance whose status cannot be saved", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => mock.timers.reset());

  it("rejects a change that a crash would lose", () => {
    const { machine, notifications } = withDisk({ full: true });
    assert.throws(() => machine.persistThenApply({ state: "stopping" }), /full/);
    assert.deepEqual([machine.state, notifications()], ["running", 0]);
  });

  it("accepts an event, logs the failed write, and saves it when possible", () => {
    const disk = { full: true };
    const { machine, written, logged, notifications } = withDisk(disk);
    machine.applyThenPersist({ state: "stopped", exitCode: 3 });
    assert.deepEqual([machine.state, notifications(), logged], ["stopped", 1, ["instance.not-written"]]);
    mock.timers.tick(60_000);
    disk.full = false;
    mock.timers.tick(60_000);
    assert.deepEqual([written[0]?.state, written[0]?.exitCode], ["stopped", 3]);
  });

  it("logs a disk that stays full once, and once that the status is written", () => {
    const disk = { full: true };
    const { machine, logged } = withDisk(disk);
    machine.applyThenPersist({ state: "stopped" });
    for (let second = 0; second < 60; second++) mock.timers.tick(1_000);
    assert.deepEqual(logged, ["instance.not-written"]);
    disk.full = false;
    mock.timers.tick(1_000);
    machine.applyThenPersist({ exitCode: 3 });
    assert.deepEqual(logged, ["instance.not-written", "instance.written"]);
    disk.full = true;
    machine.applyThenPersist({ exitCode: 4 });
    assert.deepEqual(logged.slice(2), ["instance.not-written"]);
  });

  it("saves a delayed event with the next change, and only once", () => {
    const disk = { full: true };
    const { machine, written } = withDisk(disk);
    machine.applyThenPersist({ exitCode: 3 });
    disk.full = false;
    machine.persistThenApply({ state: "stopping" });
    assert.deepEqual([written.length, written[0]?.exitCode], [1, 3]);
    mock.timers.tick(60_000);
    assert.equal(written.length, 1);
  });

  it("saves nothing after it is closed", () => {
    const disk = { full: true };
    const { machine, written } = withDisk(disk);
    machine.applyThenPersist({ exitCode: 3 });
    machine.close();
    disk.full = false;
    machine.applyThenPersist({ exitCode: 4 });
    mock.timers.tick(60_000);
    assert.deepEqual([written, machine.record.status.exitCode], [[], 3]);
  });
});
