/**
 * The requests of a rollout in the cloud, against the local daemon. It cannot run such a rollout as a whole, because there each port has
 * one service.
 */
import assert from "node:assert/strict";
import { onlyItem } from "../../../provider/client/client";
import {
  convertToTemplate,
  deleteTemplate,
  hasTemplates,
  toCloneRequest,
} from "../../../provider/rollout/candidate/clone";
import { toCandidateRequest } from "../../../provider/rollout/candidate/group";
import { keepRunning } from "../../../provider/rollout/secondSet/group";
import { domainChange, moveDomains } from "../../../provider/rollout/secondSet/moveDomains";
import { freePort } from "../../support/freePorts";
import { ResourceDriver } from "../../support/resourceDriver";
import { TestPlatform } from "../../support/testPlatform";

describe("the requests of a rollout in the cloud", () => {
  let platform: TestPlatform;
  let context: ResourceDriver["context"];
  before(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    context = new ResourceDriver(platform, "Service").context;
  });
  after(() => platform.close());

  const createGroup = async (name: string, domains?: readonly { name: string }[]): Promise<string> => {
    const services = [{ port: await freePort() }];
    const reply = await context.client.createService({
      body: { name, services, ...(domains === undefined ? {} : { domains: [...domains] }) },
    });
    return onlyItem(reply, `Creating '${name}'`).uuid;
  };
  const domainsOf = async (uuid: string): Promise<readonly string[]> => {
    const { items } = await context.client.getServices({ query: { uuid: [uuid] } });
    return (items[0]?.domains ?? []).map(({ fqdn }) => fqdn).sort();
  };
  const instance = (uuid: string) => platform.requestItem("GET", `/v1/instances?uuid=${uuid}`);

  it("move domains with one request, there and back", async () => {
    const domains = [{ name: "shop.example.test." }, { name: "shop" }];
    const [from, to] = [await createGroup("from", domains), await createGroup("to")];
    const [generated] = await domainsOf(to);
    const meanwhile = [{ name: "meanwhile" }];
    const change = (op: "add" | "del") => [domainChange(from, op, meanwhile)];
    const gapMs = await moveDomains(context, { domains, from, to, before: change("add"), attempted: "Moving" });
    assert.ok(gapMs < 1_000, `${gapMs} ms`);
    assert.deepEqual(await domainsOf(from), ["meanwhile.localhost"]);
    assert.deepEqual(await domainsOf(to), ["shop.example.test", "shop.localhost", generated].sort());
    await moveDomains(context, { domains, from: to, to: from, after: change("del"), attempted: "Moving" });
    assert.deepEqual(await domainsOf(from), ["shop.example.test", "shop.localhost"]);
    assert.deepEqual(await domainsOf(to), [generated]);
  });

  it("give domains back that nobody can take", async () => {
    const domains = [{ name: "back" }];
    const from = await createGroup("lender", domains);
    const to = "99999999-0000-4000-8000-999999999999";
    await assert.rejects(moveDomains(context, { domains, from, to, attempted: "Moving" }), /Moving failed/);
    assert.deepEqual(await domainsOf(from), ["back.localhost"]);
  });

  it("end a candidate by a schedule, unless it is to keep running", async () => {
    const group = await createGroup("ending");
    const launch = async (name: string, latestMs: number): Promise<string> => {
      const request = toCandidateRequest({ image: "app:1", autostart: true }, name, group, latestMs);
      return onlyItem(await context.client.createInstance({ body: request }), `Creating '${name}'`).uuid;
    };
    const latestMs = Date.now() + 2_000;
    const [abandoned, kept] = [await launch("abandoned", latestMs), await launch("kept", latestMs)];
    await keepRunning(context, [kept], "Keeping it");
    assert.equal((await instance(abandoned))["state"], "running");
    for (let tries = 0; (await instance(abandoned))["status"] !== "error"; tries++) {
      assert.ok(tries < 300, "the candidate still exists");
      await new Promise((done) => setTimeout(done, 20));
    }
    assert.equal((await instance(kept))["state"], "running");
  });

  it("make a template of a candidate, whose clones inherit the image and not its end", async () => {
    const group = await createGroup("clones");
    const replica = {
      name: "web-1",
      image: "app:1",
      memory_mb: 64,
      autostart: true,
      tags: ["a"],
      service_group: { uuid: group },
    };
    const { items } = await context.client.createInstance({
      body: toCandidateRequest(replica, "web-clone", group, Date.now() + 60_000),
    });
    const uuid = String(items[0]?.uuid);
    assert.equal(await hasTemplates(context), true);
    await convertToTemplate(context, { uuid, name: "web-clone" }, replica);
    const created = await context.client.createInstance({ body: toCloneRequest(replica, uuid) });
    const clone = await instance(String(created.items[0]?.uuid));
    const { name, memory_mb, tags, schedules = [], autokill, state } = clone as Record<string, unknown>;
    assert.deepEqual([name, memory_mb, tags, schedules], ["web-1", 64, ["a"], []]);
    assert.ok(["starting", "running"].includes(String(state)), String(state));
    assert.ok(autokill === undefined || (autokill as { time_ms: number }).time_ms === 0, JSON.stringify(autokill));
    assert.match(String(clone["image"]), /app/);
    await deleteTemplate(context, "web-clone");
    await deleteTemplate(context, "web-clone");
  });
});
