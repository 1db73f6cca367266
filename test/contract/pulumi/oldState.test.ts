/** States written by release f2a07b2, read by the current dynamic provider process: checked, compared, read and deleted. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { DynamicProcess } from "../../support/dynamicProcess";
import { type ReceivedRequest, startFakeApi, success } from "../../support/fakeApi";
import { type Items, announceDaemon, recordedResponse } from "../../support/fakeDaemon";
import {
  OldProject,
  type OldResource,
  type OldStateName,
  SETTINGS,
  oldResources,
  readDeployment,
} from "../../support/oldState";
import type { Registration } from "../../support/programInputs";

type Json = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

/** Each kind and each Provider needs its own process, which takes a second or more on a busy machine. */
const PROCESSES_LIMIT_MS = 180_000;

const UNCHANGED = { changes: false, replaces: [], deleteBeforeReplace: false };

/** Create-only inputs: a change has no effect. */
const AT_CREATION = ["adopt", "allowDataLoss", "allowRestart", "autostart", "imagePull", "prepareTemplate"];

/** The processes for one state, started on demand, and its resources with the inputs that their program registers. */
class OldStack {
  readonly resources: readonly OldResource[];
  readonly project: OldProject;
  private readonly name: OldStateName;
  private readonly registered: readonly Registration[];
  private readonly stateDir = process.env["UNIKERNEL_STATE_DIR"];
  private readonly processes = new Map<string, Promise<DynamicProcess>>();

  private constructor(
    name: OldStateName,
    project: OldProject,
    resources: readonly OldResource[],
    registered: readonly Registration[],
  ) {
    this.name = name;
    this.project = project;
    this.resources = resources;
    this.registered = registered;
  }

  static async open(name: OldStateName): Promise<OldStack> {
    const all = oldResources(await readDeployment(name));
    const project = await OldProject.open(name);
    const stack = new OldStack(name, project, all, await project.registered(all));
    process.env["UNIKERNEL_STATE_DIR"] = project.platform;
    return stack;
  }

  /** The resources that the dynamic provider process knows. */
  get dynamic(): readonly OldResource[] {
    return this.resources.filter(({ type }) => type.includes("unikernel:"));
  }

  named(name: string): OldResource {
    return this.resources.find((one) => one.name === name) ?? assert.fail(`no ${name} in the state`);
  }

  /** The inputs that the program registers now. */
  registrationOf({ type, name }: OldResource): Registration {
    const found = this.registered.filter((one) => one.type === type && one.name === name);
    assert.equal(found.length, 1, `${type} ${name} in the program`);
    return found[0] ?? assert.fail();
  }

  process({ kind, provider }: OldResource): Promise<DynamicProcess> {
    const key = `${kind} ${provider}`;
    const settings = Object.entries(SETTINGS[this.name]).map(([name, value]) => [`unikernel:${name}`, value] as const);
    const own = this.resources.find(({ type, name }) => type.startsWith("pulumi:providers:") && name === provider);
    const config = own === undefined ? Object.fromEntries(settings) : { ...this.registrationOf(own).inputs };
    const started = this.processes.get(key) ?? DynamicProcess.start(kind, config, this.project.folder);
    this.processes.set(key, started);
    return started;
  }

  /** Check with the inputs in state, then diff with the outputs in state, as the engine does at preview. */
  async preview(resource: OldResource, old: Partial<Pick<OldResource, "inputs" | "outputs">> = {}) {
    const { inputs: olds, outputs, id } = { ...resource, ...old };
    const process = await this.process(resource);
    const { inputs, failures } = await process.check(olds, { ...this.registrationOf(resource).inputs });
    assert.deepEqual(failures, [], `check of ${resource.name}`);
    return { inputs, ...(await process.diff(id, outputs, inputs)) };
  }

  async close(): Promise<void> {
    for (const process of this.processes.values()) await process.then((one) => one.stop());
    if (this.stateDir === undefined) delete process.env["UNIKERNEL_STATE_DIR"];
    else process.env["UNIKERNEL_STATE_DIR"] = this.stateDir;
    await this.project.remove();
  }
}

/** The paths of all values in an input, except those whose change has no effect. */
function leaves(value: unknown, at: Path = []): readonly Path[] {
  if (AT_CREATION.includes(String(at.at(-1)))) return [];
  if (value === null || typeof value !== "object") return [at];
  const members = Array.isArray(value)
    ? value.map((one: unknown, index) => [index, one] as const)
    : Object.entries(value);
  return members.flatMap(([key, member]) => leaves(member, [...at, key]));
}

/** A copy of the value with a different value at a path. */
function altered(value: unknown, [key, ...rest]: Path): unknown {
  if (key !== undefined) {
    const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<
      string,
      unknown
    >;
    copy[key] = altered(copy[key], rest);
    return copy;
  }
  if (typeof value === "number") return value + 1;
  return typeof value === "boolean" ? !value : `${String(value)}x`;
}

/** The older release built other bytes from the same folder (modes as on disk), so its images are built once more. */
const isBuiltOnceMore = (resource: OldResource): boolean => resource.inputs["contextHash"] !== undefined;

for (const name of ["everything", "cloud"] as const) {
  describe(`the dynamic provider process with state '${name}' of an older release`, function () {
    this.timeout(PROCESSES_LIMIT_MS);
    let stack: OldStack;
    before(async () => {
      stack = await OldStack.open(name);
    });
    after(() => stack.close());

    it("shows no change of any resource but the build of images, and creates nothing", async () => {
      const seen: Json[] = [];
      for (const resource of stack.dynamic) {
        const { inputs, ...diff } = await stack.preview(resource);
        assert.equal(inputs["name"], resource.inputs["name"], "the name it was given");
        seen.push({ name: resource.name, ...diff });
      }
      assert.ok(seen.length >= 13, `${seen.length} resources`);
      assert.deepEqual(
        seen,
        stack.dynamic.map((resource) => ({
          name: resource.name,
          ...UNCHANGED,
          ...(isBuiltOnceMore(resource) ? { changes: true } : {}),
        })),
      );
      assert.equal(await stack.project.hasPlatform(), false, "nothing asked for the local platform");
    });

    it("shows no change with new inputs beside old outputs, as an unchanged update leaves them", async () => {
      for (const resource of stack.dynamic) {
        const { inputs } = await stack.preview(resource);
        const { changes, replaces } = await stack.preview(resource, { inputs });
        assert.deepEqual([changes, replaces], [isBuiltOnceMore(resource), []], resource.name);
      }
    });

    it("shows a change of every input value in state", async () => {
      const unnoticed: string[] = [];
      let count = 0;
      for (const resource of stack.dynamic) {
        const { inputs } = await stack.preview(resource);
        const process = await stack.process(resource);
        const given = Object.entries(resource.inputs).filter(([key]) => !key.startsWith("__"));
        for (const at of given.flatMap(([key, value]) => leaves(value, [key]))) {
          const { changes } = await process.diff(resource.id, altered(resource.outputs, at) as Json, inputs);
          if (!changes) unnoticed.push(`${resource.name}: ${at.join(".")}`);
          count += 1;
        }
      }
      console.log(`      ${count} changed values, ${unnoticed.length} unnoticed`);
      assert.deepEqual(unnoticed, []);
    });

    it("recognises generated names by their mark, and generates another without it", async () => {
      const made = stack.dynamic.filter(({ inputs }) => inputs["__autoName"] === true);
      assert.ok(made.length > 0);
      for (const resource of made) {
        const { __autoName: _, ...olds } = resource.inputs;
        const process = await stack.process(resource);
        const { inputs } = await process.check(olds, { ...stack.registrationOf(resource).inputs });
        assert.match(String(inputs["name"]), new RegExp(`^${resource.name}-[0-9a-f]{7}$`));
        assert.notEqual(inputs["name"], resource.inputs["name"]);
        const { replaces } = await process.diff(resource.id, resource.outputs, inputs);
        assert.deepEqual(replaces, ["name"], resource.name);
      }
    });

    it("knows the metro of each resource", async () => {
      for (const resource of stack.dynamic) {
        const elsewhere = { metro: "https://elsewhere.example.com", provider: resource.provider };
        await assert.rejects(stack.preview(resource, { outputs: { ...resource.outputs, __home: elsewhere } }), {
          message: /CONFIG_INVALID: .* 'https:\/\/elsewhere\.example\.com'/,
        });
        const other = { ...elsewhere, provider: "other" };
        const moved = await stack.preview(resource, { outputs: { ...resource.outputs, __home: other } });
        assert.deepEqual([moved.changes, moved.replaces.length], [true, 1], resource.name);
      }
    });
  });
}

describe("the dynamic provider process with a partial failure of an older release", function () {
  this.timeout(PROCESSES_LIMIT_MS);
  let stack: OldStack;
  before(async () => {
    stack = await OldStack.open("partialFailure");
  });
  after(() => stack.close());

  it("plans a pending start in place", async () => {
    const { inputs: _, ...diff } = await stack.preview(stack.named("changed"));
    assert.deepEqual(diff, { ...UNCHANGED, changes: true });
  });

  it("plans nothing without the mark of a pending start", async () => {
    const changed = stack.named("changed");
    assert.equal(changed.outputs["__owesStart"], true);
    const { __owesStart: _, ...outputs } = changed.outputs;
    const { inputs: __, ...diff } = await stack.preview(changed, { outputs });
    assert.deepEqual(diff, UNCHANGED);
  });

  it("plans no start for an instance that started by itself", async () => {
    const created = stack.named("created");
    assert.deepEqual([created.outputs["__owesStart"], created.outputs["state"]], [true, "starting"]);
    const { inputs: _, ...diff } = await stack.preview(created);
    assert.deepEqual(diff, UNCHANGED);
    const stopped = await stack.preview(created, { outputs: { ...created.outputs, state: "stopped" } });
    assert.deepEqual([stopped.changes, stopped.replaces], [true, []]);
  });

  it("plans to continue a rollout in place, and nothing else", async () => {
    const rolled = stack.named("rolled");
    const { inputs, ...diff } = await stack.preview(rolled);
    assert.deepEqual(diff, { ...UNCHANGED, changes: true });
    const { template, replicas } = inputs;
    const { inputs: _, ...rest } = await stack.preview(rolled, { outputs: { ...rolled.outputs, template, replicas } });
    assert.deepEqual(rest, UNCHANGED, "only what is rolled out differs");
  });
});

describe("the dynamic provider process with requests from state of an older release", function () {
  this.timeout(PROCESSES_LIMIT_MS);
  let stack: OldStack;
  afterEach(() => stack.close());

  it("returns the settings of a Provider as in state, so that a Provider does not change", async () => {
    stack = await OldStack.open("everything");
    const own = stack.named("own");
    assert.deepEqual(stack.registrationOf(own).inputs, own.inputs);
  });

  it("accepts the settings of a Provider from state, as refresh and destroy pass them", async () => {
    stack = await OldStack.open("everything");
    const disk = stack.named("pair-disk");
    const process = await DynamicProcess.start(
      disk.kind,
      { ...stack.named(disk.provider).inputs },
      stack.project.folder,
    );
    try {
      const { failures } = await process.check(disk.inputs, { ...stack.registrationOf(disk).inputs });
      assert.deepEqual(failures, []);
    } finally {
      await process.stop();
    }
  });

  it("shows no drift, although the API omits some managed properties", async () => {
    stack = await OldStack.open("lookUps");
    const file = path.join(stack.project.folder, "lookUps.responses.json");
    const items = JSON.parse(await fs.readFile(file, "utf8")) as Items;
    await using api = await startFakeApi((asked) => recordedResponse(items, asked));
    await announceDaemon(api, stack.project.platform);
    for (const resource of stack.dynamic) {
      const { __lookedUp: _, ...outputs } = resource.outputs;
      const isService = resource.kind === "Service";
      const rollout = { ...(outputs["rollout"] as Json | undefined), drainTimeoutSeconds: 45, stableForSeconds: 1.5 };
      const managed = isService ? { ...outputs, rollout } : outputs;
      const process = await stack.process(resource);
      const { inputs } = await process.read(resource.id, managed);
      assert.deepEqual(await process.diff(resource.id, managed, inputs), UNCHANGED, resource.name);
      if (isService) {
        const other = { ...managed, rollout: { ...rollout, drainTimeoutSeconds: 46 } };
        assert.deepEqual(await process.diff(resource.id, other, inputs), { ...UNCHANGED, changes: true });
      }
    }
  });

  it("keeps a look-up unchanged while only counters change", async () => {
    stack = await OldStack.open("lookUps");
    const file = path.join(stack.project.folder, "lookUps.responses.json");
    const recorded = JSON.parse(await fs.readFile(file, "utf8")) as Items;
    const [instance] = recorded["instances"] ?? [];
    let items: Items = { ...recorded, instances: [{ ...instance, start_count: 7 }] };
    await using api = await startFakeApi((asked) => recordedResponse(items, asked));
    await announceDaemon(api, stack.project.platform);
    for (const resource of stack.dynamic) {
      const { id, props } = await (await stack.process(resource)).read(resource.id, resource.outputs);
      assert.deepEqual([id, props], [resource.id, resource.outputs], resource.name);
    }
    items = { ...recorded, instances: [{ ...instance, start_count: 7, memory_mb: 112 }] };
    const byName = stack.named("by-name");
    const { props } = await (await stack.process(byName)).read(byName.id, byName.outputs);
    assert.deepEqual([props["memoryMb"], props["startCount"]], [112, 7]);
    assert.equal(byName.outputs["__lookedUp"], true);
    assert.ok(api.requests.length > 0);
  });

  /** A fake daemon with the service 'rolled' and its replicas, which have these tags, and the changes requested from it. */
  async function rolledService(tags: readonly string[]) {
    stack = await OldStack.open("everything");
    const rolled = stack.named("rolled");
    const replicas = (rolled.outputs["instances"] as { uuid: string; name: string }[]).map((one) => ({
      ...one,
      ...{ status: "success", state: "running", net_time_us: 1, tags },
      image: `oci://local/${String((rolled.outputs["template"] as Json)["image"])}`,
    }));
    const group = {
      ...{ status: "success", uuid: rolled.id, name: rolled.inputs["name"] },
      ...{ services: [{ port: 28434, destination_port: 8080 }], soft_limit: 1, hard_limit: 65_535 },
      domains: [{ fqdn: rolled.outputs["fqdn"] }],
    };
    let present: Json[] = replicas;
    const api = await startFakeApi((asked: ReceivedRequest) => {
      const [first] = [asked.body].flat() as readonly (Json | undefined)[];
      const isInstance = asked.url.startsWith("/v1/instances");
      if (isInstance && asked.url.endsWith("/stop"))
        present = present.map((one) => (one["uuid"] === first?.["uuid"] ? { ...one, state: "stopped" } : one));
      if (isInstance && asked.method === "DELETE") present = present.filter(({ uuid }) => uuid !== first?.["uuid"]);
      const instances = present.map(({ uuid, name }) => ({ uuid, name }));
      const items = { instances: present, service_groups: [{ ...group, instances }] };
      const done = { status: "success", name: "it", ...first };
      return recordedResponse(items, asked) ?? success(isInstance ? "instances" : "service_groups", done);
    });
    await announceDaemon(api, stack.project.platform);
    const changes = () => api.requests.filter(({ method, url }) => method !== "GET" && !url.includes("/wait"));
    return { api, rolled, process: await stack.process(rolled), changes };
  }
  const MANAGED = "managed-by:pulumi-unikernel";
  /** Printed by `templateTag` of release f2a07b2 for the template in this state. */
  const TEMPLATE = "template:808ab89f967c";

  it("recognises replicas of the template in state, and starts no rollout for another limit", async () => {
    const { api, rolled, process, changes } = await rolledService(["replica", MANAGED, TEMPLATE]);
    await using _ = api;
    const { inputs } = await stack.preview(rolled);
    await process.update(rolled.id, rolled.outputs, { ...inputs, softLimit: 2 });
    assert.deepEqual(
      changes().map(({ method, url, body }) => [method, url, body]),
      [["PATCH", "/v1/services", [{ uuid: rolled.id, prop: "soft_limit", op: "set", value: 2 }]]],
    );
  });

  it("drains replicas of a service for the time in its old inputs", async () => {
    const { api, rolled, process, changes } = await rolledService(["replica", MANAGED, TEMPLATE]);
    await using _ = api;
    await process.delete(rolled.id, rolled.outputs);
    const stops = changes().filter(({ url }) => url === "/v1/instances/stop");
    assert.deepEqual(
      stops.map(({ body }) => (body as { drain_timeout_ms?: number }[])[0]?.drain_timeout_ms),
      [45_000, 45_000],
    );
  });
});
