import assert from "node:assert/strict";
import type { Schedule } from "../../../../../provider/contract/models";
import { ScheduleQueue } from "../../../../../provider/platform/instances/schedule/scheduleQueue";
import { autokillAt, shouldStopForAutokill } from "../../../../../provider/platform/instances/schedule/autokill";
import type {
  InstanceDefinition,
  InstanceRecord,
  InstanceStatus,
} from "../../../../../provider/platform/store/instances";

function record(
  { status = {}, definition = {} }: { status?: Partial<InstanceStatus>; definition?: Partial<InstanceDefinition> },
  uuid = "a",
): InstanceRecord {
  const whole = { autokill: { timeMs: 0, numRequests: 0 }, templateAutokillMs: 0, deleteLock: false, schedules: [] };
  return {
    ...{ uuid, name: uuid, createdAt: 100, privateIp: "172.16.0.16", serviceUuid: undefined, volumes: [] },
    definition: { ...whole, ...definition } as InstanceDefinition, // the rest is not read
    status: { state: "stopped", deleting: false, ...status } as InstanceStatus, // the rest is not read
  };
}

describe("the autokill of an instance", () => {
  const timed = { autokill: { timeMs: 50, numRequests: 0 } };

  it("is due some time after its stop, and never while it runs, restarts or was not started", () => {
    assert.equal(autokillAt(record({ definition: timed, status: { stoppedAt: 1000 } })), 1050);
    assert.equal(autokillAt(record({ definition: timed })), undefined);
    assert.equal(autokillAt(record({ status: { stoppedAt: 1000 } })), undefined);
    const restart = { attempt: 1, nextAt: 2000 };
    assert.equal(autokillAt(record({ definition: timed, status: { stoppedAt: 1000, restart } })), undefined);
    for (const state of ["running", "starting", "draining", "stopping", "standby"] as const)
      assert.equal(autokillAt(record({ definition: timed, status: { stoppedAt: 1000, state } })), undefined, state);
  });

  it("is due at the stop after its last allowed request, which ends it while it runs", () => {
    const definition = { autokill: { timeMs: 0, numRequests: 3 } };
    assert.equal(autokillAt(record({ definition, status: { stoppedAt: 1000, requests: 3 } })), 1000);
    assert.equal(autokillAt(record({ definition, status: { stoppedAt: 1000, requests: 2 } })), undefined);
    assert.equal(shouldStopForAutokill(record({ definition, status: { state: "running", requests: 3 } })), true);
    assert.equal(shouldStopForAutokill(record({ definition, status: { state: "running", requests: 2 } })), false);
    assert.equal(shouldStopForAutokill(record({ definition, status: { state: "draining", requests: 3 } })), false);
  });

  it("is due for a template or checkpoint some time after its last use", () => {
    for (const state of ["template", "checkpoint"] as const) {
      const definition = { ...timed, templateAutokillMs: 30 };
      assert.equal(autokillAt(record({ definition, status: { state, lastUsedAt: 500 } })), 530);
      assert.equal(autokillAt(record({ definition, status: { state } })), 130);
      assert.equal(autokillAt(record({ definition: timed, status: { state, stoppedAt: 9 } })), undefined);
    }
  });

  it("is never due while locked, being deleted or being converted to a template", () => {
    const status = { stoppedAt: 1000 };
    assert.equal(autokillAt(record({ definition: { ...timed, deleteLock: true }, status })), undefined);
    assert.equal(autokillAt(record({ definition: timed, status: { ...status, deleting: true } })), undefined);
    assert.equal(autokillAt(record({ definition: timed, status: { ...status, becomesTemplate: true } })), undefined);
    const spent = { autokill: { timeMs: 0, numRequests: 1 }, deleteLock: true };
    assert.equal(
      shouldStopForAutokill(record({ definition: spent, status: { state: "running", requests: 9 } })),
      false,
    );
  });
});

describe("the schedule queue", () => {
  const at = (text: string): number => Date.parse(`2026-11-21T${text}Z`);
  const hourly: Schedule = { name: "h", when: "hourly", action: "start" };
  const quarter: Schedule = { name: "q", when: "*:0/15", action: "stop" };
  const withSchedules = (...schedules: Schedule[]) => [record({ definition: { schedules } })];

  it("returns each schedule once at its time and knows the next", () => {
    const agenda = new ScheduleQueue();
    const records = withSchedules(hourly, quarter);
    const names = (now: string) => agenda.takeDue(records, at(now)).map(({ schedule }) => schedule.name);
    assert.deepEqual(names("10:20:00"), []);
    assert.equal(agenda.nextAt, at("10:30:00"));
    assert.deepEqual(names("10:29:59"), []);
    assert.deepEqual(names("10:30:00"), ["q"]);
    assert.deepEqual(names("10:30:01"), []);
    assert.deepEqual(names("11:00:05"), ["h", "q"]);
    assert.equal(agenda.nextAt, at("11:15:00"));
  });

  it("runs a schedule once that was due several times", () => {
    const agenda = new ScheduleQueue();
    const records = withSchedules(quarter);
    agenda.takeDue(records, at("10:20:00"));
    assert.equal(agenda.takeDue(records, at("18:20:00")).length, 1);
    assert.equal(agenda.nextAt, at("18:30:00"));
  });

  it("drops deleted instances, adds new ones, and ignores templates", () => {
    const agenda = new ScheduleQueue();
    agenda.takeDue(withSchedules(hourly), at("10:20:00"));
    assert.deepEqual(agenda.takeDue([], at("11:00:00")), []);
    assert.equal(agenda.nextAt, Infinity);
    const changed = { ...hourly, when: "*:30" };
    agenda.takeDue(withSchedules(changed), at("11:00:00"));
    assert.equal(agenda.nextAt, at("11:30:00"));
    const template = [record({ definition: { schedules: [hourly] }, status: { state: "template" } })];
    assert.deepEqual(new ScheduleQueue().takeDue(template, at("11:00:00")), []);
    assert.equal(new ScheduleQueue().nextAt, Infinity);
  });
});
