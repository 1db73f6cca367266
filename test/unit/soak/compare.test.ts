import assert from "node:assert/strict";
import { type HeldResource, type PlatformObject, compareWithState } from "../../soak/compare";

const object = (kind: PlatformObject["kind"], uuid: string, serviceUuid?: string): PlatformObject => ({
  kind,
  uuid,
  name: `name-${uuid}`,
  serviceUuid,
});
const held = (kind: HeldResource["kind"], id: string, replicas = 0): HeldResource => ({ kind, id, replicas });

const STATE = [held("Volume", "v"), held("Instance", "i"), held("Service", "s", 2)];
const PLATFORM = [
  object("Volume", "v"),
  object("Instance", "i"),
  object("Service", "s"),
  object("Instance", "r1", "s"),
  object("Instance", "r2", "s"),
];

describe("compareWithState", () => {
  it("finds nothing where state and platform agree", () => {
    assert.deepEqual(compareWithState(STATE, PLATFORM), { lost: [], duplicates: [], leaks: [] });
  });

  it("finds objects and replicas that are gone", () => {
    const rest = PLATFORM.filter(({ uuid }) => uuid !== "v" && uuid !== "r2");
    assert.deepEqual(compareWithState(STATE, rest).lost, ["Volume v", "replica of s"]);
  });

  it("calls a second object of a resource a duplicate, also a replica too many", () => {
    const more = [...PLATFORM, object("Volume", "v2"), object("Instance", "r3", "s")];
    assert.deepEqual(compareWithState(STATE, more).duplicates, ["Volume name-v2", "Instance name-r3"]);
  });

  it("calls the replicas of a second service duplicates of the service", () => {
    const more = [...PLATFORM, object("Service", "s2"), object("Instance", "r4", "s2")];
    assert.deepEqual(compareWithState(STATE, more).duplicates, ["Service name-s2", "Instance name-r4"]);
  });

  it("calls what no resource of the state can be a leak", () => {
    const { leaks, duplicates } = compareWithState([], [object("Volume", "v"), object("Instance", "r", "s")]);
    assert.deepEqual([leaks, duplicates], [["Volume name-v", "Instance name-r"], []]);
  });
});
