/** Services in a metro without extensions of the API: which updates launch a candidate. */
import assert from "node:assert/strict";
import { identityOf } from "../../../../../provider/definition/identity";
import { resourceOf } from "../../../../../provider/resources/all";
import { serviceInputs } from "../../../../../provider/resources/service/inputs";
import { CandidateCloud } from "../../../../support/candidateCloud";

const service = resourceOf("Service");
const image = (digit: string) => `registry.test/web@sha256:${digit.repeat(64)}`;

describe("a service in the cloud", () => {
  let cloud: CandidateCloud;
  beforeEach(async () => {
    cloud = await CandidateCloud.start({ fqdn: "web-candidate.localhost" });
  });
  afterEach(() => cloud[Symbol.asyncDispose]());

  const inputsOf = (digit: string, replicas: number, gate: object = { path: "/ready" }) =>
    serviceInputs.parse({
      name: "web",
      ports: [{ port: cloud.port, destinationPort: 8080, handlers: ["http"] }],
      replicas,
      template: { image: image(digit) },
      rollout: { gate, stableForMs: 0 },
    });
  const urn = "urn:pulumi:prod::shop::unikernel:index:Service::web";
  const ownership = { ...identityOf(undefined, urn), hasDerivedName: false };
  const context = () => ({ ...cloud.api.context, client: cloud.client, urn, ownership });
  type Found = Awaited<ReturnType<typeof service.create>> & { readonly inputs: ReturnType<typeof inputsOf> };
  const create = async (inputs: ReturnType<typeof inputsOf>): Promise<Found> => ({
    inputs,
    ...(await service.create(context(), inputs)),
  });
  const update = async (found: Found, inputs: ReturnType<typeof inputsOf>): Promise<Found> => ({
    ...found,
    inputs,
    outputs: await service.update(context(), found.id, found, inputs),
  });
  /** The instances that were created since the last call: candidates, and others. */
  const launched = () => {
    const names = cloud.api.calls
      .splice(0)
      .filter(({ route }) => route === "createInstance")
      .map(({ body }) => String(body["name"]));
    const candidates = names.filter((name) => name.includes("-candidate-"));
    return { candidates: candidates.length, replicas: names.length - candidates.length };
  };

  it("launches a candidate for a new template and for a new gate, and none for more of the same", async () => {
    let web = await create(inputsOf("1", 1));
    assert.deepEqual(launched(), { candidates: 1, replicas: 1 });
    web = await update(web, inputsOf("1", 3));
    assert.deepEqual(launched(), { candidates: 0, replicas: 2 });
    web = await update(web, inputsOf("1", 4, { path: "/health" }));
    assert.deepEqual(launched(), { candidates: 1, replicas: 1 });
    web = await update(web, inputsOf("1", 2, { path: "/health" }));
    assert.deepEqual(launched(), { candidates: 0, replicas: 0 });
    await update(web, inputsOf("2", 2, { path: "/health" }));
    assert.deepEqual(launched(), { candidates: 1, replicas: 2 });
    assert.deepEqual([cloud.api.instances.size, cloud.api.services.size], [2, 1]);
  });

  it("clones its replicas from a candidate that became a template, if the program asks for that", async () => {
    const clone = { path: "/ready", isolation: "clone" };
    const web = await create(inputsOf("1", 2, clone));
    const changes = cloud.api.calls.splice(0);
    const created = changes.filter(({ route }) => route === "createInstance").map(({ body }) => body);
    const [candidate, ...members] = created;
    const uuid = changes.find(({ route }) => route === "createTemplates")?.body["uuid"];
    assert.equal(candidate?.["image"], image("1"));
    assert.equal(members.length, 2);
    for (const { name, tags, service_group, ...request } of members) {
      assert.deepEqual(request, { template: { uuid }, autostart: true });
      assert.deepEqual([tags, service_group], [candidate["tags"], { uuid: web.id }]);
      assert.match(String(name), /^web-[0-9a-f]{5}$/);
    }
    // Clones inherit schedules and autokill: those of a candidate would delete them.
    assert.deepEqual(
      changes
        .filter(({ route }) => route === "patchInstances")
        .map(({ body: { prop, op, value } }) => [prop, op, value])
        .slice(0, 2),
      [
        ["schedules", "del", ["abandoned"]],
        ["autokill", "set", { time_ms: 0 }],
      ],
    );
    assert.deepEqual([cloud.api.instances.size, cloud.api.services.size], [2, 1]);
    await update(web, inputsOf("1", 3, clone));
    assert.equal(cloud.api.calls.filter(({ route }) => route === "createTemplates").length, 1);
    assert.equal(cloud.api.instances.size, 3);
  });

  it("changes nothing if the metro makes no template", async () => {
    const web = await create(inputsOf("1", 2));
    launched();
    const rejected = () => Promise.resolve({ items: [{ status: "error", error: 1, message: "No templates here" }] });
    Object.assign(cloud.api.context.client, { createTemplates: rejected });
    await assert.rejects(
      update(web, inputsOf("2", 2, { path: "/ready", isolation: "clone" })),
      /rolled back.*'rollout.gate.isolation' is "clone", which needs an account with templates|No templates here/s,
    );
    assert.deepEqual(launched(), { candidates: 0, replicas: 1 }); // the candidate, whose name is another
    assert.deepEqual([cloud.api.instances.size, cloud.api.services.size], [2, 1]);
  });

  /** A client of a process that is killed before this change. */
  const killedBefore = (limit: number) => {
    let changes = 0;
    const client = new Proxy(cloud.client, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function" || /^(get|wait|changeCount)/.test(String(name))) return member;
        return (...args: unknown[]): unknown => {
          if (changes++ >= limit) return Promise.reject(new Error("killed"));
          return Reflect.apply(member, target, args);
        };
      },
    });
    return { client, count: () => changes };
  };

  for (const isolation of ["candidate", "clone"])
    it(`leaves nothing of a ${isolation} once the next update is done, wherever the process was killed`, async () => {
      const gate = { path: "/ready", isolation };
      let kills = 0;
      for (let limit = 0; ; limit++) {
        await cloud[Symbol.asyncDispose]();
        cloud = await CandidateCloud.start({ fqdn: "web-candidate.localhost" });
        const web = await create(inputsOf("1", 2, gate));
        const { client, count } = killedBefore(limit);
        const news = inputsOf("2", 2, gate);
        const ended = await service.update({ ...context(), client }, web.id, web, news).then(
          () => true,
          () => false,
        );
        if (ended && count() <= limit) break;
        kills++;
        await update(web, news);
        const images = [...cloud.api.instances.values()].map(({ image: runs }) => String(runs).at(-1));
        assert.deepEqual([images, cloud.api.services.size], [["2", "2"], 1], `killed before change ${limit + 1}`);
      }
      console.log(`      ${kills} kills`);
      assert.ok(kills > 10);
    }).timeout(60_000);

  it("launches a candidate for more replicas if none of those that exist runs", async () => {
    const web = await create(inputsOf("1", 1));
    for (const one of cloud.api.instances.values()) one.state = "stopped";
    launched();
    await update(web, inputsOf("1", 2));
    assert.deepEqual(launched(), { candidates: 1, replicas: 2 });
  });
});
