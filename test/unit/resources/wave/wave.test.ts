import assert from "node:assert/strict";
import { UnikernelError } from "../../../../provider/base/errors";
import { check } from "../../../../provider/definition/check";
import { diff } from "../../../../provider/definition/diff";
import { UNKNOWN } from "../../../../provider/definition/unknowns";
import { rolloutWave } from "../../../../provider/resources/wave/resource";
import { lifecycle } from "../../../../provider/resources/wave/lifecycle";
import { type WaveInputs, waveInputs } from "../../../../provider/resources/wave/inputs";
import { assertPassed } from "../../../../provider/resources/wave/passed";
import { type CannedResponses, contextWithResponses } from "../../../support/resourceContext";

const UUID = "11111111-1111-4111-8111-111111111111";
const [OLD_TAG, NEW_TAG] = ["template:000000000001", "template:000000000002"];
const SERVICE = { name: "web-fra", uuid: UUID, revision: "000000000002" };
const PORTS = { "web-fra": [{ port: 8080, handlers: [], protocol: "tcp" }] };
const GIVEN = { name: "fra", services: [SERVICE], tags: { "web-fra": NEW_TAG }, ports: PORTS };

const wave = (given: object = {}): WaveInputs => waveInputs.parse({ ...GIVEN, bakeTimeMs: 20_000, ...given });
const failuresOf = async (given: object): Promise<readonly string[]> =>
  (await check(rolloutWave, {}, { ...GIVEN, ...given }, undefined)).failures.map(
    ({ property, reason }) => `${property}: ${reason}`,
  );

/** A metro with one service of two replicas; `at` changes a replica from the nth reading on. */
function metro(at: (reading: number) => object = () => ({})) {
  let reading = 0;
  const member = {
    tags: ["managed-by:pulumi-unikernel", NEW_TAG],
    state: "running",
    image: "app@sha256:2",
    restart_count: 0,
  };
  const responses: CannedResponses = {
    getServices: () => ({
      uuid: UUID,
      name: "web",
      instances: [{ uuid: "a" }, { uuid: "b" }],
      services: [{ port: 8080 }],
    }),
    getInstances: () => {
      reading += 1;
      const changed = { uuid: "b", name: "web-b", ...member, ...at(reading) };
      return [{ uuid: "a", name: "web-a", ...member }, changed].filter(({ uuid }) => uuid !== "");
    },
  };
  return contextWithResponses(responses);
}

describe("the checks of a wave", () => {
  it("accept a gate that can pass during the bake", async () => {
    assert.deepEqual(
      await failuresOf({ bakeTimeMs: 3_000, gate: { path: "/", intervalMs: 1_000, successThreshold: 4 } }),
      [],
    );
    assert.deepEqual(await failuresOf({ bakeTimeMs: 0, gate: { path: "/" } }), []);
  });

  it("reject, each with one sentence", async () => {
    const cases: readonly (readonly [object, RegExp])[] = [
      [{ services: [] }, /^services: /],
      [{ services: [SERVICE, SERVICE] }, /^services\[1\]: service 'web-fra' is in the wave twice/],
      [{ bakeTimeMs: -1 }, /^bakeTimeMs: /],
      [{ bakeTimeMs: 86_400_001 }, /^bakeTimeMs: /],
      [
        { bakeTimeMs: 2_999, gate: { path: "/", intervalMs: 1_000, successThreshold: 4 } },
        /^bakeTimeMs: must be at least startPeriodMs \(0\) \+ intervalMs \(1,000\) × \(successThreshold \(4\) − 1\) = 3,000, .* got 2,999\.$/,
      ],
      [
        {
          gate: { path: "/" },
          ports: {
            "web-fra": [
              { port: 1, protocol: "tcp" },
              { port: 2, protocol: "tcp" },
            ],
          },
        },
        /^gate\.port: required: no published port has the handler "http"/,
      ],
      [{ gate: { path: "/", port: 9 } }, /^gate\.port: no published port leads to 9 inside the instance/],
      [{ gate: { path: "/", holdTimeoutMs: 9 } }, /^gate\.holdTimeoutMs: has no effect in a wave/],
      [{ gate: { contains: "ok" } }, /^gate\.contains: needs an HTTP gate/],
    ];
    for (const [given, expected] of cases) {
      const failures = await failuresOf(given);
      assert.equal(failures.length, 1, JSON.stringify([given, failures]));
      assert.match(failures[0] ?? "", expected);
    }
  });

  it("say where the wave is in its sequence, only if it will bake or may", async () => {
    const sequence = [
      { name: "canary", bakeTimeMs: 60_000 },
      { name: "fra", bakeTimeMs: 0 },
    ];
    const given = { ...GIVEN, sequence, bakeTimeMs: 0, gate: { path: "/status" } };
    const { notes, inputs } = await check(rolloutWave, {}, given, undefined);
    const note =
      "wave 2 of 2 'fra' after wave 'canary' has baked for 60 s; it will look at its services once, while /status must pass the gate";
    assert.deepEqual(notes, [note]);
    assert.deepEqual((await check(rolloutWave, inputs, given, undefined)).notes ?? [], []);
    const unknown = { ...given, services: [{ ...SERVICE, revision: UNKNOWN }] };
    assert.deepEqual((await check(rolloutWave, inputs, unknown, undefined)).notes, [note]);
  });

  it("show a change of what the services run, and of nothing else", () => {
    const others = { bakeTimeMs: 1, gate: { path: "/" }, tags: { "web-fra": OLD_TAG }, ports: {}, sequence: [] };
    assert.deepEqual(diff(rolloutWave, wave(), wave(others)), []);
    const changed = diff(rolloutWave, wave(), wave({ services: [{ ...SERVICE, revision: "3" }] }));
    assert.deepEqual(
      changed.map(({ property, replace }) => [property, replace]),
      [["services", false]],
    );
  });

  it("count neither names nor the order of services as a change", async () => {
    const [first, second] = [SERVICE, { name: "admin-fra", uuid: `${UUID}2`, revision: "1" }];
    const before = wave({ services: [first, second] });
    const after = {
      ...GIVEN,
      services: [
        { ...second, name: "b" },
        { ...first, name: "a" },
      ],
    };
    assert.deepEqual(diff(rolloutWave, before, wave(after)), []);
    assert.deepEqual((await check(rolloutWave, before, after, undefined)).notes ?? [], []);
    const swapped = [first, second].map((one, index, all) => ({ ...one, revision: all[1 - index]?.revision }));
    assert.equal(diff(rolloutWave, before, wave({ services: swapped })).length, 1);
  });
});

describe("a wave that bakes", () => {
  const bakeIn = (context: ReturnType<typeof metro>, inputs = wave()) => lifecycle.create(context, inputs);

  it("passes when its replicas have kept running until the time is over", async () => {
    const context = metro();
    const { outputs } = await bakeIn(context);
    assert.deepEqual(outputs.revisions, { [NEW_TAG]: "000000000002" });
    assert.equal(
      context.sleepsMs.reduce((sum, ms) => sum + ms, 0),
      20_000,
    );
    assert.deepEqual(context.calls, []);
  });

  for (const [what, at, message] of [
    ["restarts", { restart_count: 1 }, /ROLLOUT_FAILED.*Wave 'fra' failed: instance 'web-b' has restarted/],
    ["is about to restart", { state: "stopped", restart: { attempt: 1 } }, /instance 'web-b' has restarted/],
    ["stops", { state: "stopped" }, /instance 'web-b' stopped: /],
    ["disappears", { uuid: "" }, /instance 'web-b' is gone/],
  ] as const)
    it(`fails when a replica ${what}`, async () => {
      const context = metro((reading) => (reading >= 4 ? at : {}));
      await assert.rejects(bakeIn(context), (error: Error) => {
        assert.match(`${(error as Error & { code: string }).code} ${error.message}`, message);
        return true;
      });
      assert.ok(context.sleepsMs.length >= 2, "the replica was well at first");
    });

  it("does not begin when its replicas run something else", async () => {
    const context = metro(() => ({ tags: ["managed-by:pulumi-unikernel", OLD_TAG], image: "app@sha256:1" }));
    await assert.rejects(bakeIn(context), /Wave 'fra' was reverted: service 'web-fra' runs .*/);
    assert.deepEqual(context.sleepsMs, []);
  });

  it("is read as what its replicas run: the revision of the pass before, if it is that one", async () => {
    const outputs = { passedAt: "2026-01-01T00:00:00.000Z", revisions: { [OLD_TAG]: "one", [NEW_TAG]: "two" } };
    const same = await lifecycle.read(metro(), "", wave(), outputs);
    assert.deepEqual(same?.inputs, wave());
    const reverted = metro(() => ({ tags: ["managed-by:pulumi-unikernel", OLD_TAG] }));
    const read = await lifecycle.read(reverted, "", wave(), outputs);
    assert.deepEqual(read?.inputs.services, [{ ...SERVICE, revision: "one" }]);
    assert.deepEqual(read?.inputs.tags, { "web-fra": OLD_TAG });
  });

  it("is read as not passed if what its replicas run never did, so that the next update bakes", async () => {
    // The hash in the tag is the revision that the program has.
    const before = wave({ services: [{ ...SERVICE, revision: "000000000001" }], tags: { "web-fra": OLD_TAG } });
    const read = await lifecycle.read(metro(), "", before, { passedAt: "", revisions: { [OLD_TAG]: "000000000001" } });
    assert.deepEqual(read?.inputs.services, [{ ...SERVICE, revision: `not passed: ${NEW_TAG}` }]);
    assert.equal(diff(rolloutWave, { ...read?.inputs }, wave()).length, 1);
    const again = await lifecycle.read(metro(), "", waveInputs.parse(read?.inputs), read?.outputs);
    assert.deepEqual(again?.inputs, read?.inputs, "a second refresh finds nothing");
  });
});

describe("a wave that has passed", () => {
  const reverted = () => metro(() => ({ tags: ["managed-by:pulumi-unikernel", OLD_TAG], image: "app@sha256:1" }));
  const silent = () =>
    contextWithResponses({
      getServices: () => {
        throw new UnikernelError("API_UNREACHABLE", "No response.");
      },
    });

  it("lets later waves begin while it runs what passed", async () => {
    await assertPassed(metro(), wave(), false);
    await assertPassed(metro(), wave(), true);
  });

  it("keeps them from it when it was reverted, in a preview too", async () => {
    for (const isPreview of [false, true])
      await assert.rejects(
        assertPassed(reverted(), wave(), isPreview),
        /Wave 'fra' was reverted: service 'web-fra' runs/,
      );
  });

  it("fails an update whose metro does not respond, but no preview", async () => {
    await assertPassed(silent(), wave(), true);
    await assert.rejects(assertPassed(silent(), wave(), false), /No response/);
  });
});
