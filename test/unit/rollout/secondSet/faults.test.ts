/** The second set of `blueGreen` in a metro that loses responses, and beside what others do meanwhile. */
import assert from "node:assert/strict";
import { ResourceInitFailedError } from "../../../../provider/definition/initFailed";
import type { ProviderContext } from "../../../../provider/resources/context";
import { DomainCloud, Killed } from "../../../support/domainCloud";
import { DOMAIN, contextIn, createIn, digitsIn, inputsIn, updateIn } from "../../../support/domainService";

describe("a second set in a metro with faults", () => {
  let cloud: DomainCloud;
  let stop: AbortController;
  beforeEach(async () => {
    cloud = await DomainCloud.start();
    stop = new AbortController();
  });
  afterEach(() => cloud[Symbol.asyncDispose]());

  const inputsOf = (digit: string, more: object = {}) => inputsIn(cloud, digit, more);
  const contextOf = (client = cloud.client()): ProviderContext =>
    contextIn(cloud, client, { stopRequest: stop.signal });
  const created = () => createIn(contextOf(), inputsOf("1"));
  type State = Awaited<ReturnType<typeof created>>;
  const update = (found: State, inputs: State["inputs"], client = cloud.client()) =>
    updateIn(contextOf(client), found, inputs);
  const failing = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => assert.fail("it succeeded"),
      (error: unknown) => error,
    );
  const digitsOf = (group: string) => digitsIn(cloud, group);
  const groups = () => [...cloud.api.services.values()].map(({ name }) => name);

  for (const target of ["service", "second set"] as const)
    for (const op of ["del", "add"] as const)
      for (const when of ["before", "after"] as const)
        it(`serves on if the connection is lost ${when} the ${target}'s ${op} of the domains`, async () => {
          const web = await created();
          let isLost = false;
          cloud.losesResponse = (entry) => {
            const isTarget = (entry.uuid === web.id) === (target === "service");
            if (isLost || !isTarget || entry.op !== op || !JSON.stringify(entry).includes("shop")) return undefined;
            isLost = true;
            return when;
          };
          const error = await update(web, inputsOf("2")).then(
            () => undefined,
            (e: unknown) => e,
          );
          assert.ok(isLost);
          const serving = cloud.answering(DOMAIN)?.at(-1);
          assert.ok(serving !== undefined, `nobody has the domain: ${String(error)}`);
          cloud.losesResponse = undefined;
          await update(web, inputsOf("3"));
          assert.deepEqual([cloud.answering(DOMAIN)?.at(-1), groups()], ["3", ["web"]]);
        });

  it("can have other domains after a killed rollout", async () => {
    const web = await created();
    let isKilled = false;
    const client = cloud.client(() => {
      isKilled ||= cloud.answering(DOMAIN)?.at(-1) === "2";
      if (isKilled) throw new Killed();
    });
    await failing(update(web, inputsOf("2"), client));
    const domains = [{ name: DOMAIN }, { name: "more.example.localhost" }];
    await update(web, inputsOf("2", { domains }));
    for (const { name } of domains) assert.equal(cloud.answering(name)?.at(-1), "2");
    assert.deepEqual(groups(), ["web"]);
  });

  it("can have another domain instead after a killed rollout", async () => {
    const web = await created();
    let isKilled = false;
    const client = cloud.client(() => {
      isKilled ||= cloud.answering(DOMAIN)?.at(-1) === "2";
      if (isKilled) throw new Killed();
    });
    await failing(update(web, inputsOf("2"), client));
    await update(web, inputsOf("2", { domains: [{ name: "other.example.localhost" }] }));
    assert.equal(cloud.answering("other.example.localhost")?.at(-1), "2");
    assert.equal(cloud.answering(DOMAIN), undefined);
    assert.deepEqual(groups(), ["web"]);
  });

  for (const [when, isThen] of [
    ["while the old replicas go", () => cloud.answering(DOMAIN)?.at(-1) === "2"],
    ["while the replicas are launched", (id: string) => digitsOf(id) === "2"],
    ["once they are launched", (id: string) => digitsOf(id) === "22"],
  ] as const)
    it(`begins nothing more if somebody else has broken the lock ${when}`, async () => {
      const web = await created();
      let isBroken = false;
      const later: string[] = [];
      const breakLock = () => {
        if (isBroken || !isThen(web.id)) return;
        isBroken = true;
        for (const [uuid, { name: group }] of cloud.api.services)
          if (group.startsWith("rollout-lock-")) cloud.api.services.delete(uuid);
      };
      const client = cloud.client((name) => {
        if (isBroken) later.push(name);
        breakLock();
      });
      cloud.statusOf = () => (breakLock(), 200);
      const error = await failing(update(web, inputsOf("2"), client));
      assert.match(String(error), /was stopped: its lock was removed/);
      assert.equal(cloud.answering(DOMAIN)?.at(-1), "2");
      assert.ok(groups().some((name) => name.includes("-second-")));
      // The step that has begun ends, and the release of the lock is tried.
      const begun = ["stopInstances", "deleteInstances", "deleteServices"];
      if (when === "while the replicas are launched") begun.push("createInstance");
      assert.deepEqual(
        later.filter((name) => !begun.includes(name)),
        [],
      );
      await update(web, inputsOf("2"));
      assert.deepEqual([cloud.answering(DOMAIN)?.at(-1), groups()], ["2", ["web"]]);
    });

  it("ends at Ctrl-C, and the next update finishes it", async () => {
    const web = await created();
    const client = cloud.client(() => {
      if (cloud.answering(DOMAIN)?.at(-1) === "2") stop.abort();
    });
    const error = await failing(update(web, inputsOf("2"), client));
    assert.match(String(error), /was cancelled/);
    assert.notEqual(cloud.answering(DOMAIN), undefined);
    stop = new AbortController();
    await update(web, inputsOf("2"));
    assert.deepEqual([cloud.answering(DOMAIN)?.at(-1), groups()], ["2", ["web"]]);
  });

  it("ends at Ctrl-C, and the next update undoes it if the program was reverted", async () => {
    const web = await created();
    const client = cloud.client(() => {
      if (cloud.answering(DOMAIN)?.at(-1) === "2") stop.abort();
    });
    const error = await failing(update(web, inputsOf("2"), client));
    assert.ok(error instanceof ResourceInitFailedError);
    stop = new AbortController();
    const left = { ...web, inputs: error.outputs, outputs: error.outputs } as unknown as State;
    await update(left, inputsOf("1"));
    assert.deepEqual([cloud.answering(DOMAIN)?.at(-1), groups()], ["1", ["web"]]);
  });
});
