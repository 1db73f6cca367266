import assert from "node:assert/strict";
import type { Client } from "../../../provider/client/client";
import { createObjectReader } from "../../../provider/client/objectReader";
import { UnikernelError } from "../../../provider/base/errors";

interface Query {
  readonly uuid?: readonly string[];
  readonly count?: number;
  readonly from?: string;
}

const uuidOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** In-memory volumes behind the client's interface; records every request. */
class FakeApi {
  nowMs = 1_000_000;
  readonly requests: Query[] = [];
  readonly objects = new Map<string, Record<string, unknown>>();
  changeCount = 0;
  /** Called after each page of a listing. */
  afterPage: () => void = () => undefined;
  /** The error to fail a request with. */
  failWith: (query: Query) => UnikernelError | undefined = () => undefined;

  constructor(size: number) {
    for (let n = 0; n < size; n++) this.change(n, {});
    this.changeCount = 0;
  }

  change(n: number, more: object): void {
    this.objects.set(uuidOf(n), { status: "success", uuid: uuidOf(n), name: `v${n}`, ...more });
    this.changeCount += 2;
  }

  readonly list = async ({ query }: { query: Query }) => {
    this.requests.push(query);
    await Promise.resolve();
    const error = this.failWith(query);
    if (error !== undefined) throw error;
    if (query.uuid !== undefined) {
      const items = query.uuid.map((uuid) => this.objects.get(uuid) ?? { status: "error", uuid, error: 8 });
      return { items, message: undefined };
    }
    const all = [...this.objects.values()];
    // Inclusive, according to the API's description.
    const start = query.from === undefined ? 0 : all.findIndex(({ uuid }) => uuid === query.from);
    const items = all.slice(start, start + (query.count ?? all.length));
    this.afterPage();
    return { items, message: undefined };
  };

  reader() {
    const client = { getVolumes: this.list, getInstances: this.list, changeCount: () => this.changeCount };
    const clock = { now: () => this.nowMs, sleep: () => Promise.resolve() };
    return createObjectReader(client as unknown as Client, clock);
  }

  get listings(): number {
    return this.requests.filter(({ uuid }) => uuid === undefined).length;
  }
}

const range = (length: number): number[] => Array.from({ length }, (_, n) => n);

/** Reads as the engine does: a limited number concurrently, the next when one completes. */
async function refresh(reader: ReturnType<FakeApi["reader"]>, size: number, parallel: number) {
  const names = new Map<number, string | undefined>();
  const queue = range(size);
  const work = async () => {
    for (let n = queue.shift(); n !== undefined; n = queue.shift()) {
      names.set(n, (await reader.volume(uuidOf(n)))?.name);
    }
  };
  await Promise.all(range(parallel).map(work));
  return names;
}

describe("the object reader", () => {
  it("batches simultaneous reads into one request without duplicates", async () => {
    const api = new FakeApi(3);
    const reader = api.reader();
    const items = await Promise.all([0, 1, 0, 2].map((n) => reader.volume(uuidOf(n))));
    assert.deepEqual(
      items.map((item) => item?.name),
      ["v0", "v1", "v0", "v2"],
    );
    assert.deepEqual(api.requests, [{ uuid: [uuidOf(0), uuidOf(1), uuidOf(2)] }]);
  });

  it("finds an object by its uuid in capitals, alone and in a listing", async () => {
    const uuid = "abcdef00-0000-4000-8000-00000000000f";
    const api = new FakeApi(30);
    api.objects.set(uuid, { status: "success", uuid, name: "found" });
    const reader = api.reader();
    assert.equal((await reader.volume(uuid.toUpperCase()))?.name, "found");
    await Promise.all(range(30).map((n) => reader.volume(uuidOf(n))));
    assert.equal((await reader.volume(uuid.toUpperCase()))?.name, "found");
    assert.equal(api.listings, 1);
  });

  it("sends a new request for a repeated read", async () => {
    const api = new FakeApi(1);
    const reader = api.reader();
    assert.equal((await reader.volume(uuidOf(0)))?.name, "v0");
    api.objects.set(uuidOf(0), { status: "success", uuid: uuidOf(0), name: "renamed" });
    assert.equal((await reader.volume(uuidOf(0)))?.name, "renamed");
  });

  it("refreshes 1,000 objects with one listing per page and a few requests", async () => {
    const api = new FakeApi(1_000);
    const names = await refresh(api.reader(), 1_000, 16);
    assert.deepEqual(
      range(1_000).map((n) => names.get(n)),
      range(1_000).map((n) => `v${n}`),
    );
    // Pages of 100 that start at the last object of the previous page: 99 new ones each after the first.
    assert.equal(api.listings, 11);
    assert.ok(api.requests.length <= 14, `${api.requests.length} requests`);
  });

  it("reports not found only if the API reports it for that object", async () => {
    const api = new FakeApi(60);
    const reader = api.reader();
    await refresh(reader, 40, 10);
    assert.ok(api.listings > 0, "this must be a refresh");
    // Created by someone else after the listing.
    api.objects.set(uuidOf(99), { status: "success", uuid: uuidOf(99), name: "late" });
    assert.equal((await reader.volume(uuidOf(99)))?.name, "late");
    assert.equal(await reader.volume(uuidOf(1234)), undefined);
  });

  it("serves nothing from a listing after a change or after 10 seconds", async () => {
    const api = new FakeApi(60);
    const reader = api.reader();
    await refresh(reader, 40, 10);
    const before = api.listings;
    assert.equal((await reader.volume(uuidOf(50)))?.name, "v50");
    assert.equal(api.listings, before, "the listing serves at first");
    api.change(50, { name: "changed" });
    assert.equal((await reader.volume(uuidOf(50)))?.name, "changed");

    await refresh(reader, 40, 10);
    api.objects.set(uuidOf(7), { status: "success", uuid: uuidOf(7), name: "by someone else" });
    api.nowMs += 10_001;
    assert.equal((await reader.volume(uuidOf(7)))?.name, "by someone else");
  });

  it("does not serve a listing that overlapped a change", async () => {
    const api = new FakeApi(250);
    api.afterPage = () => {
      api.afterPage = () => undefined;
      api.change(3, { name: "changed" });
    };
    const names = await refresh(api.reader(), 250, 50);
    assert.equal(names.get(249), "v249");
    assert.equal(names.get(3), "changed");
  });

  it("isolates the failure of one object from the others", async () => {
    const api = new FakeApi(3);
    api.failWith = ({ uuid = [] }) =>
      uuid.includes("not-a-uuid") ? new UnikernelError("API_REJECTED", "Invalid uuid.") : undefined;
    api.objects.set(uuidOf(2), { status: "error", uuid: uuidOf(2), error: 14, message: "no" });
    const reader = api.reader();
    const [good, malformed, failed] = await Promise.allSettled([
      reader.volume(uuidOf(0)),
      reader.volume("not-a-uuid"),
      reader.volume(uuidOf(2)),
    ]);
    assert.equal(good.status === "fulfilled" && good.value?.name, "v0");
    assert.ok(malformed.status === "rejected" && UnikernelError.has(malformed.reason, "API_REJECTED"));
    assert.ok(failed.status === "rejected" && !UnikernelError.has(failed.reason, "NOT_FOUND"));
  });

  it("fails all waiting reads if the metro does not respond, and tries again next time", async () => {
    const api = new FakeApi(2);
    api.failWith = () => new UnikernelError("API_UNREACHABLE", "down");
    const reader = api.reader();
    const results = await Promise.allSettled([0, 1].map((n) => reader.volume(uuidOf(n))));
    assert.deepEqual(
      results.map(({ status }) => status),
      ["rejected", "rejected"],
    );
    assert.equal(api.requests.length, 1);
    api.failWith = () => undefined;
    assert.equal((await reader.volume(uuidOf(1)))?.name, "v1");
  });

  it("never returns another object than the requested one", async () => {
    const api = new FakeApi(1);
    api.objects.set(uuidOf(0), { status: "success", uuid: uuidOf(5), name: "stranger" });
    await assert.rejects(api.reader().volume(uuidOf(0)), (error) => UnikernelError.has(error, "API_SHAPE"));
  });

  it("treats a retained deleted instance as not found", async () => {
    const api = new FakeApi(1);
    api.change(0, { state: "deleted" });
    assert.equal(await api.reader().instance(uuidOf(0)), undefined);
  });
});
