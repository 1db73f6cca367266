import assert from "node:assert/strict";
import { resolveMetro } from "../../../provider/base/config";
import { UnikernelError } from "../../../provider/base/errors";

const environmentOf = (values: Record<string, string | undefined>, run: () => void): void => {
  const before = { ...process.env };
  for (const key of ["UKC_METRO", "UKC_TOKEN"]) delete process.env[key];
  Object.assign(process.env, values);
  try {
    run();
  } finally {
    process.env = before;
  }
};

describe("which metro and token", () => {
  it("argument, then provider, then stack, then environment, then default", () => {
    environmentOf({ UKC_METRO: "sin", UKC_TOKEN: "e" }, () => {
      const [argument, provider, stack] = [
        { metro: "was" },
        { metro: "dal", token: "p" },
        { metro: "sfo", token: "s" },
      ];
      assert.deepEqual(resolveMetro({ argument, provider, stack }), {
        metro: "was",
        url: "https://api.was.unikraft.cloud",
        token: "p",
      });
      assert.equal(resolveMetro({ provider, stack }).metro, "dal");
      assert.deepEqual(resolveMetro({ stack }), { metro: "sfo", url: "https://api.sfo.unikraft.cloud", token: "s" });
      assert.deepEqual(resolveMetro({}), { metro: "sin", url: "https://api.sin.unikraft.cloud", token: "e" });
    });
    environmentOf({ UKC_TOKEN: "e" }, () => assert.equal(resolveMetro({}).metro, "fra"));
  });

  it("local needs neither", () => {
    environmentOf({}, () =>
      assert.deepEqual(resolveMetro({ stack: { metro: "local" } }), {
        metro: "local",
        url: undefined,
        token: undefined,
      }),
    );
  });

  it("a URL is used as it is, without a trailing /v1", () => {
    const metro = resolveMetro({ argument: { metro: "http://127.0.0.1:9000/v1/", token: "t" } });
    assert.equal(metro.url, "http://127.0.0.1:9000");
  });

  it("no token for a cloud metro says where to set one, and that local needs none", () => {
    environmentOf({}, () =>
      assert.throws(
        () => resolveMetro({ stack: { metro: "fra" } }),
        (error: unknown) =>
          UnikernelError.is(error) &&
          error.code === "CONFIG_INVALID" &&
          /No token for metro 'fra' \(from the stack/.test(error.message) &&
          /unikernel:metro local/.test(error.hint ?? ""),
      ),
    );
  });

  for (const metro of ["FRA", "fra/x", "ftp://x", "http://", "a b"]) {
    it(`refuses ${JSON.stringify(metro)}`, () => {
      assert.throws(
        () => resolveMetro({ argument: { metro, token: "t" } }),
        (error: unknown) => UnikernelError.has(error, "CONFIG_INVALID"),
      );
    });
  }
});
