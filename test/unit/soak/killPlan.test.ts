import assert from "node:assert/strict";
import { BOUNDARIES, MOMENTS, OPERATIONS, planKills } from "../../soak/killPlan";

describe("planKills", () => {
  it("covers every operation at every moment equally often", () => {
    const kills = planKills(7, 180, MOMENTS);
    for (const operation of OPERATIONS) {
      for (const moment of MOMENTS) {
        const here = kills.filter((kill) => kill.operation === operation && kill.moment === moment);
        assert.equal(here.length, 6, `${operation}, ${moment}`);
      }
    }
  });

  it("kills the provider every other time, for each operation and moment", () => {
    const kills = planKills(7, 180, MOMENTS);
    for (const operation of OPERATIONS) {
      for (const moment of MOMENTS) {
        const here = kills.filter((kill) => kill.operation === operation && kill.moment === moment);
        assert.equal(here.filter(({ victims }) => victims === "engine").length, 3, `${operation}, ${moment}`);
      }
    }
  });

  it("is the same for the same seed and another for another", () => {
    assert.deepEqual(planKills(7, 20, BOUNDARIES), planKills(7, 20, BOUNDARIES));
    assert.notDeepEqual(planKills(7, 20, BOUNDARIES), planKills(8, 20, BOUNDARIES));
  });
});
