/** Settings of a Provider or a stack, as the engine passes them to the provider process. */
import assert from "node:assert/strict";
import { DynamicProcess } from "../../support/dynamicProcess";

describe("settings of the provider process", function () {
  this.timeout(120_000);

  /** Why a volume is rejected with these settings; empty if they are valid. */
  async function reasons(settings: Record<string, unknown>): Promise<readonly string[]> {
    const keys = Object.entries(settings).map(([key, value]) => [`unikernel:${key}`, value]);
    const volume = await DynamicProcess.start("Volume", {
      "unikernel:metro": "http://127.0.0.1:9",
      "unikernel:token": "t0ken",
      ...Object.fromEntries(keys),
    });
    try {
      const news = { __resourceName: "data", name: "data", sizeMb: 8 };
      return (await volume.check({}, news)).failures.map(({ reason }) => reason);
    } finally {
      await volume.stop();
    }
  }

  it("can be text or structured values", async () => {
    const settings = { maxConcurrency: "4", timeouts: '{"createMs": 600000}', proxy: "http://u:s3cret@proxy:3128" };
    assert.deepEqual(await reasons(settings), []);
    assert.deepEqual(await reasons({ maxConcurrency: 4, timeouts: { createMs: 600_000 } }), []);
  });

  it("are rejected at preview with the setting, its value and the allowed values", async () => {
    const [text = "", ...more] = await reasons({ maxConcurrency: 0 });
    assert.deepEqual(more, []);
    assert.match(
      text,
      /^CONFIG_INVALID: unikernel:maxConcurrency: '0' \(from .*\) is not a whole number from 1 to 256/,
    );
    assert.match(
      (await reasons({ timeouts: { crateMs: 5 } })).join(),
      /unknown member 'crateMs'.*Did you mean 'createMs', in milliseconds\?/,
    );
    const proxy = (await reasons({ proxy: "socks5://u:s3cret@proxy" })).join();
    assert.match(proxy, /unikernel:proxy: The value .*is not the http\(s\) URL of a proxy/);
    assert.doesNotMatch(proxy, /s3cret/);
  });
});
