import assert from "node:assert/strict";
import { check } from "../../../../provider/definition/check";
import { diff } from "../../../../provider/definition/diff";
import { migrate } from "../../../../provider/definition/migrate";
import type { Properties } from "../../../../provider/definition/resource";
import { inputsFromState } from "../../../../provider/pulumi/dynamic/state";
import { resourceOf } from "../../../../provider/resources/all";

/** As earlier releases stored it: with defaults filled in. */
const FILLED_IN = { policy: "on", stateful: true, cooldownTimeMs: 1000, notifyTimeMs: 0 };
const GIVEN = { policy: "on", stateful: true };

const PROGRAMS = {
  Instance: (scaleToZero: Properties) => ({ name: "it", image: "app:1", service: "web", scaleToZero }),
  Service: (scaleToZero: Properties) => ({
    name: "it",
    ports: [{ port: 8080 }],
    template: { image: "app:1", scaleToZero },
  }),
} as const;

describe("state in which scaleToZero has its defaults filled in", () => {
  for (const kind of ["Instance", "Service"] as const) {
    it(`equals a ${kind} of a program that leaves them out`, async () => {
      const resource = resourceOf(kind);
      const stored = migrate(resource, { __version: 2, ...PROGRAMS[kind](FILLED_IN) });
      const { inputs, failures } = await check(resource, {}, PROGRAMS[kind](GIVEN));
      assert.deepEqual(failures, []);
      assert.deepEqual(diff(resource, inputsFromState(resource, stored), inputs), []);
    });

    it(`keeps the defaults that a program of this release gives a ${kind}`, () => {
      const stored = { __version: 3, ...PROGRAMS[kind](FILLED_IN) };
      assert.deepEqual(migrate(resourceOf(kind), stored), stored);
    });
  }

  it("may lack scaleToZero and a template", () => {
    assert.deepEqual(migrate(resourceOf("Instance"), { scaleToZero: null }), { scaleToZero: null });
    assert.deepEqual(migrate(resourceOf("Service"), { replicas: 0 }), { replicas: 0 });
  });
});
