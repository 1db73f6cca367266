import assert from "node:assert/strict";
import {
  findLabelConflicts,
  mergeScaleToZero,
  readInstanceLabels,
} from "../../../../provider/image/kraftfile/instanceLabels";

const PREFIX = "cloud.unikraft.v1.instances/scale_to_zero.";
const labels = (values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [PREFIX + name, value]));

describe("the labels of an image that concern instances", () => {
  it("are the three that kraft reads, in the terms of scaleToZero", () => {
    assert.deepEqual(readInstanceLabels(labels({ policy: "idle", stateful: "true", cooldown_time_ms: "3000" })), {
      scaleToZero: { policy: "idle", stateful: true, cooldownTimeMs: 3000 },
      problems: [],
    });
    assert.deepEqual(readInstanceLabels(labels({ policy: "on" })), { scaleToZero: { policy: "on" }, problems: [] });
    assert.deepEqual(readInstanceLabels(labels({ stateful: "F", cooldown_time_ms: " 0 " })), {
      scaleToZero: { stateful: false, cooldownTimeMs: 0 },
      problems: [],
    });
  });

  it("are ignored if they concern something else", () => {
    assert.deepEqual(readInstanceLabels({ "org.opencontainers.image.title": "x", policy: "on" }), { problems: [] });
  });

  for (const [name, value, problem] of [
    ["policy", "always", "must be 'on', 'idle' or 'off', not 'always'"],
    ["policy", "ON", "must be 'on', 'idle' or 'off', not 'ON'"],
    ["stateful", "yes", "must be 'true' or 'false', not 'yes'"],
    ["stateful", "", "must be 'true' or 'false', not ''"],
    ["cooldown_time_ms", "1s", "must be a whole number of milliseconds, 0 to 86400000, not '1s'"],
    ["cooldown_time_ms", "-1", "must be a whole number of milliseconds, 0 to 86400000, not '-1'"],
    ["cooldown_time_ms", "86400001", "must be a whole number of milliseconds, 0 to 86400000, not '86400001'"],
    ["cooldown_ms", "1000", "is unknown and has no effect"],
  ] as const) {
    it(`set no default when invalid: ${name} '${value}'`, () => {
      assert.deepEqual(readInstanceLabels(labels({ [name]: value })), {
        problems: [`The label '${PREFIX}${name}' ${problem}.`],
      });
    });
  }

  it("conflict with a setting that differs, and with no other", () => {
    const labelled = { policy: "on", stateful: true, cooldownTimeMs: 1000 } as const;
    assert.deepEqual(findLabelConflicts(labelled, undefined), []);
    assert.deepEqual(findLabelConflicts(undefined, { policy: "off" }), []);
    assert.deepEqual(findLabelConflicts(labelled, { policy: "on", cooldownTimeMs: 1000 }), []);
    assert.deepEqual(findLabelConflicts(labelled, { policy: "off", cooldownTimeMs: 5000, notifyTimeMs: 10 }), [
      {
        property: "scaleToZero.policy",
        fromLabel: "on",
        explicit: "off",
        message: "'scaleToZero.policy' is off, which overrides on, the value in the labels of the image.",
      },
      {
        property: "scaleToZero.cooldownTimeMs",
        fromLabel: 1000,
        explicit: 5000,
        message: "'scaleToZero.cooldownTimeMs' is 5000, which overrides 1000, the value in the labels of the image.",
      },
    ]);
  });

  it("give way to the settings of the program, one by one", () => {
    const labelled = { policy: "on", cooldownTimeMs: 1000 } as const;
    assert.deepEqual(mergeScaleToZero(labelled, undefined), { policy: "on", cooldownTimeMs: 1000 });
    assert.deepEqual(mergeScaleToZero(labelled, { policy: "idle", stateful: true }), {
      policy: "idle",
      stateful: true,
      cooldownTimeMs: 1000,
    });
    assert.equal(mergeScaleToZero({ cooldownTimeMs: 1000 }, undefined), undefined);
    assert.equal(mergeScaleToZero(undefined, undefined), undefined);
  });
});
