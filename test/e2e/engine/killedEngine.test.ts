/** A killed engine leaves its provider process behind, which must not send another request: it would race the next `pulumi up`. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { type FakeApi, startFakeApi, success } from "../../support/fakeApi";
import { eventually } from "../../support/localPlatform";
import { findProcessesIn, isEngine, isProvider } from "../../support/processesIn";
import { TestProject } from "../../support/project";

const ROUNDS = 3;

describe("a killed engine", function () {
  this.timeout(300_000);
  let api: FakeApi;
  let project: TestProject;
  /** When each request arrived. */
  const arrivedAtMs: number[] = [];

  before(async () => {
    // A volume that is never ready: every resource is waited for, with a request every few milliseconds.
    api = await startFakeApi(({ url }) => {
      arrivedAtMs.push(Date.now());
      const name = /name=([^&]+)/.exec(url)?.[1] ?? "data";
      return success("volumes", {
        status: "success",
        uuid: "7d2c1a0e-0000-4000-8000-000000000001",
        name,
        state: "pending",
      });
    });
    project = await TestProject.copy("test/fixtures/projects/many");
  });
  after(async () => {
    await project.remove();
    await api[Symbol.asyncDispose]();
  });

  it(`gets no request sent after it, in ${ROUNDS} rounds`, async () => {
    const config = {
      "unikernel:metro": api.url,
      "unikernel:token": { secret: "t" },
      "many:count": "16",
      "many:form": "library",
      "many:url": "http://127.0.0.1:1",
    };
    // Otherwise the test would end the provider itself.
    const stack = project.stack(config, {}, { leavesOrphans: true });
    for (let round = 0; round < ROUNDS; round++) {
      arrivedAtMs.length = 0;
      const running = stack.up();
      await eventually("the provider sends requests", () => arrivedAtMs.length > 100 + 37 * round);
      const engines = await findProcessesIn(project.folder, isEngine);
      assert.ok(engines.length > 0, "an engine runs");
      const killedAtMs = Date.now();
      for (const pid of engines) process.kill(pid, "SIGKILL");
      await eventually(
        "the provider exits",
        async () => (await findProcessesIn(project.folder, isProvider)).length === 0,
      );
      const exitedAfterMs = Date.now() - killedAtMs;
      assert.equal((await running).succeeded, false);
      await sleep(3_000);
      const lastAfterMs = Math.max(...arrivedAtMs) - killedAtMs;
      console.log(
        `      round ${round + 1}: last of ${arrivedAtMs.length} requests ${lastAfterMs} ms after SIGKILL, exit seen after ${exitedAfterMs} ms`,
      );
      // The next operation needs longer than this until its first request.
      assert.ok(lastAfterMs < 2_000, `a request ${lastAfterMs} ms after the engine was killed`);
      await stack.cancel();
    }
  });
});
