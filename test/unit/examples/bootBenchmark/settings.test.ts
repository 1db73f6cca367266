import assert from "node:assert/strict";
import { readSettings } from "../../../../examples/boot-benchmark/settings";

const GIB = 2 ** 30;
const read = (config: Readonly<Record<string, string>>, memoryGib = 24) =>
  readSettings((name) => config[name], memoryGib * GIB);

describe("examples/boot-benchmark: settings", () => {
  it("are ten instances that boot, unless they are set", () => {
    assert.deepEqual(read({}), {
      ...{ count: 10, start: "boot", memoryMb: 128, firstPort: 20_000, guestPort: 8080, unikraft: undefined },
    });
    const { count, start, unikraft } = read({ count: "140", start: "clone", unikraft: "../kernel" }, 40);
    assert.deepEqual([count, start, unikraft], [140, "clone", "../kernel"]);
  });

  for (const [name, value, problem] of [
    ["count", "0", "must be an integer from 1 to 140, got '0'"],
    ["count", "141", "must be an integer from 1 to 140, got '141'"],
    ["count", "1e1", "must be an integer from 1 to 140, got '1e1'"],
    ["memoryMb", "8", "must be an integer from 16 to 8192, got '8'"],
    ["firstPort", "80", "must be an integer from 1024 to 65255, got '80'"],
    ["guestPort", "", "must be an integer from 1 to 65535, got ''"],
    ["start", "fork", "must be 'boot' or 'clone', got 'fork'"],
  ] as const) {
    it(`reject ${name} ${JSON.stringify(value)}`, () =>
      assert.throws(() => read({ [name]: value }), {
        message: `INPUT_INVALID: boot-benchmark:${name}: ${problem}.`,
      }));
  }

  it("reject more instances than this machine has memory for, and say how many fit", () => {
    // 140 × (128 + 50) MiB; 24 GiB are 24,576 MiB
    assert.throws(() => read({ count: "140" }), {
      message:
        "INPUT_INVALID: boot-benchmark:count: 140 instances need about 24920 MiB of memory and this machine has 24576: " +
        "set count to at most 138 or set start to 'clone'.",
    });
    assert.equal(read({ count: "138" }).count, 138);
    assert.equal(read({ count: "140", start: "clone" }).count, 140);
    // 140 × (64 for a clone + 178 for a Unikraft kernel, which boots) MiB
    assert.throws(() => read({ count: "140", start: "clone", unikraft: "../kernel" }), /need about 33880 MiB/);
  });
});
