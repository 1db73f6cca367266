/** Names and ownership through the real dynamic provider process, on a local platform whose VMs are in memory. */
import assert from "node:assert/strict";
import { identityOf } from "../../../provider/definition/identity";
import { finishedMark, unfinishedMark } from "../../../provider/resources/common/ownershipMark";
import { makeCertificate } from "../../support/certificates";
import { DynamicProcess } from "../../support/dynamicProcess";
import { freePort } from "../../support/freePorts";
import { eventually } from "../../support/localPlatform";
import { type Item, TestPlatform } from "../../support/testPlatform";

type Json = Record<string, unknown>;
const urnOf = (kind: string, name: string, stack = "dev"): string =>
  `urn:pulumi:${stack}::shop::pulumi-nodejs:dynamic/unikernel:${kind}::${name}`;
const EVERY = ["instances", "services", "volumes", "certificates"] as const;

describe("names and ownership in the dynamic provider process", function () {
  this.timeout(240_000);
  let platform: TestPlatform;
  let settings: Json;
  let port: number;
  let certificate: { readonly chain: string; readonly pkey: string };
  before(() => (certificate = makeCertificate("www.example.com")));
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    settings = { "unikernel:metro": platform.daemon.url, "unikernel:token": platform.daemon.token };
    port = await freePort();
  });
  afterEach(() => platform.close());

  const template = { image: "app:1" };
  const inputsOf = (kind: string): Json =>
    ({
      Instance: { image: "app:1" },
      Volume: { sizeMb: 8 },
      Service: { ports: [{ port }], template, replicas: 2 },
      Certificate: { commonName: "www.example.com", chain: certificate.chain, key: certificate.pkey },
    })[kind] ?? {};

  /** Runs one `pulumi` command's process. */
  async function inProcess<T>(kind: string, run: (process: DynamicProcess) => Promise<T>): Promise<T> {
    const process = await DynamicProcess.start(kind, settings);
    try {
      return await run(process);
    } finally {
      await process.stop();
    }
  }
  const newsOf = (kind: string, more: Json = {}): Json => ({
    __urn: urnOf(kind, "web"),
    ...inputsOf(kind),
    ...more,
  });
  const checkIn = async (process: DynamicProcess, news: Json) => {
    const { inputs, failures } = await process.check({}, news);
    return { inputs, name: String(inputs["name"]), failures: failures.map(({ reason }) => reason) };
  };
  const check = (kind: string, more: Json = {}) =>
    inProcess(kind, async (process) => {
      const checked = await checkIn(process, newsOf(kind, more));
      return { ...checked, printed: process.printed };
    });
  const create = (kind: string, more: Json = {}) =>
    inProcess(kind, async (process) => {
      const { inputs, name } = await checkIn(process, newsOf(kind, more));
      return { inputs, name, ...(await process.create(inputs)) };
    });
  const itemsOf = async (type: (typeof EVERY)[number]): Promise<readonly Item[]> =>
    (await platform.api("GET", `/v1/${type}`)).items;
  const typeOf = (kind: string) => `${kind.toLowerCase()}s` as (typeof EVERY)[number];
  const tagsOf = (item: Item | undefined): unknown => item?.["tags"];
  const setTags = (type: string, { uuid }: Item, value: readonly string[]) =>
    platform.api("PATCH", `/v1/${type}`, [{ uuid, prop: "tags", op: "set", value }]);

  for (const kind of ["Instance", "Volume", "Service", "Certificate"]) {
    it(`of ${kind}: a preview, an update and a retry arrive at the same one`, async () => {
      const identity = identityOf(undefined, urnOf(kind, "web"));
      const [preview, again] = [await check(kind), await check(kind)];
      assert.deepEqual([preview.failures, preview.name], [[], `web-${identity.resourceHash.slice(0, 7)}`]);
      assert.equal(again.name, preview.name);
      const { name, id, outs } = await create(kind);
      assert.equal(name, preview.name);
      assert.deepEqual(outs["tags"] ?? [], [], "marks are hidden");
      // The engine was killed before it recorded the object, or its flag --replace hides it from check.
      const next = await check(kind);
      assert.deepEqual([next.failures, next.name], [[], kind === "Certificate" ? name : `${name}-2`]);
      if (kind !== "Certificate") {
        assert.match(
          next.printed.join(),
          new RegExp(`'${name}' exists and was made for this resource.*: do nothing if .*unikernel delete`),
        );
      }
      const second = await create(kind, kind === "Service" ? { ports: [{ port: await freePort() }] } : {});
      assert.equal(second.id === id, kind === "Certificate", "what is in no use and the same is taken over");
    });
  }

  it("differ between owners, stacks and parents", async () => {
    const { name } = await create("Volume");
    for (const more of [
      { __owner: "team-b" },
      { __urn: urnOf("Volume", "web", "prod") },
      { __urn: urnOf("Volume", "web").replace("::pulumi-nodejs", "::my:Group$pulumi-nodejs") },
    ]) {
      const other = await create("Volume", more);
      assert.notEqual(other.name, name);
      assert.match(other.name, /^web-[0-9a-f]{7}$/);
    }
    assert.equal((await itemsOf("volumes")).length, 4);
  });

  it("stay with what a killed create left, which the next one takes over", async () => {
    for (const kind of ["Instance", "Volume"]) {
      const type = typeOf(kind);
      const identity = identityOf(undefined, urnOf(kind, "web"));
      const { name, id } = await create(kind, { tags: ["mine"] });
      const [item] = await itemsOf(type);
      assert.deepEqual(tagsOf(item), ["mine", finishedMark(identity)]);
      // As a create leaves it that is killed before its last request.
      await setTags(type, item ?? assert.fail(kind), ["mine", unfinishedMark(identity)]);
      const next = await check(kind, { tags: ["mine"] });
      assert.deepEqual([next.name, next.failures], [name, []]);
      assert.match(next.printed.join(), /continues with 'web-[0-9a-f]{7}', which an earlier update left unfinished/);
      const resumed = await create(kind, { tags: ["mine"] });
      assert.deepEqual([resumed.name, resumed.id], [name, id]);
      assert.deepEqual((await itemsOf(type)).map(tagsOf), [["mine", finishedMark(identity)]]);
    }
  });

  it("stay with an unfinished object of other inputs, which is changed in place or made anew", async () => {
    const identity = identityOf(undefined, urnOf("Instance", "web"));
    const { id, name } = await create("Instance");
    const unfinished = async () =>
      setTags("instances", (await itemsOf("instances"))[0] ?? assert.fail("none"), [unfinishedMark(identity)]);
    await unfinished();
    const changed = await create("Instance", { memoryMb: 256, tags: ["new"] });
    assert.deepEqual([changed.id, changed.name, changed.outs["memoryMb"]], [id, name, 256]);
    const [item] = await itemsOf("instances");
    assert.deepEqual([item?.["memory_mb"], tagsOf(item)], [256, ["new", finishedMark(identity)]]);
    await unfinished();
    const anew = await create("Instance", { restartPolicy: "always" });
    assert.equal(anew.name, name);
    assert.notEqual(anew.id, id);
    assert.deepEqual(
      (await itemsOf("instances")).map(({ uuid }) => uuid),
      [anew.id],
    );
  });

  it("stay with a service whose replicas are all unfinished, in whatever number", async () => {
    const identity = identityOf(undefined, urnOf("Service", "web"));
    const { id, name } = await create("Service");
    const replicas = await itemsOf("instances");
    assert.equal(replicas.length, 2);
    for (const replica of replicas) {
      const tags = tagsOf(replica) as string[];
      assert.ok(tags.includes(finishedMark(identity)), tags.join());
      await setTags("instances", replica, [
        ...tags.filter((tag) => !tag.startsWith("pulumi:")),
        unfinishedMark(identity),
      ]);
    }
    await platform.api("DELETE", "/v1/instances", [{ uuid: replicas[0]?.uuid }]);
    await eventually("it is gone", async () => (await itemsOf("instances")).length === 1);
    const resumed = await create("Service");
    assert.deepEqual([resumed.id, resumed.name], [id, name]);
    const now = await itemsOf("instances");
    assert.equal(now.length, 2);
    assert.ok(
      now.some(({ uuid }) => uuid === replicas[1]?.uuid),
      "what it launched counts",
    );
    for (const replica of now) assert.ok((tagsOf(replica) as string[]).includes(finishedMark(identity)));
    // The group alone, as a create leaves it that is killed after its first request.
    await platform.api(
      "DELETE",
      "/v1/instances",
      now.map(({ uuid }) => ({ uuid })),
    );
    await eventually("they are gone", async () => (await itemsOf("instances")).length === 0);
    assert.equal((await create("Service")).id, id);
  });

  it("pass over objects of strangers and of other stacks, and never touch them", async () => {
    const { name } = await check("Volume");
    const foreign = unfinishedMark(identityOf("somebody", urnOf("Volume", "web")));
    await platform.requestItem("POST", "/v1/volumes", { name, size_mb: 16 });
    await platform.requestItem("POST", "/v1/volumes", { name: `${name}-2`, size_mb: 16, tags: [foreign] });
    const made = await create("Volume");
    assert.equal(made.name, `${name}-3`);
    const left = (await itemsOf("volumes")).filter(({ uuid }) => uuid !== made.id);
    assert.deepEqual(
      left.map((item) => [item.name, item["size_mb"], tagsOf(item)]),
      [
        [name, 16, []],
        [`${name}-2`, 16, [foreign]],
      ],
    );
  });

  it("that are given fail at preview where a stranger has them, and pass for a predecessor", async () => {
    const wayOut =
      "exists in this metro already. Another resource created it: choose another name, or set adopt: true if that one is gone.";
    await create("Volume", { name: "data" });
    assert.deepEqual((await check("Volume", { name: "data" })).failures, []);
    for (const stranger of [{ __owner: "other" }, { __urn: urnOf("Volume", "second") }]) {
      assert.deepEqual((await check("Volume", { name: "data", ...stranger })).failures, [
        `ALREADY_EXISTS: name: volume 'data' ${wayOut}`,
      ]);
      assert.deepEqual((await check("Volume", { name: "data", adopt: true, ...stranger })).failures, []);
    }
    // A predecessor that is not deleted first blocks the create, which must not take it over.
    const { inputs } = await check("Volume", { name: "data" });
    await assert.rejects(
      inProcess("Volume", (process) => process.create(inputs)),
      { message: /^ALREADY_EXISTS: name: .* Set adopt: true to manage the object that has it, choose another name/ },
    );
  });

  it("that two resources of a program are given fail with both", async () => {
    await inProcess("Volume", async (process) => {
      assert.deepEqual((await checkIn(process, newsOf("Volume", { name: "data" }))).failures, []);
      const other = newsOf("Volume", { name: "data", __urn: urnOf("Volume", "other") });
      assert.deepEqual((await checkIn(process, other)).failures, [
        "ALREADY_EXISTS: 'data' is also the name of Volume 'web' in this program. Choose another name for one of them, or leave it out.",
      ]);
    });
  });

  it("of a dependent that its update deletes first are those of its preview", async () => {
    const { inputs, id, outs, name } = await create("Volume");
    const preview = await check("Volume");
    assert.equal(preview.name, `${name}-2`);
    await inProcess("Volume", async (process) => {
      await process.delete(id, { ...inputs, ...outs });
      assert.equal((await checkIn(process, newsOf("Volume"))).name, preview.name);
    });
  });

  it("stay with an unfinished replacement, whose predecessor may be gone, and a destroy deletes both", async () => {
    const identity = identityOf(undefined, urnOf("Volume", "web"));
    const { id, inputs, outs, name } = await create("Volume");
    const left = { name: `${name}-2`, size_mb: 8, tags: [unfinishedMark(identity)] };
    const replacement = await platform.requestItem("POST", "/v1/volumes", left);
    assert.equal((await check("Volume")).name, `${name}-2`);
    const stranger = await platform.requestItem("POST", "/v1/volumes", { name: `${name}-3`, size_mb: 8 });
    await inProcess("Volume", (process) => process.delete(id, { ...inputs, ...outs }));
    assert.deepEqual(
      (await itemsOf("volumes")).map(({ uuid }) => uuid),
      [stranger.uuid],
    );
    const again = await platform.requestItem("POST", "/v1/volumes", left);
    assert.notEqual(again.uuid, replacement.uuid);
    const resumed = await create("Volume");
    assert.deepEqual([resumed.name, resumed.id], [`${name}-2`, again.uuid], "although the first choice is free");
  });

  it("are not blocked by a killed replacement that the engine repeats with the inputs in state", async () => {
    const identity = identityOf(undefined, urnOf("Service", "web"));
    const first = await create("Service");
    const attempt = await inProcess("Service", async (process) => {
      const { inputs, name } = await checkIn(process, newsOf("Service"));
      await process.delete(first.id, { ...first.inputs, ...first.outs });
      return { name, ...(await process.create(inputs)) };
    });
    assert.equal(attempt.name, `${first.name}-2`);
    const repeat = () =>
      inProcess("Service", async (process) => {
        const { inputs } = await process.check(first.inputs, newsOf("Service"));
        const created = await process.create(inputs).catch((error: unknown) => String(error));
        return { created, printed: process.printed.join("\n") };
      });

    // It had finished: only users can tell whether they need it.
    const blocked = await repeat();
    assert.match(String(blocked.created), /IN_USE/);
    assert.ok(
      blocked.printed.includes(
        `Service 'web': '${attempt.name}' exists and was made for this resource by an earlier update, which was killed before it was ` +
          `recorded. Delete it: npx unikernel delete service ${attempt.name} --metro ${platform.daemon.url} --with-instances --managed`,
      ),
      blocked.printed,
    );
    // It had not.
    for (const replica of await itemsOf("instances")) {
      const tags = (tagsOf(replica) as string[]).filter((tag) => !tag.startsWith("pulumi:"));
      await setTags("instances", replica, [...tags, unfinishedMark(identity)]);
    }
    const { created } = await repeat();
    assert.equal(typeof created, "object", String(created));
    assert.deepEqual(
      (await itemsOf("services")).map(({ name }) => name),
      [first.name],
    );
    assert.equal((await itemsOf("instances")).length, 2);
  });

  it("of a service in use are not taken over, even if everything that can be compared is equal", async () => {
    const given = { name: "front", ports: [{ port }] };
    const { uuid } = await platform.requestItem("POST", "/v1/services", { name: "front", services: [{ port }] });
    // The instances that autoscale creates carry no mark.
    await platform.requestItem("POST", "/v1/instances", { name: "one", image: "app:1", service_group: { uuid } });
    for (const inputs of [
      { ...given, template: null, replicas: null, autoscale: { template: "tpl" } },
      { ...given, template: null, replicas: 0 },
      { ...given, replicas: 1 },
    ]) {
      const { failures, printed } = await check("Service", inputs);
      assert.deepEqual(failures, []);
      assert.match(
        printed.join("\n"),
        /service 'front' exists in this metro already\. Unless this update replaces it, set/,
      );
      assert.doesNotMatch(printed.join("\n"), /was made for this resource|continues with/);
      await assert.rejects(create("Service", inputs), /ALREADY_EXISTS: name: .*Set adopt: true/);
    }
    assert.equal((await itemsOf("instances")).length, 1);
  });

  it("are adopted from another resource with a warning", async () => {
    const others = finishedMark(identityOf("somebody", urnOf("Volume", "web")));
    await platform.requestItem("POST", "/v1/volumes", { name: "front", size_mb: 8, tags: [others] });
    await platform.requestItem("POST", "/v1/volumes", { name: "plain", size_mb: 8 });
    const warned = /existing volume 'front' was created by another resource.*'pulumi state delete' keeps the object/;
    const adopting = await check("Volume", { name: "front", adopt: true });
    assert.deepEqual(adopting.failures, []);
    assert.match(adopting.printed.join("\n"), warned);
    const plain = await check("Volume", { name: "plain", adopt: true });
    assert.doesNotMatch(plain.printed.join("\n"), /was created by another/);
    const { failures } = await check("Volume", { name: "front" });
    assert.match(failures.join(), /^ALREADY_EXISTS: name: volume 'front' exists .*Another resource created it/);
  });

  it("leave 15 tags to an instance and 13 to a template", async () => {
    const tags = (count: number): Json => ({ tags: Array.from({ length: count }, (_, index) => `t${index}`) });
    const { id, inputs, outs } = await create("Instance", tags(15));
    assert.equal((tagsOf(await platform.instance(id)) as string[]).length, 16);
    assert.deepEqual(outs["tags"], tags(15)["tags"]);
    await inProcess("Instance", async (process) => {
      const read = await process.read(id, outs);
      assert.deepEqual(read.inputs["tags"], tags(15)["tags"]);
      assert.equal((await process.diff(id, read.props, inputs)).changes, false);
    });
    assert.deepEqual((await check("Instance", tags(16))).failures, [
      "INPUT_INVALID: tags: must have at most 15 items.",
    ]);
    await create("Service", { template: { ...template, ...tags(13) } });
    const { failures } = await check("Service", { template: { ...template, ...tags(14) } });
    assert.deepEqual(failures, ["INPUT_INVALID: template.tags: must have at most 13 items."]);
  });

  it("of what has no mark, as earlier releases made it, are no drift; a change of its tags marks it", async () => {
    const identity = identityOf(undefined, urnOf("Instance", "web"));
    const { id, inputs, outs } = await create("Instance", { tags: ["a"] });
    await setTags("instances", await platform.instance(id), ["a"]);
    await inProcess("Instance", async (process) => {
      const read = await process.read(id, outs);
      assert.equal((await process.diff(id, read.props, inputs)).changes, false);
      await process.update(id, outs, { ...inputs, tags: ["b"] });
    });
    assert.deepEqual(tagsOf(await platform.instance(id)), ["b", finishedMark(identity)]);
  });

  it("guard what stays: a replacement that took over its predecessor is not deleted after it", async () => {
    const { inputs, id, outs } = await create("Volume", { name: "data", adopt: true });
    await inProcess("Volume", async (process) => {
      const again = await process.create(inputs);
      assert.equal(again.id, id);
      await process.delete(id, outs);
      await eventually("it is printed", () => process.printed.length > 0);
      assert.match(
        process.printed.join(),
        /Volume 'web': 'data' is not deleted, because its replacement took it over\./,
      );
    });
    // The engine ended before it deleted the predecessor: the next update compares first.
    await inProcess("Volume", async (process) => {
      assert.equal((await process.diff(id, outs, inputs)).changes, false);
      await process.delete(id, outs);
    });
    assert.deepEqual(
      (await itemsOf("volumes")).map(({ uuid }) => uuid),
      [id],
    );
    await inProcess("Volume", (process) => process.delete(id, outs));
    assert.deepEqual(await itemsOf("volumes"), []);
  });

  it("are warned of once where the metro cannot be reached", async () => {
    settings = { "unikernel:metro": "http://127.0.0.1:1", "unikernel:token": "t" };
    await inProcess("Volume", async (process) => {
      const first = await checkIn(process, newsOf("Volume"));
      const second = await checkIn(process, newsOf("Volume", { __urn: urnOf("Volume", "other"), name: "given" }));
      assert.deepEqual([first.failures, second.failures, second.name], [[], [], "given"]);
      const warnings = process.printed.filter((line) => /the names of new resources cannot be checked/i.test(line));
      assert.equal(warnings.length, 1, process.printed.join());
    });
  });
});
