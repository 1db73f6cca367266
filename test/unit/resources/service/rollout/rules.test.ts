import assert from "node:assert/strict";
import { check } from "../../../../../provider/definition/check";
import { UNKNOWN } from "../../../../../provider/definition/unknowns";
import { service } from "../../../../../provider/resources/service/resource";

const image = `gateway@sha256:${"a".repeat(64)}`;
const written = { image, volumes: [{ volume: "data", at: "/data" }] };

/** The failures of a service with this rollout, as `property: reason`. */
const reasons = async (rollout: object, more: object = {}, olds: object = {}): Promise<readonly string[]> => {
  const program = { ports: [{ port: 8080 }], template: { image }, rollout, ...more };
  const { failures } = await check(service, { ...olds }, program);
  return failures.map(({ property, reason }) => `${property}: ${reason}`);
};

describe("the rules of a rollout", () => {
  const ACCEPTED: readonly (readonly [what: string, rollout: object, more?: object])[] = [
    ["nothing", {}],
    ["numbers", { maxSurge: 2, maxUnavailable: 1 }, { replicas: 3 }],
    ["one limit of 0", { maxSurge: 0, maxUnavailable: 1 }, { replicas: 3 }],
    ["percentages", { maxSurge: "25%", maxUnavailable: "25%" }, { replicas: 3 }],
    ["a surge that rounds up to 1", { maxSurge: "1%" }, { replicas: 3 }],
    ["percentages of no replica", { maxSurge: "0%", maxUnavailable: "50%" }, { replicas: 0 }],
    [
      "steps",
      {
        strategy: "canary",
        steps: [
          { count: 1, pauseMs: 0 },
          { count: "50%", pauseMs: 9 },
        ],
      },
      { replicas: 4 },
    ],
    ["a second set that is kept", { strategy: "blueGreen", keepOldForMs: 86_400_000 }, { replicas: 3 }],
    ["one replica at a time in place", { strategy: "inPlace", maxUnavailable: 1 }, { replicas: 3 }],
    ["an exclusive volume without a strategy", {}, { template: written }],
    ["an exclusive volume with recreate", { strategy: "recreate" }, { template: written }],
    ["an exclusive volume in place", { strategy: "inPlace" }, { template: written }],
    ["a shared volume", { strategy: "rolling", sharedVolumes: true }, { template: written, replicas: 3 }],
    ["each way to fail", { onFailure: "keepBoth" }],
    ["a pause with recreate", { strategy: "recreate", onFailure: "pause" }],
    ["both sets with a shared volume", { onFailure: "keepBoth", sharedVolumes: true }, { template: written }],
  ];
  for (const [what, rollout, more] of ACCEPTED)
    it(`accept ${what}`, async () => assert.deepEqual(await reasons(rollout, more), []));

  const REJECTED: readonly (readonly [what: string, rollout: object, more: object, expected: string])[] = [
    [
      "limits that are both 0",
      { maxSurge: 0 },
      {},
      "rollout.maxSurge: maxSurge and maxUnavailable cannot both be 0: no replica could ever be replaced. Set maxSurge: 1, or maxUnavailable: 1.",
    ],
    [
      "both sets after a failure of recreate, which never has both",
      { strategy: "recreate", onFailure: "keepBoth" },
      {},
      'rollout.onFailure: "keepBoth" is impossible with the strategy "recreate": the old replicas are deleted before a new one starts, so there are never both. Use "rollback" or "pause".',
    ],
    [
      "both sets after a failure where a volume requires recreate",
      { onFailure: "keepBoth" },
      { template: written },
      'rollout.onFailure: "keepBoth" is impossible with the strategy "recreate", which the volume \'data\' requires: the old replicas are deleted before a new one starts, so there are never both. Use "rollback" or "pause".',
    ],
    [
      "percentages that both round to 0",
      { maxSurge: 0, maxUnavailable: "25%" },
      { replicas: 3 },
      "rollout.maxSurge: maxSurge (0) and maxUnavailable (25% of 3 replicas = 0.75, rounded down to 0) cannot both be 0: no replica could ever be replaced. Set maxSurge: 1, or maxUnavailable: 1.",
    ],
    [
      "percentages that are both 0",
      { maxSurge: "0%", maxUnavailable: "0%" },
      { replicas: 1 },
      "rollout.maxSurge: maxSurge (0% of 1 replica = 0) and maxUnavailable (0% of 1 replica = 0) cannot both be 0: no replica could ever be replaced. Set maxSurge: 1, or maxUnavailable: 1.",
    ],
    [
      "limits of canary that are both 0",
      { strategy: "canary", steps: [{ count: 1, pauseMs: 0 }], maxSurge: 0 },
      { replicas: 3 },
      "rollout.maxSurge: maxSurge and maxUnavailable cannot both be 0: no replica could ever be replaced. Set maxSurge: 1, or maxUnavailable: 1.",
    ],
    [
      "in place with none missing",
      { strategy: "inPlace", maxUnavailable: "20%" },
      { replicas: 4 },
      'rollout.maxUnavailable: maxUnavailable (20% of 4 replicas = 0.8, rounded down to 0) must be at least 1 with the strategy "inPlace", which stops each replica to change it.',
    ],
    [
      "a missing count of a step",
      { strategy: "canary", steps: [{ pauseMs: 1 }] },
      {},
      'rollout.steps[0].count: required: it must be a whole number, or a percentage such as "25%".',
    ],
    [
      "a fraction",
      { maxSurge: 1.5 },
      {},
      'rollout.maxSurge: must be a whole number, or a percentage such as "25%", got 1.5.',
    ],
    [
      "a duration as text",
      { healthyWithinMs: "30s" },
      {},
      'rollout.healthyWithinMs: must be a number, got "30s". It is in milliseconds: write 30000.',
    ],
    [
      "a nested value to match",
      { gate: { path: "/", match: { "$.a": { b: 1 } } } },
      {},
      'rollout.gate.match["$.a"]: must be text, a number, true, false or null; for a value inside an object, write its own query, such as "$.a.b", got an object.',
    ],
    [
      "a percentage above 100 of missing replicas",
      { maxUnavailable: "101%" },
      {},
      'rollout.maxUnavailable: must be a whole number, or a percentage from "0%" to "100%" such as "25%", got "101%".',
    ],
    [
      "a percentage above 999",
      { maxSurge: "1000%" },
      {},
      'rollout.maxSurge: must be a whole number, or a percentage from "0%" to "999%" such as "25%", got "1000%".',
    ],
    [
      "a fraction of a percent",
      { maxUnavailable: "2.5%" },
      {},
      'rollout.maxUnavailable: must be a whole number, or a percentage from "0%" to "100%" such as "25%", got "2.5%".',
    ],
    [
      "what is neither a number nor a text",
      { maxSurge: true },
      {},
      'rollout.maxSurge: must be a whole number, or a percentage such as "25%", got true.',
    ],
    ["more than the API's limit", { maxSurge: 254 }, {}, "rollout.maxSurge: must be at most 253, got 254."],
    [
      "steps without canary",
      { steps: [{ count: 1, pauseMs: 0 }] },
      { replicas: 3 },
      'rollout.steps: has no effect with the strategy "rolling"; remove it, or set strategy: "canary".',
    ],
    [
      "keepOldForMs without blueGreen",
      { strategy: "canary", steps: [{ count: 1, pauseMs: 0 }], keepOldForMs: 0 },
      { replicas: 3 },
      'rollout.keepOldForMs: has no effect with the strategy "canary"; remove it, or set strategy: "blueGreen".',
    ],
    [
      "a surge of a complete second set",
      { strategy: "blueGreen", maxSurge: 2 },
      { replicas: 3 },
      'rollout.maxSurge: has no effect with the strategy "blueGreen"; remove it, or set strategy: "rolling" or "canary".',
    ],
    [
      "a limit of recreate",
      { strategy: "recreate", maxUnavailable: 1 },
      {},
      'rollout.maxUnavailable: has no effect with the strategy "recreate"; remove it, or set strategy: "rolling" or "canary" or "inPlace".',
    ],
    [
      "canary without steps",
      { strategy: "canary" },
      { replicas: 3 },
      'rollout.steps: required for the strategy "canary", such as steps: [{ count: 1, pauseMs: 60_000 }].',
    ],
    ["canary with no step", { strategy: "canary", steps: [] }, { replicas: 3 }, "rollout.steps: must not be empty."],
    [
      "steps that do not increase",
      {
        strategy: "canary",
        steps: [
          { count: 2, pauseMs: 0 },
          { count: "50%", pauseMs: 0 },
        ],
      },
      { replicas: 5 },
      "rollout.steps[1].count: must be more than in the step before (2), got 50% of 5 replicas = 2.5, rounded down to 2.",
    ],
    [
      "a step that rounds to no replica",
      { strategy: "canary", steps: [{ count: "20%", pauseMs: 0 }] },
      { replicas: 4 },
      "rollout.steps[0].count: 20% of 4 replicas = 0.8, rounded down to 0: the step has no new replica. Give a number or a larger percentage.",
    ],
    [
      "a step of all replicas",
      { strategy: "canary", steps: [{ count: "100%", pauseMs: 0 }] },
      { replicas: 3 },
      "rollout.steps[0].count: must be below replicas (3), got 100% of 3 replicas = 3; all follow after the last step.",
    ],
    [
      "rolling with a volume of one writer",
      { strategy: "rolling" },
      { template: written },
      'rollout.strategy: "rolling" starts a new replica beside the old one, and only one instance can write to the volume \'data\'. Remove the strategy or set "recreate", mount the volume with readonly: true, or use the access mode "rwx" with sharedVolumes: true.',
    ],
    [
      "an unknown strategy",
      { strategy: "bluegreen" },
      {},
      'rollout.strategy: must be one of "rolling", "blueGreen", "canary", "recreate", "inPlace", got "bluegreen". Did you mean "blueGreen"?',
    ],
    [
      "the former name of the gate",
      { health: { path: "/hello" } },
      {},
      "rollout.health: renamed to `gate`, which has the same `path` and `match` and asks each new replica by itself; write gate: { path: … }.",
    ],
  ];
  for (const [what, rollout, more, expected] of REJECTED)
    it(`reject ${what}`, async () => assert.deepEqual(await reasons(rollout, more), [expected]));

  for (const strategy of ["blueGreen", "canary"])
    it(`reject ${strategy} with a volume of one writer`, async () => {
      const found = await reasons({ strategy }, { template: written });
      assert.ok(
        found.some((reason) =>
          reason.startsWith(`rollout.strategy: "${strategy}" starts a new replica beside the old`),
        ),
        found.join("\n"),
      );
    });

  it("wait for what is not known yet", async () => {
    assert.deepEqual(
      await reasons({ strategy: "canary", steps: [{ count: 9, pauseMs: 0 }] }, { replicas: UNKNOWN }),
      [],
    );
    assert.deepEqual(await reasons({ maxSurge: UNKNOWN, maxUnavailable: 0 }), []);
  });

  describe("in place", () => {
    const before = { replicas: 2, template: { image, restartPolicy: "always", type: "micro", features: [] } };
    const change = (template: object, rollout: object = { strategy: "inPlace" }) =>
      reasons(rollout, { replicas: 2, template: { image, ...template } }, before);

    it("accept what a stopped instance can take", async () => {
      const roms = [{ name: "conf", files: [{ path: "key", data: "value" }], at: "/conf" }];
      for (const template of [
        { image: `gateway@sha256:${"b".repeat(64)}` },
        { image: UNKNOWN },
        ...[{ args: ["/app"] }, { env: { A: "1" } }, { memoryMb: 512 }, { vcpus: 2 }, { hostname: "web" }, { roms }],
      ])
        assert.deepEqual(await change(template), [], JSON.stringify(template));
    });

    it("name what an instance keeps from its creation on", async () => {
      const advice =
        'cannot change with the strategy "inPlace": an instance keeps it from its creation on. Use "rolling" or "recreate" for this update.';
      assert.deepEqual(await change({ restartPolicy: "never" }), [`template.restartPolicy: ${advice}`]);
      assert.deepEqual(await change({ image: UNKNOWN, type: "full" }), [`template.type: ${advice}`]);
      assert.deepEqual(await change({ restartPolicy: "never" }, {}), []);
    });
  });
});
