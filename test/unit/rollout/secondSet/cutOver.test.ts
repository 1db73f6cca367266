/** The strategy `blueGreen` in a metro without extensions of the API, at the level of the Service resource. */
import assert from "node:assert/strict";
import { resourceOf } from "../../../../provider/resources/all";
import type { ProviderContext } from "../../../../provider/resources/context";
import { DomainCloud, Killed } from "../../../support/domainCloud";
import {
  DOMAIN,
  type DomainInputs as Inputs,
  REPLICAS,
  contextIn,
  createIn,
  digitsIn,
  imageOf as image,
  inputsIn,
  updateIn,
} from "../../../support/domainService";

const service = resourceOf("Service");

describe("a second set in the cloud", () => {
  let cloud: DomainCloud;
  let lines: string[];
  let warnings: string[];
  beforeEach(async () => {
    cloud = await DomainCloud.start();
    [lines, warnings] = [[], []];
  });
  afterEach(() => cloud[Symbol.asyncDispose]());

  const inputsOf = (digit: string, rollout: object = {}): Inputs =>
    inputsIn(cloud, digit, {
      rollout: { strategy: "blueGreen", gate: { path: "/ready" }, stableForMs: 1_000, ...rollout },
    });
  const contextOf = (client = cloud.client()): ProviderContext =>
    contextIn(cloud, client, {
      printProgress: (line) => lines.push(line),
      printWarning: (line) => warnings.push(line),
    });
  const created = (inputs: Inputs = inputsOf("1")) => createIn(contextOf(), inputs);
  const update = (found: Awaited<ReturnType<typeof created>>, inputs: Inputs, client = cloud.client()) =>
    updateIn(contextOf(client), found, inputs);
  const digitsOf = (group: string) => digitsIn(cloud, group);
  /** Nothing temporary is left, and the domain leads to the service, which runs this image. */
  const assertWhole = (id: string, digit: string, message?: string) => {
    const domains = [...cloud.api.services.values()].map((one) => [one.name, one["domains"]]);
    assert.deepEqual(domains, [["web", [{ fqdn: DOMAIN }]]], message);
    assert.equal(digitsOf(id), digit.repeat(REPLICAS), message);
    assert.equal(cloud.api.instances.size, REPLICAS, message);
    assert.equal(cloud.answering(DOMAIN)?.at(-1), digit, message);
  };

  it("needs only run with such a gate, whether or not its program listens", async () => {
    cloud.api.netTimeUs = 0;
    const running = { gate: { type: "running" } };
    const web = await created(inputsOf("1", running));
    await update(web, inputsOf("2", running));
    assertWhole(web.id, "2");
  });

  it("passes the gate in a group of its own, has the domains while the replicas are replaced, and reports both gaps", async () => {
    const web = await created();
    lines = [];
    const [seen, peaks] = [[] as (string | undefined)[], [0]];
    const client = cloud.client(() => {
      seen.push(cloud.answering(DOMAIN)?.at(-1));
      peaks.push(cloud.api.instances.size);
    });
    await update(web, inputsOf("2"), client);
    assertWhole(web.id, "2");
    // Clients always find a running replica, and the old image until the cut-over.
    assert.deepEqual([...new Set(seen)], ["1", "2"]);
    assert.equal(Math.max(...peaks), 2 * REPLICAS);
    assert.deepEqual(
      lines.filter((line) => line.includes("domains")).map((line) => line.replace(/ \([^)]*\)$/, "")),
      [
        "Service 'web': connections moved: the domains lead to the second set; without them for at most 0 ms",
        "Service 'web': connections moved: the domains lead to service 'web' again; without them for at most 0 ms",
      ],
    );
    assert.match(lines.at(-1) ?? "", /^Service 'web': rollout done: \d of \d ready/);
    assert.deepEqual(warnings, []);
  });

  it("moves the domains with one request each time, and waits for a metro that takes a moment to release them", async () => {
    const web = await created();
    cloud.rejections = 3;
    await update(web, inputsOf("2"));
    assertWhole(web.id, "2");
    assert.match(lines.join("\n"), /lead to the second set; without them for at most 200 ms/);
  });

  it("gives the domains back if the second set cannot take them, and changes nothing else", async () => {
    const web = await created();
    cloud.rejections = 101;
    await assert.rejects(update(web, inputsOf("2")), /being released/);
    assertWhole(web.id, "1");
    assert.equal(cloud.rejections <= 0, true);
    await update(web, inputsOf("2"));
    assertWhole(web.id, "2");
  });

  it("keeps the old replicas, stopped, and those of the rollout before no longer", async () => {
    const web = await created();
    const kept = () => cloud.instances().filter(({ tags }) => tags?.includes("retired-by:pulumi-unikernel"));
    const outputs = await update(web, inputsOf("2", { keepOldForMs: 60_000 }));
    const olds = kept();
    assert.deepEqual(
      olds.map(({ image: runs, autokill, state }) => [runs?.at(-1), autokill, state !== "running"]),
      Array(REPLICAS).fill(["1", { time_ms: 60_000 }, true]),
    );
    await update({ ...web, inputs: inputsOf("2"), outputs }, inputsOf("3", { keepOldForMs: 60_000 }));
    assert.deepEqual(
      kept().map(({ image: runs }) => runs?.at(-1)),
      ["2", "2"],
    );
    assert.equal(cloud.answering(DOMAIN)?.at(-1), "3");
  });

  it("changes nothing if the second set does not pass", async () => {
    const web = await created();
    cloud.statusOf = (runs) => (runs.endsWith("2") ? 500 : 200);
    const before = cloud.api.calls.length;
    await assert.rejects(
      update(web, inputsOf("2", { healthyWithinMs: 5_000 })),
      /did not pass the gate .*rolled back|rolled back.*did not pass the gate/s,
    );
    assertWhole(web.id, "1");
    const patched = cloud.api.calls.slice(before).filter(({ route }) => route === "patchServices");
    assert.deepEqual(patched, []);
  });

  /** A metro that runs no replica of image 2 in the service itself. */
  const withoutRoom = (id: string) => {
    const client = cloud.client();
    const { createInstance } = client;
    return Object.assign(client, {
      createInstance: (request: { body: { image?: unknown; service_group?: { uuid?: string } } }) => {
        const { image: wanted, service_group: group } = request.body;
        if (group?.uuid !== id || wanted !== image("2")) return createInstance(request as never);
        return Promise.resolve({ items: [{ status: "error", error: 19, message: "quota" }], message: undefined });
      },
    }) as typeof client;
  };

  it("gives way to the replicas of before if the new ones fail", async () => {
    const web = await created();
    await assert.rejects(update(web, inputsOf("2"), withoutRoom(web.id)), /rolled back/);
    assertWhole(web.id, "1");
  });

  it("keeps serving if nothing else does, until the next update", async () => {
    const web = await created();
    await assert.rejects(update(web, inputsOf("2", { onFailure: "pause" }), withoutRoom(web.id)), /paused/);
    assert.equal(cloud.answering(DOMAIN)?.at(-1), "2");
    assert.match(
      warnings.join(),
      /domains of service 'web' still lead to its second set .* none of its replicas serves/,
    );
    await update(web, inputsOf("2"));
    assertWhole(web.id, "2");
  });

  it("needs no second set for a create and for more replicas", async () => {
    const web = await created();
    const before = cloud.api.calls.length;
    await update(web, { ...inputsOf("1"), replicas: 3 });
    const made = cloud.api.calls.slice(before).filter(({ route }) => route === "createInstance");
    assert.equal(made.length, 1);
    assert.ok(cloud.api.calls.every(({ body }) => !JSON.stringify(body).includes("-second-")));
  });

  it("is repaired by the next update, wherever the process was killed", async function () {
    this.timeout(120_000);
    let kills = 0;
    for (let survived = 0; ; survived++) {
      await cloud[Symbol.asyncDispose]();
      cloud = await DomainCloud.start();
      const web = await created();
      let changes = 0;
      const client = cloud.client(() => {
        if (changes++ >= survived) throw new Killed();
      });
      const error: unknown = await update(web, inputsOf("2"), client).then(
        () => undefined,
        (e: unknown) => e,
      );
      if (changes <= survived) {
        assert.equal(error, undefined);
        break;
      }
      kills++;
      assert.notEqual(cloud.answering(DOMAIN), undefined, `no replica serves after ${survived} changes`);
      for (const digit of [survived % 2 === 0 ? "2" : "3"]) {
        await update(web, inputsOf(digit));
        assertWhole(web.id, digit, `after ${survived} changes`);
      }
    }
    console.log(`      ${kills} kills`);
    assert.ok(kills > 15);
  });

  it("is repaired if the process was killed while the domains led nowhere", async () => {
    const web = await created();
    let [patches, isKilled] = [0, false];
    const client = cloud.client((name) => {
      if (name === "patchServices") patches++;
      isKilled ||= patches > 1;
      if (isKilled) throw new Killed();
    });
    cloud.rejections = 1;
    await assert.rejects(update(web, inputsOf("2"), client));
    assert.equal(cloud.answering(DOMAIN), undefined);
    await update(web, inputsOf("2"));
    assertWhole(web.id, "2");
  });

  it("gives the domains back to the replicas of before if the program was reverted and the state refreshed", async () => {
    const web = await created();
    let isKilled = false;
    const client = cloud.client(() => {
      isKilled ||= cloud.answering(DOMAIN)?.at(-1) === "2";
      if (isKilled) throw new Killed();
    });
    await assert.rejects(update(web, inputsOf("2"), client));
    const read = await service.read(contextOf(), web.id, web.inputs);
    assert.notDeepEqual(read?.inputs.domains, web.inputs.domains);
    await update({ ...web, ...(read as typeof web) }, inputsOf("1"));
    assertWhole(web.id, "1");
  });

  it("ends with the next update, also if that drops the domains and the strategy", async () => {
    const web = await created();
    let isKilled = false;
    const client = cloud.client(() => {
      isKilled ||= cloud.answering(DOMAIN)?.at(-1) === "2";
      if (isKilled) throw new Killed();
    });
    await assert.rejects(update(web, inputsOf("2"), client));
    assert.ok(cloud.api.services.size > 1);
    const { domains: _, ...rest } = inputsOf("2", { strategy: "rolling" });
    await update(web, { ...rest, domains: [] });
    assert.deepEqual(
      [...cloud.api.services.values()].map((one) => [one.name, one["domains"]]),
      [["web", []]],
    );
    assert.deepEqual([digitsOf(web.id), cloud.api.instances.size], ["2".repeat(REPLICAS), REPLICAS]);
  });

  it("goes with the service", async () => {
    const web = await created();
    let isKilled = false;
    const client = cloud.client(() => {
      isKilled ||= cloud.answering(DOMAIN)?.at(-1) === "2";
      if (isKilled) throw new Killed();
    });
    await assert.rejects(update(web, inputsOf("2"), client));
    assert.ok(cloud.api.services.size > 1);
    await service.delete(contextOf(), web.id, web);
    assert.deepEqual([cloud.api.instances.size, cloud.api.services.size], [0, 0]);
  });
});
