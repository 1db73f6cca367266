import assert from "node:assert/strict";
import { type Client, withSignal } from "../../../../provider/client/client";
import { hasFeature, metroFeatures } from "../../../../provider/client/transport/metroFeatures";

/** A client whose metro reports these features; `undefined`: it fails. */
function clientOf(metro: string, answers: (readonly string[] | "nothing" | undefined)[]) {
  const state = { asked: 0 };
  const getHealthz = () => {
    const features = answers[Math.min(state.asked++, answers.length - 1)];
    if (features === undefined) return Promise.reject(new Error("unreachable"));
    return Promise.resolve({ items: [features === "nothing" ? {} : { features }] });
  };
  return { client: { metro, changeCount: () => 0, getHealthz } as unknown as Client, state };
}

describe("the features of a metro", () => {
  it("are asked for once per client, whatever its signal", async () => {
    const { client, state } = clientOf("local", [["rotation"]]);
    const { signal } = new AbortController();
    assert.equal(await hasFeature(client, "rotation"), true);
    assert.equal(await hasFeature(withSignal(client, signal), "readiness-probe"), false);
    assert.equal(state.asked, 1);
    const other = clientOf("local", ["nothing"]);
    assert.deepEqual(await metroFeatures(other.client), new Set());
  });

  it("are none in the vendor's cloud, which is not asked", async () => {
    for (const metro of ["fra", "dal", "new1", "https://api.fra.unikraft.cloud"]) {
      const { client, state } = clientOf(metro, [["rotation"]]);
      assert.deepEqual([await metroFeatures(client), state.asked], [new Set(), 0], metro);
    }
    const { client, state } = clientOf("https://metro.example", [["rotation"]]);
    assert.deepEqual([await metroFeatures(client), state.asked], [new Set(["rotation"]), 1]);
  });

  it("are asked for again after a failure", async () => {
    const { client, state } = clientOf("local", [undefined, ["rotation"]]);
    await assert.rejects(metroFeatures(client), /unreachable/);
    assert.equal(await hasFeature(client, "rotation"), true);
    assert.equal(state.asked, 2);
  });
});
