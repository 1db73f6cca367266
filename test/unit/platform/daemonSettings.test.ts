import assert from "node:assert/strict";
import { UnikernelError } from "../../../provider/base/errors";
import { DEFAULT_QUOTAS, resolveQuotas } from "../../../provider/platform/quota/quotaSettings";
import {
  toDaemonSettings,
  toCommandLineOptions,
  parseSettings,
  unmetOptions,
} from "../../../provider/platform/daemonSettings";

/** Asserts that settings are refused, by what sentence and hint say. */
function refused(args: readonly string[], environment: string | undefined, said: RegExp): void {
  assert.throws(
    () => parseSettings(args, environment),
    (error) => {
      assert.ok(UnikernelError.has(error, "INPUT_INVALID"), String(error));
      assert.match(`${error.message} ${error.hint ?? ""}`, said);
      return true;
    },
  );
}

describe("the settings of a daemon", () => {
  it("are none when nothing is given", () => {
    const { stay, strict2026, quotas } = parseSettings([], undefined);
    assert.deepEqual([stay, strict2026, quotas], [false, false, {}]);
    assert.deepEqual(resolveQuotas(quotas), DEFAULT_QUOTAS);
  });

  it("come from the command line, and quotas from the environment too, which counts less", () => {
    const args = ["--stay", "--strict-2026", "--quota", "instances=10", "--quota=total_volume_mb=100"];
    assert.deepEqual(parseSettings(args, "instances=5, volumes=7"), {
      stay: true,
      strict2026: true,
      quotas: { instances: 10, volumes: 7, total_volume_mb: 100 },
    });
    assert.deepEqual(parseSettings(["--quota", "instances=1", "--quota", "instances=2"], undefined).quotas, {
      instances: 2,
    });
  });

  it("name the quota that was probably meant", () => {
    refused(["--quota", "instance=1"], undefined, /There is no quota 'instance'\. Is 'instances' meant\?/);
    refused([], "totalvolume_mb=1", /Is 'total_volume_mb' meant\?/);
    refused(["--quota", "zzzzzzzzzzzzzzz=1"], undefined, /The quotas are: instances, .*max_autoscale_size/);
  });

  it("take whole numbers from 0 on, and nothing else", () => {
    for (const value of ["", "=", "=-1", "=1.5", "=many", "=1e3", "=1=2", "=9999999999", "=0x10"])
      refused(["--quota", `instances${value}`], undefined, /does not set a quota\. Write 'instances=64'/);
    assert.deepEqual(parseSettings(["--quota", "instances=0"], undefined).quotas, { instances: 0 });
  });

  it("refuse a least value above its greatest, set or not", () => {
    refused(["--quota", "min_memory_mb=9000"], undefined, /'min_memory_mb' \(9000\) is above 'max_memory_mb' \(8192\)/);
    refused(["--quota", "max_vcpus=0"], undefined, /'min_vcpus' \(1\) is above 'max_vcpus' \(0\)/);
  });

  it("refuse options that nobody knows, and values without one", () => {
    for (const args of [["--strict"], ["--quota"], ["now"], ["--stay=yes"]])
      refused(args, undefined, /unikernel --help/);
  });

  it("of a running daemon are told as the options that lead to them", () => {
    const quotas = resolveQuotas({ instances: 10, volumes: 253 });
    assert.deepEqual(toCommandLineOptions(toDaemonSettings(true, true, quotas)), [
      "--stay",
      "--strict-2026",
      "--quota instances=10",
    ]);
    assert.deepEqual(toCommandLineOptions(toDaemonSettings(false, false, DEFAULT_QUOTAS)), []);
  });

  it("that were asked for and do not hold are named, the others not", () => {
    const running = toDaemonSettings(false, false, resolveQuotas({ instances: 10 }));
    const asked = parseSettings(
      ["--stay", "--strict-2026", "--quota", "instances=64", "--quota", "volumes=1"],
      undefined,
    );
    assert.deepEqual(unmetOptions(asked, running), [
      "--stay",
      "--strict-2026",
      "--quota instances=64",
      "--quota volumes=1",
    ]);
    assert.deepEqual(unmetOptions(parseSettings(["--quota", "instances=10"], undefined), running), []);
    assert.deepEqual(
      unmetOptions(parseSettings([], undefined), toDaemonSettings(true, true, resolveQuotas({ volumes: 1 }))),
      [],
    );
  });
});
