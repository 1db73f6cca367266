import assert from "node:assert/strict";
import * as path from "node:path";
import { exec } from "../../../provider/base/exec";

const TSX = path.resolve("node_modules/.bin/tsx");

/** Longer than on an idle machine, where it takes two seconds. */
const TIMEOUT_MS = 60_000;

interface Trace {
  readonly files: number;
  readonly returns: number;
}

/** What `npm run trace` prints, by request. */
function parseTraces(output: string): ReadonlyMap<string, Trace> {
  const blocks = output.matchAll(/^(\S+ \/\S+)\n {2}.*\n {2}(\d+) files, \d+ stays, (\d+) returns$/gm);
  return new Map(
    [...blocks].map(([, request = "", files, returns]) => [
      request,
      { files: Number(files), returns: Number(returns) },
    ]),
  );
}

describe("the way of a request through the local platform", function () {
  this.timeout(TIMEOUT_MS);

  it("passes at most 7 files to read one instance, and returns to none", async () => {
    const { code, stdout, stderr } = await exec(TSX, ["scripts/traceRequest.ts"], {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    assert.equal(code, 0, stderr);
    const traces = parseTraces(stdout);
    assert.equal(traces.size, 6, stdout);
    const { files, returns } = traces.get("GET /v1/instances/{uuid}") ?? assert.fail(stdout);
    assert.ok(files >= 4 && files <= 7, `${files} files`);
    assert.equal(returns, 0);
  });
});
