import assert from "node:assert/strict";
import { agentObstacleOf, agentViolations } from "../../../../provider/image/kernel/agentRules";

describe("what needs an agent in the guest", () => {
  it("is there with every kernel but Unikraft's", () => {
    assert.equal(agentObstacleOf("pvh"), undefined);
    assert.equal(agentObstacleOf("bzimage"), undefined);
    assert.match(agentObstacleOf("multiboot") ?? "", /^a Unikraft kernel runs one program only/);
  });

  it("is a scheduled command, and a notice before standby", () => {
    const schedules = [
      { name: "up", action: "start" },
      { name: "tidy", action: "exec" },
    ];
    assert.deepEqual(agentViolations({ schedules: [], notifyTimeMs: 0 }, "it is too small"), []);
    assert.deepEqual(agentViolations({ schedules: schedules.slice(0, 1), notifyTimeMs: 0 }, "it is too small"), []);
    assert.deepEqual(agentViolations({ schedules, notifyTimeMs: 250 }, "it is too small"), [
      {
        code: "NOT_SUPPORTED",
        property: "schedules[1].action",
        message: "Schedule 'tidy' cannot run a command in the instance: it is too small.",
        hint: "Use another action, or an image with the runtime linux:latest.",
      },
      {
        code: "NOT_SUPPORTED",
        property: "scaleToZero.notifyTimeMs",
        message: "The program cannot be warned 250 ms before standby: it is too small.",
        hint: "Set this time to 0, or use an image with the runtime linux:latest.",
      },
    ]);
  });
});
