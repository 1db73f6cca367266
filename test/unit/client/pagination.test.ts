import assert from "node:assert/strict";
import { UnikernelError } from "../../../provider/base/errors";
import { listAll, PAGE_SIZE } from "../../../provider/client/pagination";

/** A server with these objects, which rejects a page that starts at an unknown one. Calls `onRequest` with each `from`. */
function createServer(uuids: string[], onRequest: (from: string | undefined) => void) {
  return async ({ query }: { query: { count: number; from?: string } }) => {
    const { count, from } = query;
    onRequest(from);
    const start = from === undefined ? 0 : uuids.indexOf(from);
    if (start < 0) throw new UnikernelError("API_REJECTED", "No such object.", { details: { status: 400 } });
    return { items: uuids.slice(start, start + count).map((uuid) => ({ uuid })) };
  };
}
const uuidsOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `u${index}`);

describe("a paginated listing", () => {
  it("restarts if the first object of its next page is gone", async () => {
    const uuids = uuidsOf(2 * PAGE_SIZE);
    let gone: string | undefined;
    const list = createServer(uuids, (from) => {
      if (from === undefined || gone !== undefined) return;
      gone = from;
      uuids.splice(uuids.indexOf(from), 1);
    });
    const listed = await listAll(list, {});
    assert.deepEqual(
      listed.map(({ uuid }) => uuid),
      uuidsOf(2 * PAGE_SIZE).filter((uuid) => uuid !== gone),
    );
  });

  it("gives up after repeated restarts", async () => {
    const uuids = uuidsOf(20 * PAGE_SIZE);
    let starts = 0;
    const list = createServer(uuids, (from) => {
      if (from === undefined) starts++;
      else uuids.splice(uuids.indexOf(from), 1);
    });
    await assert.rejects(listAll(list, {}), /No such object/);
    assert.equal(starts, 3);
  });

  it("does not restart if the first page is rejected", async () => {
    let requests = 0;
    const reject = async () => {
      requests++;
      throw new UnikernelError("API_REJECTED", "Not this.", { details: { status: 400 } });
    };
    await assert.rejects(listAll(reject, {}), /Not this/);
    assert.equal(requests, 1);
  });
});
