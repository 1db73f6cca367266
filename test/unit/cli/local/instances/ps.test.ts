import assert from "node:assert/strict";
import { formatRows, shortImage, toRow } from "../../../../../provider/cli/local/instances/ps";

const item = {
  status: "success" as const,
  uuid: "5a1f0c1e-0000-4000-8000-000000000001",
  name: "web",
  state: "running" as const,
  image: `oci://local/gateway@sha256:${"ab".repeat(32)}`,
  memory_mb: 128,
  vcpus: 1,
  env: { PASSWORD: "secret" },
  uptime_ms: 250_000,
  boot_time_us: 1_234_000,
  net_time_us: 0,
  restart_count: 2,
  service_group: { uuid: "s", name: "front" },
  services: ["tcp:443"],
};
const metrics = { status: "success" as const, uuid: item.uuid, name: "web", rss_bytes: 3 * 1024 * 1024 };

describe("the list of instances", () => {
  it("has units in its names, no variables, and nothing that has not happened", () => {
    const row = toRow(item, metrics);
    assert.deepEqual(row, {
      name: "web",
      uuid: item.uuid,
      state: "running",
      image: `gateway@sha256:${"ab".repeat(32)}`,
      service: "front",
      ports: ["tcp:443"],
      memoryMb: 128,
      residentBytes: 3145728,
      vcpus: 1,
      uptimeMs: 250_000,
      bootTimeMs: 1234,
      restarts: 2,
    });
    assert.doesNotMatch(JSON.stringify(row), /secret/);
  });

  it("is a table for people", () => {
    const [header, line] = formatRows([toRow(item, metrics)]).split("\n");
    assert.match(header ?? "", /^NAME {2}UUID {6}STATE {4}UPTIME/);
    assert.match(line ?? "", /^web {3}5a1f0c1e {2}running {2}4 min 10 s {2}1\.2 s {2}3\.0 MiB \/ 128 MiB {2}2 {9}front tcp:443 {2}gateway@abababab$/); // prettier-ignore
  });

  it("says why an instance takes memory while it sleeps", () => {
    const asleep = toRow({ ...item, state: "standby", memory_notice: "It sleeps in memory, because …" }, undefined);
    assert.match(formatRows([asleep]), /standby: It sleeps in memory, because …/);
  });

  it("says why an instance has stopped", () => {
    const stopped = toRow({ ...item, state: "stopped", stop_reason: 6, exit_code: 7, stop_code: 0 }, undefined);
    assert.match(stopped.stopReason ?? "", /code 7/);
    assert.match(formatRows([stopped]), /stopped: .*code 7 .*- \/ 128 MiB/);
  });

  it("shortens digests only", () => {
    assert.equal(shortImage("a/b@sha256:0123456789abcdef"), "a/b@01234567");
    assert.equal(shortImage("a/b:tag"), "a/b:tag");
  });
});
