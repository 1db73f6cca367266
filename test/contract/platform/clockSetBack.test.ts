/** A machine whose clock is set back while instances run. */
import assert from "node:assert/strict";
import { TestPlatform } from "../../support/testPlatform";

const DAY_MS = 86_400_000;

describe("a clock that is set back", () => {
  const { now } = Date;
  let platform: TestPlatform;
  afterEach(async () => {
    Date.now = now;
    await platform.close();
  });
  const setBack = (): void => void (Date.now = () => now() - DAY_MS);

  it("takes nothing off the uptime of an instance", async () => {
    platform = await TestPlatform.open();
    await platform.start();
    const { uuid } = await platform.createRunning({ name: "web" });
    setBack();
    assert.equal((await platform.instance(uuid))["uptime_ms"], 0);
    await platform.api("PUT", "/v1/instances/stop", [{ uuid }]);
    const stopped = await platform.waitForItem(uuid, ({ state }) => state === "stopped");
    assert.equal(stopped["uptime_ms"], 0);
  });

  it("does not put off a restart, also where the daemon was killed before it", async () => {
    platform = await TestPlatform.open({ restartBackoffMs: 400, restartBackoffMaxMs: 400 });
    await platform.start();
    let boots = 0;
    platform.guests.set("job", () =>
      boots++ < 2 ? { exits: { afterMs: 0, exit: { kind: "exited", exitCode: 1 } } } : {},
    );
    const { uuid } = await platform.createRunning({ name: "job", restart_policy: "always" });
    await platform.waitForItem(uuid, ({ restart }) => (restart as { attempt?: number } | undefined)?.attempt === 2);
    platform.daemon.simulateKill();
    setBack();
    await platform.start();
    assert.equal((await platform.waitForItem(uuid, ({ state }) => state === "running"))["state"], "running");
  });
});
