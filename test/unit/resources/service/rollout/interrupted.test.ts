/** Rollouts that compete, and rollouts whose process is killed, at the level of the Service resource. */
import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { UnikernelError } from "../../../../../provider/base/errors";
import type { Client } from "../../../../../provider/client/client";
import { assessReadiness } from "../../../../../provider/client/waitForInstance";
import { identityOf } from "../../../../../provider/definition/identity";
import { resourceOf } from "../../../../../provider/resources/all";
import type { ProviderContext } from "../../../../../provider/resources/context";
import { serviceInputs } from "../../../../../provider/resources/service/inputs";
import { FakeServiceGroup, SERVICE } from "../../../../support/fakeServiceGroup";
import { contextWithClient } from "../../../../support/resourceContext";
import { seededRandom } from "../../../../support/seededRandom";

const service = resourceOf("Service");
const image = (digit: string) => `registry.test/web@sha256:${digit.repeat(64)}`;
const REPLICAS = 3;
const inputsOf = (digit: string) =>
  serviceInputs.parse({
    name: "web",
    ports: [{ port: 80, handlers: ["http"] }],
    replicas: REPLICAS,
    template: { image: image(digit) },
  });

/** Calls `before` ahead of every request, and `after` behind it. */
const intercepted = (client: Client, before: (name: string) => Promise<void>, after: (name: string) => Promise<void>) =>
  new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return async (...args: unknown[]): Promise<unknown> => {
        await before(String(name));
        const response: unknown = await Reflect.apply(member, target, args);
        await after(String(name));
        return response;
      };
    },
  });

/** The context of a stack's resource. */
function contextOf(group: FakeServiceGroup, stack: string, client = group.client): ProviderContext {
  const urn = `urn:pulumi:${stack}::shop::unikernel:index:Service::web`;
  const ownership = { ...identityOf(undefined, urn), hasDerivedName: false };
  return { ...contextWithClient(client, group.clock), urn, ownership };
}

const digests = (group: FakeServiceGroup) => group.items().map(({ image: runs = "" }) => runs.at(-1));
const isServing = (item: Parameters<typeof assessReadiness>[0]) => assessReadiness(item).outcome === "met";

async function withOldReplicas() {
  const group = new FakeServiceGroup();
  const context = contextOf(group, "prod");
  const { outputs } = await service.create(context, inputsOf("1"));
  return { group, context, before: { inputs: inputsOf("1"), outputs } };
}

describe("two rollouts at once", () => {
  const ROUNDS = 50;

  it(`never exceed the bounds, and the one that is rejected names the other, in ${ROUNDS} rounds`, async () => {
    const winners = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      const random = seededRandom(round);
      const { group, before } = await withOldReplicas();
      const pause = async () => {
        for (let turns = Math.floor(random() * 4); turns > 0; turns--) await turn();
      };
      let [fewest, most] = [REPLICAS, REPLICAS];
      group.onChange = () => {
        fewest = Math.min(fewest, group.items().filter(isServing).length);
        most = Math.max(most, group.instances.size);
      };
      const stacks = [
        ["prod", "2"],
        ["dev", "3"],
      ] as const;
      // The winner keeps its lock until the other one has asked for it.
      let loserAsked: () => void = () => undefined;
      const rejection = new Promise<void>((resolve) => (loserAsked = resolve));
      const results = await Promise.allSettled(
        stacks.map(async ([stack, digit]) => {
          await pause();
          const ahead = (name: string) => (name === "deleteServices" ? rejection : pause());
          const context = contextOf(group, stack, intercepted(group.client, ahead, pause));
          return service.update(context, SERVICE.uuid, before, inputsOf(digit)).catch((error: unknown) => {
            loserAsked();
            throw error;
          });
        }),
      );
      const rejected = results.findIndex(({ status }) => status === "rejected");
      const [winner, digit] = stacks[rejected === 0 ? 1 : 0];
      const { reason } = results[rejected] as PromiseRejectedResult;
      assert.ok(UnikernelError.has(reason, "ROLLOUT_LOCKED"), String(reason));
      assert.match(
        reason.message,
        new RegExp(`is being rolled out by stack 'shop-${winner}', process ${process.pid} on this`),
      );
      assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
      assert.deepEqual(digests(group), Array(REPLICAS).fill(digit));
      assert.deepEqual([fewest, most, group.locks.size], [REPLICAS, REPLICAS + 1, 0], `round ${round}`);
      winners.add(winner);
    }
    assert.equal(winners.size, 2, "each wins some rounds");
  });
});

describe("a rollout whose process is killed", () => {
  /** Kills a process at its n-th change: before it is sent, or before its response is read. True if there was one. */
  async function killAt(
    group: FakeServiceGroup,
    n: number,
    isSent: boolean,
    update: (client: Client) => Promise<unknown>,
  ) {
    let changes = 0;
    let kill: (value: "killed") => void;
    const killed = new Promise<"killed">((resolve) => (kill = resolve));
    const stop =
      (isNow: boolean) =>
      async (name: string): Promise<void> => {
        const isChange = !name.startsWith("get") && !name.startsWith("wait");
        if (changes > n) return new Promise(() => undefined);
        if (!isNow || !isChange || changes++ < n) return;
        changes = n + 1;
        kill("killed");
        return new Promise(() => undefined);
      };
    const client = intercepted(group.client, stop(!isSent), stop(isSent));
    const outcome = await Promise.race([
      killed,
      update(client).then(
        () => "done",
        () => "done",
      ),
    ]);
    // Its process id is one of another process by now.
    for (const lock of group.locks.values()) {
      const [domain] = lock.domains as { fqdn: string }[];
      lock.domains = [{ fqdn: (domain?.fqdn ?? "").replace(/-[0-9a-f]{8}\./, "-00000000.") }];
    }
    return outcome === "killed";
  }

  for (const isSent of [false, true]) {
    const when = isSent ? "after a request reached the metro" : "before a request is sent";

    it(`is finished by the next update, wherever it was killed, ${when}`, async () => {
      let points = 0;
      for (; ; points++) {
        const { group, context, before } = await withOldReplicas();
        const news = inputsOf("2");
        const wasKilled = await killAt(group, points, isSent, (client) =>
          service.update(contextOf(group, "prod", client), SERVICE.uuid, before, news),
        );
        if (!wasKilled) break;
        await service.update(context, SERVICE.uuid, before, news);
        assert.deepEqual([digests(group), group.locks.size], [["2", "2", "2"], 0], `killed at change ${points}`);
      }
      console.log(`      ${points} points`);
      assert.ok(points >= 11, `${points} changes`); // lock, 3 × (create, stop, delete), unlock
    });

    it(`is undone by the next update of the reverted program, wherever it was killed, ${when}`, async () => {
      let points = 0;
      for (; ; points++) {
        const { group, context, before } = await withOldReplicas();
        // The second new replica crashes, so some points are within the rollback.
        let created = 0;
        group.onCreate = ({ image: requested }) => {
          const crashes = requested === image("2") && ++created === 2;
          const crash = { state: "stopped" as const, stop_reason: 3, exit_code: 1 };
          group.lives.set(image("2"), () => (crashes ? crash : { state: "running", net_time_us: 1 }));
          return "respond";
        };
        const wasKilled = await killAt(group, points, isSent, (client) =>
          service.update(contextOf(group, "prod", client), SERVICE.uuid, before, inputsOf("2")),
        );
        await service.update(context, SERVICE.uuid, before, before.inputs);
        assert.deepEqual([digests(group), group.locks.size], [["1", "1", "1"], 0], `killed at change ${points}`);
        if (!wasKilled) break;
      }
      console.log(`      ${points} points`);
      assert.ok(points >= 10, `${points} changes`);
    });
  }
});
