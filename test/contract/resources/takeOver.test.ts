/** An Instance with `takeOver` on the local platform: its replacement takes the addresses, or leaves no trace. */
import assert from "node:assert/strict";
import { diff } from "../../../provider/definition/diff";
import type { Properties } from "../../../provider/definition/resource";
import { instance } from "../../../provider/resources/instance/resource";
import type { UnikernelError } from "../../../provider/base/errors";
import { slowGateway } from "../../support/slowGateway";
import { type ExistingResource, ResourceDriver } from "../../support/resourceDriver";
import { TestPlatform } from "../../support/testPlatform";

const FIREWALL = { image: "app:1", networkInterfaces: [{ network: "outside", ip: "10.1.0.1/24" }], stableForMs: 50 };
const OWNERSHIP = { stackHash: "0123456789ab", resourceHash: "0123456789abcdef", hasDerivedName: true };
const [OLD, NEW] = ["firewall-0123456", "firewall-0123456-2"];

describe("an instance whose replacement takes its addresses", () => {
  let platform: TestPlatform;
  let instances: ResourceDriver;
  let old: ExistingResource;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    instances = new ResourceDriver(platform, "Instance");
    Object.assign(instances.context, { ownership: OWNERSHIP });
    old = await instances.create({ ...FIREWALL, name: OLD, takeOver: true });
  });
  afterEach(() => platform.close());

  const replacement = (more: Properties = {}): Promise<ExistingResource> =>
    instances.create({ ...FIREWALL, name: NEW, takeOver: true, args: ["/server", "--new-rule"], ...more });

  it("is replaced for what would restart it, next to the old one, and changed in place for the rest", async () => {
    const of = (more: Properties) => {
      const news: Properties = { ...old.inputs, ...more };
      const [change] = diff(instance, old.state, news);
      return [change?.replace, instance.deleteBeforeReplace?.(news, old.state)];
    };
    assert.deepEqual(of({ args: ["/server", "--new-rule"] }), [true, false]);
    assert.deepEqual(of({ tags: ["a"] }), [false, false]);
    const elsewhere = [{ network: "outside", ip: "10.1.0.2/24" }];
    assert.deepEqual(of({ networkInterfaces: elsewhere }), [true, true]);
    assert.deepEqual(of({ takeOver: false, args: ["/other"] }).at(1), true);
    const note = instance.describeReplacement?.(old.state, { ...old.inputs, stableForMs: 1500 });
    assert.match(
      note ?? "",
      /^the new instance boots beside it, and takes over its addresses once it has run for 1\.5 s/,
    );
    const gated = instance.describeReplacement?.(old.state, { ...old.inputs, gate: { port: 80 } });
    assert.match(
      gated ?? "",
      /once it has run for 0\.05 s and passed its gate; until then, and if that fails, it stays/,
    );
    assert.equal(instance.describeReplacement?.(old.state, { ...old.inputs, takeOver: false }), undefined);
  });

  it("loses its addresses before the create of the new one ends, and is then deleted", async () => {
    const fresh = await replacement();
    assert.notEqual(fresh.id, old.id);
    assert.deepEqual([fresh.state["state"], fresh.state["privateIp"]], ["running", "10.1.0.1"]);
    assert.equal((await platform.instance(old.id))["addresses"], "lost");
    assert.equal((await platform.instance(fresh.id))["addresses"], undefined);
    assert.deepEqual(await instances.drift(fresh), []);
    await instances.delete(old);
    assert.equal((await platform.instance(fresh.id))["state"], "running");
  });

  it("stays as it is if the new one ends too soon, of which nothing is left but its last lines", async () => {
    platform.guests.set(NEW, {
      console: "rules: line 3: no such network\n",
      exits: { afterMs: 5, exit: { kind: "exited", exitCode: 1 } },
    });
    const printed: string[] = [];
    Object.assign(instances.context, { printProgress: (line: string) => printed.push(line) });
    await assert.rejects(replacement(), (error: Error) => {
      assert.equal(error.name, "UnikernelError");
      return /'firewall-0123456-2'.*the program exited with code 1/.test(error.message);
    });
    assert.match(printed.join("\n"), /rules: line 3: no such network/);
    assert.equal((await platform.requestItem("GET", `/v1/instances?name=${NEW}`))["error"], 8);
    const left = await platform.instance(old.id);
    assert.deepEqual([left["state"], left["addresses"]], ["running", undefined]);
  });

  const GATE = { port: 80, path: "/hello", match: { "$.status": "pass" }, intervalMs: 20, failureThreshold: 10 };

  it("is asked at its gate before it takes over, and the create ends once it has", async () => {
    platform.guests.set(NEW, slowGateway({ serveAfterMs: 0, healthyAfterMs: 100 }));
    const fresh = await replacement({ gate: GATE });
    const { readiness, addresses } = await platform.instance(fresh.id);
    assert.deepEqual([(readiness as { state?: string }).state, addresses], ["passed", undefined]);
    assert.equal((await platform.instance(old.id))["addresses"], "lost");
    assert.deepEqual(await instances.drift(fresh), []);
    const probe = async () => (await platform.instance(fresh.id))["readiness_probe"];
    const http = { port: 80, path: "/hello", match: { "$.status": "pass" } };
    assert.deepEqual(await probe(), { http, interval_ms: 20, failure_threshold: 10 });
    const args = { name: NEW, takeOver: true, args: ["/server", "--new-rule"] };
    const changed = await instances.update(fresh, { ...FIREWALL, ...args, gate: { port: 81 } });
    assert.deepEqual(await probe(), { tcp: { port: 81 } });
    await instances.update(changed, { ...FIREWALL, ...args });
    assert.equal(await probe(), undefined);
  });

  it("stays as it is if the new one does not pass its gate, of which nothing is left but its last lines", async () => {
    platform.guests.set(NEW, () => ({
      ...slowGateway({ serveAfterMs: 0, healthyAfterMs: Infinity })(),
      console: "rules: not in force\n",
    }));
    const printed: string[] = [];
    Object.assign(instances.context, { printProgress: (line: string) => printed.push(line) });
    const { message, code, hint } = await replacement({ gate: GATE }).then(
      () => assert.fail("it must fail"),
      (error: UnikernelError) => error,
    );
    assert.equal(code, "OPERATION_FAILED");
    assert.match(
      message,
      /^Instance 'firewall-0123456-2' did not pass its gate: \/hello did not return "pass" at \$\.status \(attempt \d+ of its probe\)\.$/,
    );
    assert.match(hint ?? "", /It was deleted.* The one that it was to replace stays as it is\.$/);
    assert.match(printed.join("\n"), /rules: not in force/);
    assert.equal((await platform.requestItem("GET", `/v1/instances?name=${NEW}`))["error"], 8);
    const left = await platform.instance(old.id);
    assert.deepEqual([left["state"], left["addresses"]], ["running", undefined]);
  });

  it("is not taken over by another resource, nor without the input", async () => {
    const stranger = { ...OWNERSHIP, resourceHash: "fedcba9876543210" };
    await assert.rejects(replacement({ takeOver: false }), /already in use in network 'outside', by instance/);
    Object.assign(instances.context, { ownership: stranger });
    await assert.rejects(replacement(), /already in use in network 'outside', by instance/);
    assert.equal((await platform.instance(old.id))["state"], "running");
  });
});
