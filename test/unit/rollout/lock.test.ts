import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import { UnikernelError } from "../../../provider/base/errors";
import { isRolloutLock, lockHolder, lockLabel, rolloutLockName } from "../../../provider/contract/rolloutLock";
import { type LockRequest, acquireLock } from "../../../provider/rollout/lock/lock";
import { deleteLock, findLock } from "../../../provider/rollout/lock/object";
import { FakeServiceGroup, SERVICE } from "../../support/fakeServiceGroup";

const PROD = { stackName: "shop-prod", stackHash: "0123456789ab", lifetimeMs: 600_000 };
const DEV = { stackName: "shop-dev", stackHash: "ba9876543210", lifetimeMs: 600_000 };

describe("the lock of a rollout", () => {
  let group: FakeServiceGroup;
  let otherPid: number;
  let other: childProcess.ChildProcess;
  beforeEach(() => {
    group = new FakeServiceGroup();
    // A metro of the cloud is not asked for its features.
    Object.assign(group.client, { metro: "local" });
    other = childProcess.spawn("sleep", ["60"]);
    otherPid = other.pid ?? 0;
  });
  afterEach(() => void other.kill());

  const acquire = (request: LockRequest) => acquireLock(group, SERVICE, request);
  const endOther = async () => {
    const ended = new Promise((resolve) => other.once("exit", resolve));
    other.kill();
    await ended;
  };
  const rejected = async (request: LockRequest): Promise<UnikernelError> => {
    const error: unknown = await acquire(request).then(
      () => assert.fail("it was granted"),
      (e: unknown) => e,
    );
    assert.ok(UnikernelError.has(error, "ROLLOUT_LOCKED"), String(error));
    return error;
  };

  it("is a group that names its holder, deletes itself, and goes with its release", async () => {
    const lock = await acquire({ ...PROD, pid: otherPid });
    const [found] = group.locks.values();
    assert.equal(found?.name, "rollout-lock-service-1");
    assert.deepEqual(
      { ...found, uuid: 0, name: 0, created_at: 0, domains: 0 },
      {
        ...{ uuid: 0, name: 0, created_at: 0, domains: 0 },
        ...{ services: [], autokill: { time_ms: 600_000 } },
      },
    );
    assert.match(JSON.stringify(found?.domains), /"shop-prod-0123456789ab-[0-9a-z]+-[0-9a-f]{8}\.metro\.test"/);
    await lock.assertHeld(group);
    await lock.release(group);
    assert.equal(group.locks.size, 0);
    await lock.release(group); // not an error
  });

  it("publishes port 443 where a group needs a port", async () => {
    group.features = [];
    await acquire(PROD);
    const [found] = group.locks.values();
    assert.deepEqual((found as { services?: unknown } | undefined)?.services, [
      { port: 443, destination_port: 8080, handlers: ["tls", "http"] },
    ]);
  });

  it("rejects another stack, with the holder, the start and the command that ends it", async () => {
    await acquire({ ...PROD, pid: otherPid });
    const running = await rejected(DEV);
    assert.equal(
      running.message,
      `Service 'web' is being rolled out by stack 'shop-prod', process ${otherPid} on this machine, since 1970-01-01T00:16:40.000Z.`,
    );
    assert.match(running.hint ?? "", /npx unikernel roll stop web --metro local/);
    await endOther();
    const gone = await rejected(DEV);
    assert.match(gone.message, /process \d+, which does not run on this machine, since/);
  });

  it("rejects the same stack while its process runs, and is taken over once it is gone", async () => {
    const first = await acquire({ ...PROD, pid: otherPid });
    await rejected(PROD);
    await endOther();
    const second = await acquire(PROD);
    await second.assertHeld(group);
    await assert.rejects(first.assertHeld(group), (error: unknown) => {
      assert.ok(UnikernelError.has(error, "ROLLOUT_STOPPED"));
      assert.match(
        error.message,
        /it is rolled out by stack 'shop-prod', process \d+ on this machine, since .* now\.$/,
      );
      return true;
    });
  });

  it("rejects a second rollout of the same process, but takes over what an earlier one could not remove", async () => {
    const first = await acquire(PROD);
    await rejected(PROD);
    const remove = group.client.deleteServices;
    Object.assign(group.client, {
      deleteServices: () => Promise.reject(new UnikernelError("API_UNREACHABLE", "down")),
    });
    await assert.rejects(first.release(group));
    Object.assign(group.client, { deleteServices: remove });
    await acquire(PROD);
  });

  it("never takes over the lock of a holder without a stack", async () => {
    const nobody = { stackName: "", stackHash: undefined, lifetimeMs: 1 };
    await acquire({ ...nobody, pid: otherPid });
    await endOther();
    const error = await rejected(nobody);
    assert.match(error.message, /rolled out by process \d+, which does not run/);
  });

  it("reports a lock that somebody removed", async () => {
    const lock = await acquire(PROD);
    const found = await findLock(group, SERVICE);
    await deleteLock(group, SERVICE, found?.uuid ?? "");
    await assert.rejects(lock.assertHeld(group), (error: unknown) => {
      assert.ok(UnikernelError.has(error, "ROLLOUT_STOPPED"));
      assert.match(error.message, /its lock was removed, as 'unikernel roll stop' does/);
      return true;
    });
    assert.equal(await findLock(group, SERVICE), undefined);
  });

  it("finds its own lock if the response to its creation was lost", async () => {
    const create = group.client.createService;
    Object.assign(group.client, {
      createService: async (...args: Parameters<typeof create>) => {
        await create(...args);
        throw new UnikernelError("API_UNREACHABLE", "The response was lost.");
      },
    });
    const lock = await acquire(PROD);
    await lock.assertHeld(group);
  });

  it("says that it needs a service group of the quota", async () => {
    Object.assign(group.client, {
      createService: () =>
        Promise.resolve({ items: [{ status: "error", error: 19, message: "Quota exceeded" }], message: undefined }),
    });
    await assert.rejects(acquire(PROD), (error: unknown) => {
      assert.ok(UnikernelError.has(error, "QUOTA_EXCEEDED"));
      assert.match(error.hint ?? "", /one more service group, with one port, for its lock/);
      return true;
    });
  });

  it("fits any stack name into one label", () => {
    for (const stackName of ["", "shop-prod", "Größe_x.y", "x".repeat(200), "---"]) {
      const holder = { stackName, stackHash: "0123456789ab", pid: 4_194_304, processHash: "89abcdef" };
      const label = lockLabel(holder);
      assert.match(label, /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
      const { stackName: _shortened, ...read } = lockHolder(`${label}.localhost`) ?? assert.fail(label);
      assert.deepEqual(read, { stackHash: "0123456789ab", pid: 4_194_304, processHash: "89abcdef" });
    }
    assert.equal(lockHolder("web-1a2b3c4d.localhost"), undefined);
    assert.deepEqual([isRolloutLock({ name: rolloutLockName("u") }), isRolloutLock({ name: "web" })], [true, false]);
  });
});
