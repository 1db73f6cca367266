import assert from "node:assert/strict";
import { UnikernelError } from "../../../provider/base/errors";
import { DEFAULT_QUOTAS, resolveQuotas } from "../../../provider/platform/quota/quotaSettings";
import {
  toDaemonSettings,
  toCommandLineOptions,
  parseSettings,
  unmetOptions,
} from "../../../provider/platform/daemonSettings";

/** Asserts that settings are rejected with a matching message and hint. */
function assertRejected(args: readonly string[], environment: string | undefined, expected: RegExp): void {
  assert.throws(
    () => parseSettings(args, environment),
    (error) => {
      assert.ok(UnikernelError.has(error, "INPUT_INVALID"), String(error));
      assert.match(`${error.message} ${error.hint ?? ""}`, expected);
      return true;
    },
  );
}

describe("the settings of a daemon", () => {
  it("have defaults", () => {
    const { stay, quotas } = parseSettings([], undefined);
    assert.deepEqual([stay, quotas], [false, {}]);
    assert.deepEqual(resolveQuotas(quotas), DEFAULT_QUOTAS);
  });

  it("come from the command line, and quotas also from the environment with lower precedence", () => {
    const args = ["--stay", "--quota", "instances=10", "--quota=total_volume_mb=100"];
    assert.deepEqual(parseSettings(args, "instances=5, volumes=7"), {
      stay: true,
      port: undefined,
      quotas: { instances: 10, volumes: 7, total_volume_mb: 100 },
    });
    assert.deepEqual(parseSettings(["--quota", "instances=1", "--quota", "instances=2"], undefined).quotas, {
      instances: 2,
    });
  });

  it("suggest a quota with a similar name", () => {
    assertRejected(["--quota", "instance=1"], undefined, /Unknown quota 'instance'\. Did you mean 'instances'\?/);
    assertRejected([], "totalvolume_mb=1", /Did you mean 'total_volume_mb'\?/);
    assertRejected(["--quota", "zzzzzzzzzzzzzzz=1"], undefined, /Known quotas: instances, .*max_autoscale_size/);
  });

  it("accept integers of at least 0 only", () => {
    for (const value of ["", "=", "=-1", "=1.5", "=many", "=1e3", "=1=2", "=9999999999", "=0x10"])
      assertRejected(
        ["--quota", `instances${value}`],
        undefined,
        /^Invalid quota '.*'\. Use a name, '=' and an integer of at least 0, such as 'instances=64'\.$/,
      );
    assert.deepEqual(parseSettings(["--quota", "instances=0"], undefined).quotas, { instances: 0 });
  });

  it("reject a minimum above its maximum, even if only one of them is set", () => {
    assertRejected(
      ["--quota", "min_memory_mb=9000"],
      undefined,
      /'min_memory_mb' \(9000\) exceeds 'max_memory_mb' \(8192\)/,
    );
    assertRejected(["--quota", "max_vcpus=0"], undefined, /'min_vcpus' \(1\) exceeds 'max_vcpus' \(0\)/);
  });

  it("have a port from 1 to 65535", () => {
    assert.equal(parseSettings(["--port", "7700"], undefined).port, 7700);
    for (const port of ["0", "65536", "http", "-1", "1.5", ""])
      assertRejected([`--port=${port}`], undefined, /^Invalid port '.*'\. Give a number from 1 to 65535\.$/);
    const running = toDaemonSettings(false, DEFAULT_QUOTAS, 7700);
    assert.deepEqual(toCommandLineOptions(running), ["--port 7700"]);
    assert.deepEqual(unmetOptions(parseSettings(["--port", "7700"], undefined), running), []);
    assert.deepEqual(unmetOptions(parseSettings(["--port", "7701"], undefined), running), ["--port 7701"]);
    assert.deepEqual(unmetOptions(parseSettings([], undefined), running), []);
  });

  it("reject unknown options and stray values", () => {
    for (const args of [["--strict"], ["--quota"], ["now"], ["--stay=yes"]])
      assertRejected(args, undefined, /unikernel --help/);
  });

  it("of a running daemon are reported as the options that produce them", () => {
    const quotas = resolveQuotas({ instances: 10, volumes: 253 });
    assert.deepEqual(toCommandLineOptions(toDaemonSettings(true, quotas)), ["--stay", "--quota instances=10"]);
    assert.deepEqual(toCommandLineOptions(toDaemonSettings(false, DEFAULT_QUOTAS)), []);
  });

  it("that were requested but not met are named, and no others", () => {
    const running = toDaemonSettings(false, resolveQuotas({ instances: 10 }));
    const requested = parseSettings(["--stay", "--quota", "instances=64", "--quota", "volumes=1"], undefined);
    assert.deepEqual(unmetOptions(requested, running), ["--stay", "--quota instances=64", "--quota volumes=1"]);
    assert.deepEqual(unmetOptions(parseSettings(["--quota", "instances=10"], undefined), running), []);
    assert.deepEqual(
      unmetOptions(parseSettings([], undefined), toDaemonSettings(true, resolveQuotas({ volumes: 1 }))),
      [],
    );
  });
});
