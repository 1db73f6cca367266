import assert from "node:assert/strict";
import { serviceInputs } from "../../../../provider/resources/service/inputs";
import { planServiceUpdate } from "../../../../provider/resources/service/plan";

describe("the rollout in a plan of a service", () => {
  const inputs = (image: string | undefined, replicas: number, manner: object = {}, template: object = {}) =>
    serviceInputs.parse({
      name: "web",
      ports: [{ port: 8080 }],
      ...(image === undefined ? {} : { template: { image, ...template }, replicas }),
      rollout: manner,
    });
  const rollout = (...plan: Parameters<typeof planServiceUpdate>) =>
    planServiceUpdate(...plan).flatMap((step) => (step.do === "roll" ? [step.description] : []));

  it("replaces replicas of another template, even if none counts as a replica of the requested one", () => {
    const [step] = rollout(inputs("app:1", 0), inputs("app:2", 3), 3);
    assert.match(step ?? "", /^roll the changed template out to 3 replicas/);
  });

  it("launches where there are no replicas, or only failed ones of the same template", () => {
    assert.deepEqual(rollout(inputs(undefined, 0), inputs("app:2", 3), 0), ["launch 3 replicas"]);
    assert.deepEqual(rollout(inputs("app:1", 0), inputs("app:2", 3), 0), ["launch 3 replicas"]);
    assert.deepEqual(rollout(inputs("app:1", 0), inputs("app:1", 3), 3), ["launch 3 replicas"]);
  });

  const described = (replicas: number, manner: object, template: object = {}) =>
    rollout(inputs("app:1", replicas, manner, template), inputs("app:2", replicas, manner, template), replicas);

  const WORDS: readonly (readonly [replicas: number, manner: object, words: string])[] = [
    [1, {}, "1 replica (rolling): in 1 batch, at most 2 at once, at least 1 serving"],
    [3, {}, "3 replicas (rolling): in 3 batches of 1, at most 4 at once, at least 3 serving"],
    [
      10,
      { maxSurge: "25%", maxUnavailable: "25%" },
      "10 replicas (rolling): in 2 batches of up to 5, at most 13 at once, at least 8 serving",
    ],
    [2, { maxSurge: 0, maxUnavailable: 2 }, "2 replicas (rolling): in 1 batch, at most 2 at once, maybe none serving"],
    [
      5,
      {
        strategy: "canary",
        steps: [
          { count: 1, pauseMs: 60_000 },
          { count: "50%", pauseMs: 5_000 },
        ],
      },
      "5 replicas (canary): 1, then a pause of 60,000 ms; 2, then a pause of 5,000 ms; then all; at most 6 at once, at least 5 serving",
    ],
    [
      3,
      { strategy: "blueGreen" },
      "3 replicas (blueGreen): launch a second set, move all connections at once, and the old ones are deleted; at most 6 at once",
    ],
    [
      3,
      { strategy: "blueGreen", keepOldForMs: 600_000 },
      "3 replicas (blueGreen): launch a second set, move all connections at once, and the old ones are stopped and kept for 600,000 ms; at most 6 at once",
    ],
    [2, { strategy: "recreate" }, "2 replicas (recreate): the old ones stop first; none serves until the new ones do"],
    [
      3,
      { strategy: "inPlace" },
      "3 replicas (inPlace): each stops, changes and starts again, in 3 batches of 1; at least 2 serving",
    ],
    [
      1,
      { strategy: "inPlace" },
      "1 replica (inPlace): each stops, changes and starts again, in 1 batch; none serves meanwhile",
    ],
  ];
  for (const [replicas, manner, words] of WORDS)
    it(`is told with its limits: ${JSON.stringify(manner)} of ${replicas}`, () =>
      assert.deepEqual(described(replicas, manner), [`roll the changed template out to ${words}`]));

  it("stops the old replica first where only one can hold the volume, and says so", () => {
    const template = { volumes: [{ volume: "data", at: "/data" }] };
    assert.deepEqual(described(1, {}, template), [
      "roll the changed template out to 1 replica (recreate): the old ones stop first, because only one instance can write to the volume 'data'; none serves until the new ones do",
    ]);
    const shared = { volumes: [{ volume: "data", at: "/data", readonly: true }] };
    assert.match(described(1, {}, shared)[0] ?? "", /1 replica \(rolling\)/);
    assert.match(described(2, { sharedVolumes: true }, template)[0] ?? "", /2 replicas \(rolling\)/);
  });
});

describe("the ports in a plan of a service", () => {
  const withPorts = (...ports: readonly object[]) =>
    serviceInputs.parse({ name: "web", ports, replicas: 1, template: { image: "web:1" } });
  const described = (olds: readonly object[], news: readonly object[]) =>
    planServiceUpdate(withPorts(...olds), withPorts(...news), 1).map(({ description }) => description);

  it("say which port no longer takes connections", () => {
    const [http, tls] = [{ port: 18414 }, { port: 18415, handlers: ["tls"] }];
    assert.deepEqual(described([http], [tls]), ["publish 18415, and stop publishing 18414"]);
    assert.deepEqual(described([http], [http, tls]), ["publish 18414, 18415"]);
    assert.deepEqual(described([http], [{ ...http, destinationPort: 80 }]), ["publish 18414"]);
  });
});
