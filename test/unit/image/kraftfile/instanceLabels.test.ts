import assert from "node:assert/strict";
import {
  describeLabelConflicts,
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
    ["policy", "always", "must be 'on', 'idle' or 'off', not 'always'; it sets no default"],
    ["policy", "ON", "must be 'on', 'idle' or 'off', not 'ON'; it sets no default"],
    ["stateful", "yes", "must be 'true' or 'false', not 'yes'; it sets no default"],
    ["stateful", "", "must be 'true' or 'false', not ''; it sets no default"],
    ["cooldown_time_ms", "1s", "must be a whole number of milliseconds, 0 to 86400000, not '1s'; it sets no default"],
    ["cooldown_time_ms", "-1", "must be a whole number of milliseconds, 0 to 86400000, not '-1'; it sets no default"],
    [
      "cooldown_time_ms",
      "86400001",
      "must be a whole number of milliseconds, 0 to 86400000, not '86400001'; it sets no default",
    ],
    ["cooldown_ms", "1000", "is unknown; its value '1000' has no effect"],
  ] as const) {
    it(`set no default when invalid: ${name} '${value}'`, () => {
      assert.deepEqual(readInstanceLabels(labels({ [name]: value })), {
        problems: [`the image's label '${PREFIX}${name}' ${problem}`],
      });
    });
  }

  it("conflict with a setting that differs, and with no other", () => {
    const labelled = { policy: "on", stateful: true, cooldownTimeMs: 1000 } as const;
    assert.deepEqual(describeLabelConflicts(labelled, undefined), []);
    assert.deepEqual(describeLabelConflicts(undefined, { policy: "off" }), []);
    assert.deepEqual(describeLabelConflicts(labelled, { policy: "on", cooldownTimeMs: 1000 }), []);
    const settings = { policy: "off", cooldownTimeMs: 5000, notifyTimeMs: 10 };
    assert.deepEqual(describeLabelConflicts(labelled, settings), [
      `scaleToZero.policy 'off' overrides 'on' from the image's label '${PREFIX}policy'`,
      `scaleToZero.cooldownTimeMs '5000' overrides '1000' from the image's label '${PREFIX}cooldown_time_ms'`,
    ]);
    assert.deepEqual(describeLabelConflicts(labelled, { stateful: false }, "template."), [
      `template.scaleToZero.stateful 'false' overrides 'true' from the image's label '${PREFIX}stateful'`,
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
