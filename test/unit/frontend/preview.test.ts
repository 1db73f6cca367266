import assert from "node:assert/strict";
import { check } from "../../../provider/definition/check";
import type { Properties } from "../../../provider/definition/define";
import { diff } from "../../../provider/definition/diff";
import { OWES_START_KEY } from "../../../provider/definition/partial";
import { UNKNOWN } from "../../../provider/definition/unknown";
import { type Decided, QuotaWatch, announcer, foresee } from "../../../provider/frontend/preview";
import { type Kind, resourceOf } from "../../../provider/resources/all";
import type { QuotasItem } from "../../../provider/resources/quotas";

const quotas = (more: Partial<QuotasItem>): QuotasItem => ({
  uuid: "u",
  used: { live_memory_mb: 1024, instances: 2 },
  hard: { live_memory_mb: 32_768, instances: 4 },
  limits: { min_memory_mb: 16, max_memory_mb: 8192, min_volume_mb: 8, max_volume_mb: 20_480 },
  ...more,
});

const checked = async (kind: Kind, given: object): Promise<Properties> => {
  const { inputs, failures } = await check(resourceOf(kind), {}, { name: "it", ...given });
  assert.deepEqual(failures, []);
  return inputs;
};
const HINT = "Ask for less, delete what is no longer used, or ask for a larger quota.";

describe("quotas at preview", () => {
  let asked = 0;
  const watching = (answer: QuotasItem | undefined) => {
    asked = 0;
    const watch = new QuotaWatch(() => {
      asked++;
      return Promise.resolve(answer);
    });
    return async (kind: Kind, name: string, given: object, olds: Properties = {}) =>
      watch.failures(resourceOf(kind), `${kind} '${name}'`, olds, await checked(kind, given));
  };
  const guest = (memoryMb: number) => ({ image: "a", memoryMb });

  it("are not asked for where nothing changes", async () => {
    const failures = watching(quotas({ hard: { live_memory_mb: 0 } }));
    const olds = await checked("Instance", guest(64));
    assert.deepEqual(await failures("Instance", "a", guest(64), olds), []);
    assert.equal(asked, 0);
    assert.equal((await failures("Instance", "a", guest(128), olds)).length, 1);
    assert.equal(asked, 1);
  });

  it("hold against the plan as a whole, and refuse the resource that exceeds them", async () => {
    const failures = watching(quotas({ hard: { live_memory_mb: 12_000 } }));
    assert.deepEqual(await failures("Instance", "a", guest(8000)), []);
    assert.deepEqual(await failures("Instance", "b", guest(4000)), [
      `QUOTA_EXCEEDED: memoryMb: the plan as a whole needs 12000 MiB more of live_memory_mb; 1024 are used of 12000 MiB. ${HINT}`,
    ]);
    assert.equal(asked, 1, "one request per process");
  });

  it("count what exists once, and only what is new of a change", async () => {
    const failures = watching(quotas({ used: { live_memory_mb: 11_000 }, hard: { live_memory_mb: 12_000 } }));
    assert.deepEqual(await failures("Instance", "a", guest(8192), await checked("Instance", guest(8192))), []);
    assert.deepEqual(await failures("Instance", "b", guest(3000), await checked("Instance", guest(2000))), []);
    assert.equal((await failures("Instance", "c", guest(16))).length, 1);
  });

  it("let what shrinks make room, and never refuse it", async () => {
    const failures = watching(quotas({ used: { live_memory_mb: 12_500 }, hard: { live_memory_mb: 12_000 } }));
    assert.deepEqual(await failures("Instance", "a", guest(1000), await checked("Instance", guest(2000))), []);
    assert.deepEqual(await failures("Instance", "b", guest(500)), []);
  });

  it("count a successor beside the one it replaces, unless that goes first", async () => {
    const resource = resourceOf("Instance");
    const old = await checked("Instance", guest(8000));
    for (const [goesFirst, refused] of [
      [false, 1],
      [true, 0],
    ] as const) {
      const answer = quotas({ used: { live_memory_mb: 8000 }, hard: { live_memory_mb: 12_000 } });
      const watch = new QuotaWatch(() => Promise.resolve(answer));
      assert.deepEqual(await watch.failures(resource, "a", old, old), []);
      if (goesFirst) watch.frees(resource, "a", old);
      assert.equal((await watch.failures(resource, "a", {}, old)).length, refused);
    }
  });

  it("hold for each object by itself, wherever its size is", async () => {
    const failures = watching(quotas({}));
    assert.deepEqual(await failures("Instance", "a", guest(9000)), [
      `QUOTA_EXCEEDED: memoryMb: this account may have 16 to 8192 MiB each, got 9000. ${HINT}`,
    ]);
    const there = await checked("Instance", guest(9000));
    assert.deepEqual(await failures("Instance", "old", { ...guest(9000), tags: ["a"] }, there), []);
    const [first] = await failures("Volume", "v", { sizeMb: 4 });
    assert.match(first ?? "", /^QUOTA_EXCEEDED: sizeMb: this account may have 8 to 20480 MiB each, got 4\./);
    const own = { image: "a", ephemeralVolumes: [{ at: "/x", sizeMb: 30_000 }] };
    assert.match((await failures("Instance", "b", own))[0] ?? "", /ephemeralVolumes\[0\]\.sizeMb: /);
    const template = { ports: [{ port: 8080 }], template: { image: "a", memoryMb: 8 * 8192 } };
    assert.match((await failures("Service", "s", template))[0] ?? "", /^QUOTA_EXCEEDED: template\.memoryMb: /);
  });

  it("judge nothing that is unknown, that a node does not bound, or that nobody can tell", async () => {
    const unknown = watching(quotas({}));
    assert.deepEqual(await unknown("Instance", "a", { image: UNKNOWN, memoryMb: UNKNOWN }), []);
    assert.deepEqual(await watching(quotas({ hard: {}, limits: {} }))("Instance", "a", guest(99_999)), []);
    assert.deepEqual(await watching(undefined)("Instance", "a", guest(99_999)), []);
  });
});

describe("the sentences of a preview", () => {
  const decided = async (olds: object, news: object, outputs: object = { state: "running" }): Promise<Decided> => {
    const [before, after] = [await checked("Instance", olds), await checked("Instance", news)];
    const changes = diff(resourceOf("Instance"), before, after);
    const label = "Instance 'web'";
    return { label, olds: { ...before, ...outputs }, news: after, changes, moves: false, deletesFirst: false };
  };
  const said = async (...given: Parameters<typeof decided>) => foresee(resourceOf("Instance"), await decided(...given));

  it("come from the plan that the update carries out", async () => {
    const news = { image: "a", memoryMb: 256, env: { TOKEN: "s3cret" }, drainTimeoutMs: 5000 };
    assert.deepEqual(await said({ image: "a" }, news), [
      "Instance 'web': the update will stop it within 5 s, change env and memoryMb in place, then start it.",
    ]);
    assert.deepEqual(await said({ image: "a" }, news, { state: "stopped" }), [
      "Instance 'web': the update will change env and memoryMb in place, for which it is stopped and started if it runs by then.",
    ]);
  });

  it("tell what is sure from what is not known", async () => {
    assert.deepEqual(await said({ image: "a" }, { image: UNKNOWN, tags: ["t"] }), [
      "Instance 'web': the update will change tags in place.",
      "Instance 'web': image may change, for which it would be stopped and started: it is not known yet.",
    ]);
    const mount = { volume: UNKNOWN, at: "/data" };
    assert.deepEqual(
      await said({ image: "a", volumes: [{ volume: "v", at: "/x" }] }, { image: "a", volumes: [mount] }),
      [
        "Instance 'web': the update will stop it, detach volume 'v' from /x, attach a volume not known yet at /data, then start it.",
      ],
    );
  });

  it("name the start that an instance owes, also where nothing else changes, or nothing that is known", async () => {
    const owing = { state: "stopped", [OWES_START_KEY]: true };
    assert.deepEqual(await said({ image: "a" }, { image: "a" }, owing), ["Instance 'web': the update will start it."]);
    assert.deepEqual(await said({ image: "a" }, { image: UNKNOWN }, owing), [
      "Instance 'web': the update will start it.",
      "Instance 'web': image may change, for which it would be stopped and started: it is not known yet.",
    ]);
    assert.deepEqual(await said({ image: "a" }, { image: "a" }, { state: "stopped" }), []);
  });

  it("say that what is to be replaced is locked, also where the same change unlocks it", async () => {
    const [, locked] = await said({ image: "a", deleteLock: true }, { image: "a", restartPolicy: "always" });
    assert.match(locked ?? "", /^Instance 'web': the old one is locked against deletion: /);
    assert.equal((await said({ image: "a" }, { image: "a", restartPolicy: "always", deleteLock: true })).length, 1);
  });

  it("are printed once each", () => {
    const lines: string[] = [];
    const announce = announcer((line) => lines.push(line));
    announce(["a", "b"]);
    announce(["b", "c"]);
    assert.deepEqual(lines, ["a", "b", "c"]);
  });
});
