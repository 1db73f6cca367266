import assert from "node:assert/strict";
import { UnikernelError } from "../../../../provider/base/errors";
import type { Client } from "../../../../provider/client/client";
import { ITEM_CODES } from "../../../../provider/contract/codes";
import { check } from "../../../../provider/definition/check";
import { diff } from "../../../../provider/definition/diff";
import { ResourceInitFailedError } from "../../../../provider/definition/initFailed";
import type { Properties } from "../../../../provider/definition/resource";
import { UNKNOWN } from "../../../../provider/definition/unknowns";
import { type ResourceKind, resourceOf } from "../../../../provider/resources/all";
import type { ProviderContext } from "../../../../provider/resources/context";
import { InMemoryApi } from "../../../support/inMemoryApi";

const PREFIX = "cloud.unikraft.v1.instances/scale_to_zero.";
const image = (digit: string): string => `acme/app@sha256:${digit.repeat(64)}`;
const PLAIN = image("0");
const SLEEPY = image("1");
const AWAKE = image("2");
const MISSPELT = image("3");
const UNREADABLE = image("4");

const LABELS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [PLAIN]: { other: "label" },
  [SLEEPY]: { [`${PREFIX}policy`]: "on", [`${PREFIX}stateful`]: "true", [`${PREFIX}cooldown_time_ms`]: "5000" },
  [AWAKE]: { [`${PREFIX}policy`]: "off" },
  [MISSPELT]: { [`${PREFIX}policy`]: "always", [`${PREFIX}cooldown_time_ms`]: "9" },
};
const SLEEPY_DEFAULTS = { scaleToZero: { policy: "on", stateful: true, cooldownTimeMs: 5000 } };

/** A stack with one resource, in a metro in memory. */
class Stack {
  readonly api = new InMemoryApi();
  readonly warnings: string[] = [];
  readonly reads: string[] = [];
  context: ProviderContext = {
    ...this.api.context,
    readImageLabels: async (name) => {
      this.reads.push(name);
      await Promise.resolve();
      if (name === UNREADABLE) throw new UnikernelError("API_UNREACHABLE", "The registry does not respond.");
      return LABELS[name];
    },
    printWarning: (sentence) => void this.warnings.push(sentence),
  };
  id = "";
  /** Inputs and outputs, as in state. */
  state: Properties = {};
  readonly #resource;
  readonly #kind: ResourceKind;

  constructor(kind: "Instance" | "Service") {
    this.#kind = kind;
    this.#resource = resourceOf(kind);
  }

  /** The inputs of a program with this image and these settings. */
  async inputs(name: string, scaleToZero?: Properties, others: Properties = {}): Promise<Properties> {
    const workload = { image: name, ...(scaleToZero === undefined ? {} : { scaleToZero }), ...others };
    const program =
      this.#kind === "Instance"
        ? { name: "it", service: "web", ...workload }
        : { name: "it", ports: [{ port: 80, handlers: ["http"] }], template: workload };
    const { inputs, failures } = await check(this.#resource, {}, program);
    assert.deepEqual(failures, []);
    return inputs;
  }

  async create(inputs: Properties): Promise<void> {
    const { id, outputs } = await this.#resource.create(this.context, inputs);
    this.id = id;
    this.state = { ...inputs, ...outputs };
  }

  /** `pulumi up`: an update if something has changed. Returns the changed inputs. */
  async up(inputs: Properties): Promise<readonly string[]> {
    const changes = diff(this.#resource, this.#inputs, inputs).map(({ property }) => property);
    if (changes.length > 0) {
      const olds = { inputs: this.#inputs, outputs: this.state };
      this.state = { ...inputs, ...(await this.#resource.update(this.context, this.id, olds, inputs)) };
    }
    return changes;
  }

  /** `pulumi refresh`. Returns the inputs that differ. */
  async refresh(): Promise<readonly string[]> {
    const before = this.#inputs;
    const observed = await this.#resource.read(this.context, this.id, before, this.state);
    this.state = { ...observed?.inputs, ...observed?.outputs };
    return diff(this.#resource, this.#inputs, before).map(({ property }) => property);
  }

  steps(inputs: Properties): readonly string[] {
    return this.#resource.describeUpdate?.(this.#inputs, inputs, this.state) ?? [];
  }

  /** The settings of the only instance: policy, stateful, cooldown time. */
  get running(): readonly unknown[] {
    const [instance, ...others] = this.api.instances.values();
    assert.deepEqual(others, []);
    const settings = instance?.scale_to_zero as Record<string, unknown> | undefined;
    return ["policy", "stateful", "cooldown_time_ms"].map((name) => settings?.[name]);
  }

  /** `scaleToZero` among the inputs in state. */
  get stored(): unknown {
    const workload = this.#kind === "Instance" ? this.state : (this.state["template"] as Properties | undefined);
    return workload?.["scaleToZero"];
  }

  get #inputs(): Properties {
    const { shape } = this.#resource.inputs;
    const given = Object.entries(this.state).filter(([name, value]) => name in shape && value !== undefined);
    return this.#resource.inputs.parse(Object.fromEntries(given));
  }
}

for (const kind of ["Instance", "Service"] as const) {
  const prefix = kind === "Service" ? "template." : "";
  describe(`the labels of the image of a${kind === "Instance" ? "n" : ""} ${kind}`, () => {
    let stack: Stack;
    beforeEach(() => {
      stack = new Stack(kind);
    });

    it("are defaults when it is created, reported as outputs and not as inputs", async () => {
      const inputs = await stack.inputs(SLEEPY);
      await stack.create(inputs);
      assert.deepEqual(stack.running, ["on", true, 5000]);
      assert.deepEqual(stack.state["imageDefaults"], SLEEPY_DEFAULTS);
      assert.equal(stack.stored, undefined);
      assert.deepEqual(await stack.up(inputs), []);
      assert.deepEqual(await stack.refresh(), []);
      assert.deepEqual(await stack.up(inputs), []);
      assert.equal(stack.stored, undefined);
      assert.deepEqual(stack.reads, [SLEEPY]);
    });

    it("give way to each setting of the program, and count again when it is removed", async () => {
      const explicit = await stack.inputs(SLEEPY, { policy: "idle", cooldownTimeMs: 7000 });
      await stack.create(explicit);
      assert.deepEqual(stack.running, ["idle", true, 7000]);
      assert.deepEqual(stack.stored, { policy: "idle", cooldownTimeMs: 7000 });
      assert.deepEqual(await stack.refresh(), []);
      const changed = kind === "Instance" ? "scaleToZero" : "template";
      assert.deepEqual(await stack.up(await stack.inputs(SLEEPY, { policy: "off" })), [changed]);
      assert.equal(stack.running[0], "off");
      assert.deepEqual(await stack.refresh(), []);
      const without = await stack.inputs(SLEEPY);
      const [last = ""] = stack.steps(without).slice(kind === "Instance" ? 1 : 0);
      assert.match(last, kind === "Instance" ? /^change scaleToZero in place$/ : /^roll the changed template out/);
      assert.deepEqual(await stack.up(without), [changed]);
      assert.deepEqual(stack.running, ["on", true, 5000]);
      assert.deepEqual(await stack.refresh(), []);
      assert.deepEqual(stack.reads, [SLEEPY], "the labels are those in the state while the image stays");
    });

    it("are those of a new image after an update to it", async () => {
      await stack.create(await stack.inputs(PLAIN));
      assert.deepEqual(stack.running, ["off", false, 1000]);
      assert.equal("imageDefaults" in stack.state, false);
      await stack.up(await stack.inputs(SLEEPY));
      assert.deepEqual(stack.running, ["on", true, 5000]);
      await stack.up(await stack.inputs(AWAKE));
      assert.equal(stack.running[0], "off");
      assert.deepEqual(stack.state["imageDefaults"], { scaleToZero: { policy: "off" } });
      await stack.up(await stack.inputs(PLAIN));
      assert.equal(stack.running[0], "off");
      assert.equal("imageDefaults" in stack.state, false);
      assert.deepEqual(await stack.refresh(), []);
    });

    it("show as drift when someone overrides them by hand, until the next update", async () => {
      const inputs = await stack.inputs(SLEEPY);
      await stack.create(inputs);
      const [instance] = stack.api.instances.values();
      if (instance?.scale_to_zero == null) throw new Error("There is no instance with scale_to_zero.");
      Object.assign(instance.scale_to_zero, { policy: "off", enabled: false });
      const changed = kind === "Instance" ? ["scaleToZero"] : ["replicas", "template"];
      assert.deepEqual((await stack.refresh()).toSorted(), changed);
      assert.deepEqual(stack.stored, { policy: "off" });
      await stack.up(inputs);
      assert.deepEqual(stack.running, ["on", true, 5000]);
      assert.deepEqual(await stack.refresh(), []);
      assert.equal(stack.stored, undefined);
    });

    it("set no default when they are invalid", async () => {
      await stack.create(await stack.inputs(MISSPELT, { policy: "on" }));
      assert.deepEqual(stack.running, ["on", false, 9]);
      await stack.up(await stack.inputs(MISSPELT));
      assert.equal(stack.running[0], "off");
      assert.deepEqual(stack.warnings, [], "the check warns");
    });

    it("are warned about when they cannot be read, and set no defaults", async () => {
      await stack.create(await stack.inputs(UNREADABLE));
      assert.equal(stack.running[0], "off");
      assert.deepEqual(stack.warnings, [
        `${kind} 'it': the labels of its image could not be read, so that ${prefix}scaleToZero gets no defaults from them until the image changes. The registry does not respond.`,
      ]);
      assert.equal("imageDefaults" in stack.state, false);
    });

    it("do not count where nothing can sleep", async () => {
      await stack.create(
        await stack.inputs(SLEEPY, undefined, { features: ["delete-on-stop"], restartPolicy: "never" }),
      );
      assert.equal(stack.running[0], "off");
    });

    it("are told by a preview, with what overrides them", async () => {
      const { inspectInputs } = resourceOf(kind);
      const look = async (olds: Properties | undefined, news: Properties) => {
        const found = await inspectInputs?.(stack.context, olds, news);
        // What a Service says about its rollout.
        const information = found?.information.filter((clause) => !clause.startsWith("connections begin"));
        return { ...found, information };
      };
      const silent = { information: [], warnings: [] };
      const label = (name: string): string => `from the image's label '${PREFIX}${name}'`;
      assert.deepEqual(await look(undefined, await stack.inputs(SLEEPY)), {
        information: [
          `the labels of the image set ${prefix}scaleToZero: policy 'on', stateful 'true', cooldownTimeMs '5000'`,
        ],
        warnings: [],
      });
      const explicit = await stack.inputs(SLEEPY, { policy: "off", stateful: true, cooldownTimeMs: 6000 });
      assert.deepEqual(await look(undefined, explicit), {
        information: [
          `${prefix}scaleToZero.policy 'off' overrides 'on' ${label("policy")}`,
          `${prefix}scaleToZero.cooldownTimeMs '6000' overrides '5000' ${label("cooldown_time_ms")}`,
        ],
        warnings: [],
      });
      assert.deepEqual(await look(await stack.inputs(PLAIN), await stack.inputs(MISSPELT)), {
        information: [],
        warnings: [
          `the image's label '${PREFIX}policy' must be 'on', 'idle' or 'off', not 'always'; it sets no default`,
        ],
      });
      stack.reads.length = 0;
      const unchanged = await stack.inputs(SLEEPY, undefined, { memoryMb: 256 });
      assert.deepEqual(await look(await stack.inputs(SLEEPY), unchanged), silent);
      assert.deepEqual(stack.reads, []);
      assert.deepEqual(await look(undefined, await stack.inputs(UNKNOWN)), silent);
      assert.deepEqual(await look(undefined, await stack.inputs(UNREADABLE)), silent);
      assert.deepEqual(await look(undefined, await stack.inputs(image("9"))), silent, "not stored yet");
      assert.deepEqual(await look(undefined, await stack.inputs(SLEEPY, { policy: UNKNOWN, stateful: false })), {
        information: [
          `the labels of the image set ${prefix}scaleToZero: cooldownTimeMs '5000'`,
          `${prefix}scaleToZero.stateful 'false' overrides 'true' ${label("stateful")}`,
        ],
        warnings: [],
      });
    });
  });
}

describe("the labels of the image of an Instance", () => {
  it("have no effect without a service, which would wake it", async () => {
    const stack = new Stack("Instance");
    const { service: _service, ...inputs } = await stack.inputs(SLEEPY);
    await stack.create(inputs);
    assert.equal(stack.running[0], "off");
    assert.equal("imageDefaults" in stack.state, false);
    assert.deepEqual(stack.reads, []);
  });

  it("are not mistaken for inputs when an update fails in part", async () => {
    const stack = new Stack("Instance");
    await stack.create(await stack.inputs(PLAIN));
    const news = await stack.inputs(SLEEPY);
    const { client } = stack.context;
    const patchInstances: Client["patchInstances"] = async (request) => {
      const reply = await client.patchInstances(request);
      const failed = { status: "error" as const, error: ITEM_CODES.Invalid, message: "no" };
      for (const instance of stack.api.instances.values())
        Object.assign(instance, { scale_to_zero: { policy: "off" } });
      const isRejected = (at: number): boolean => request.body[at]?.prop === "scale_to_zero";
      return { ...reply, items: reply.items.map((item, at) => (isRejected(at) ? { ...item, ...failed } : item)) };
    };
    stack.context = { ...stack.context, client: { ...client, patchInstances } };
    const failure: unknown = await stack.up(news).catch((error: unknown) => error);
    assert.ok(failure instanceof ResourceInitFailedError);
    const { image: now, scaleToZero, imageDefaults } = failure.outputs;
    assert.deepEqual([now, scaleToZero, imageDefaults], [SLEEPY, { policy: "off" }, SLEEPY_DEFAULTS]);
    stack.context = { ...stack.context, client };
    stack.state = { ...failure.outputs };
    assert.deepEqual(await stack.up(news), ["scaleToZero"]);
    assert.deepEqual(stack.running, ["on", true, 5000]);
    assert.equal(stack.stored, undefined);
  });
});
