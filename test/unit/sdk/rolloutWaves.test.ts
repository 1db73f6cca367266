/** The component RolloutWaves with Pulumi's mocks: what it registers, and which programs it rejects. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import * as unikernel from "../../../sdk";

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

const whole = <T>(output: pulumi.Output<T>): Promise<T> => new Promise((resolve) => void output.apply(resolve));

describe("rollout waves", () => {
  const registered: Registered[] = [];
  before(() =>
    pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          registered.push({ type, name, inputs: inputs as Record<string, unknown> });
          return { id: `${name}-id`, state: { ...(inputs as object) } };
        },
        call: () => ({}),
      },
      "project",
      "stack",
      false,
    ),
  );
  beforeEach(() => (registered.length = 0));

  const service: unikernel.ServiceArgs = {
    ports: [{ port: 8080 }],
    replicas: 2,
    template: { image: "app:1", memoryMb: 64, env: { A: "1" } },
  };

  it("create the services of each wave, with what is different in it, and its end", async () => {
    const roll = new unikernel.RolloutWaves("gateway", {
      waves: [
        { name: "canary", service: { replicas: 1, template: { image: "app:2" } }, bakeTimeMs: 0 },
        { name: "eu" },
      ],
      service,
      gate: { path: "/status" },
    });
    await Promise.all(roll.waves.map(({ passed }) => whole(passed.urn)));
    const resources = registered.filter(({ type }) => type.startsWith("pulumi-nodejs:dynamic/"));
    assert.deepEqual(
      resources.map(({ type, name }) => `${type.split(":").at(-1) ?? ""} ${name}`),
      ["Service gateway-canary", "RolloutWave gateway-canary", "Service gateway-eu", "RolloutWave gateway-eu"],
    );
    const [canary, canaryEnd, , euEnd] = resources;
    assert.equal(canary?.inputs["replicas"], 1);
    // Secret, because the environment is.
    const { value: template } = canary?.inputs["template"] as { value: { image: string } };
    assert.deepEqual([Object.keys(template).sort(), template.image], [["env", "image", "memoryMb"], "app:2"]);
    assert.deepEqual(canaryEnd?.inputs["gate"], { path: "/status" });
    assert.deepEqual([canaryEnd?.inputs["bakeTimeMs"], euEnd?.inputs["bakeTimeMs"]], [0, 60_000]);
    const sequence = [
      { name: "canary", bakeTimeMs: 0 },
      { name: "eu", bakeTimeMs: 60_000 },
    ];
    assert.deepEqual(euEnd?.inputs["sequence"], sequence);
    const [first] = roll.waves[0]?.services ?? [];
    assert.ok(first !== undefined);
    assert.match(await whole(first.urn), /RolloutWaves\$/);
  });

  it("reject what cannot be in sequence, each with one sentence", () => {
    const shared = new unikernel.Service("shared", service);
    const elsewhere = new unikernel.Provider("elsewhere", { metro: "http://127.0.0.1:1", token: "t" });
    const cases: readonly (readonly [object, RegExp])[] = [
      [{ waves: [], service }, /waves: at least one wave is needed\.$/],
      [{ waves: [{ name: "a" }, { name: "a" }], service }, /waves\[1\]\.name: two waves are named 'a'/],
      [{ waves: [{ name: "a b" }], service }, /waves\[0\]\.name: must be 1 to 63 letters/],
      [{ waves: [{ name: "a" }] }, /service: required/],
      [{ waves: [{ name: "a" }], service, onFailure: "pause" }, /onFailure: must be "stop" or "rollback", got "pause"/],
      [
        { waves: [{ name: "a", service: {} }], service: () => shared },
        /waves\[0\]\.service: has no effect with a function/,
      ],
      [{ waves: [{ name: "a" }], service: () => [] }, /wave 'a': the function created no service/],
      [{ waves: [{ name: "a" }], service: () => "web" }, /wave 'a': the function must return a Service/],
      [
        { waves: [{ name: "a" }], service: () => new unikernel.Service("astray", service) },
        /service 'astray' was created without the options that the function got/,
      ],
    ];
    cases.forEach(([args, expected], index) => {
      assert.throws(
        () => new unikernel.RolloutWaves(`wrong-${index}`, args as unikernel.RolloutWavesArgs),
        (error: Error) => {
          assert.match(error.message, /^INPUT_INVALID: RolloutWaves 'wrong-\d+': /);
          assert.match(error.message, expected);
          return true;
        },
      );
    });
    let once: unikernel.Service | undefined;
    const twice: unikernel.CreateWaveServices = (_wave, opts) =>
      (once ??= new unikernel.Service("once", service, opts));
    assert.throws(
      () => new unikernel.RolloutWaves("twice", { waves: [{ name: "a" }, { name: "b" }], service: twice }),
      /wave 'b': service 'once' is in two waves; create one for each wave\.$/,
    );
    const moved: unikernel.CreateWaveServices = (_wave, opts) =>
      new unikernel.Service("moved", service, { ...opts, provider: elsewhere });
    assert.throws(
      () => new unikernel.RolloutWaves("moved", { waves: [{ name: "a" }], service: moved }),
      /service 'moved' has another provider than its wave/,
    );
  });
});
