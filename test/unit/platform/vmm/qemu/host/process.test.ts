import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { type ProcessIdentity, processStartTime } from "../../../../../../provider/base/processIdentity";
import {
  continueProcess,
  isSuspended,
  killAndWait,
  suspendProcess,
} from "../../../../../../provider/platform/vmm/qemu/host/process";

describe("a QEMU process", () => {
  let child: ChildProcess;
  let identity: ProcessIdentity;
  beforeEach(async () => {
    child = spawn("sleep", ["600"], { stdio: "ignore" });
    const pid = child.pid ?? 0;
    identity = { pid, startTime: (await processStartTime(pid)) ?? "" };
  });
  afterEach(() => void child.kill("SIGKILL"));

  const until = async (suspended: boolean): Promise<void> => {
    while ((await isSuspended(identity.pid)) !== suspended) await delay(2);
  };

  it("is suspended and continued, also several times", async () => {
    assert.equal(await isSuspended(identity.pid), false);
    await continueProcess(identity); // it runs
    await suspendProcess(identity);
    await suspendProcess(identity);
    await until(true);
    await continueProcess(identity);
    await until(false);
  });

  it("is killed while it is suspended", async () => {
    await suspendProcess(identity);
    await until(true);
    const exited = once(child, "exit");
    await killAndWait(identity, 5_000);
    assert.deepEqual(await exited, [null, "SIGKILL"]);
    await suspendProcess(identity); // it is gone: nothing happens
    assert.equal(await isSuspended(identity.pid), false);
  });

  it("is left alone if another process has its id by now", async () => {
    await suspendProcess({ ...identity, startTime: "another" });
    await delay(20);
    assert.equal(await isSuspended(identity.pid), false);
  });
});
