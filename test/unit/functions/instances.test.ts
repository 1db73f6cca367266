import assert from "node:assert/strict";
import { functionOf } from "../../../provider/functions/all";
import { callFunction } from "../../../provider/functions/function";
import { contextWithResponses } from "../../support/resourceContext";

/** An instance as in the API's description, with all secrets. */
const item = {
  status: "success",
  ...{ uuid: "i1", name: "web", created_at: "2026-01-01T00:00:00Z", state: "stopped", type: "micro" },
  ...{ image: `oci://unikraft.io/acme/web@sha256:${"a".repeat(64)}`, memory_mb: 128, vcpus: 1, args: ["/server"] },
  env: { KEY: "s3cret" },
  roms: [{ name: "conf", files: [{ path: "a", data: "s3cret" }] }],
  plugins: [{ name: "p", rom: "r", config: { key: "s3cret" } }],
  ...{ restart_policy: "always", restart: { attempt: 2, next_at: "2026-01-01T00:00:09Z" } },
  ...{ start_count: 3, restart_count: 2, uptime_ms: 4711, boot_time_us: 11, net_time_us: 12 },
  ...{ started_at: "2026-01-01T00:00:01Z", stopped_at: "2026-01-01T00:00:02Z" },
  // A page fault (4) for lack of memory (errno 12), in the kernel (1). Source: the platform's documentation of stop codes.
  ...{ stop_reason: 1, stop_code: 818948, exit_code: 0 },
  scale_to_zero: { enabled: true, policy: "idle", stateful: true, cooldown_time_ms: 500, notify_time_ms: 100 },
  service_group: { uuid: "s1", name: "edge", domains: [{ fqdn: "edge.metro.test." }] },
  volumes: [{ uuid: "v1", name: "data", at: "/data", readonly: true }],
  network_interfaces: [{ uuid: "n1", private_ip: "10.0.0.2", mac: "12:00:00:00:00:01" }],
  ...{ private_ip: "10.0.0.2", private_fqdn: "web.internal", sched_priority: "normal" },
  ...{ tags: ["t"], annotations: { "acme/x": "y" }, delete_lock: true },
  updates: [{ prop: "memory_mb", op: "set", value: 256, status: "failed", error: "No." }],
};

const read = (more: object) =>
  callFunction(functionOf("getInstance"), contextWithResponses({ getInstances: () => ({ ...item, ...more }) }), {
    uuid: "i1",
  });

describe("getInstance", () => {
  it("returns what the API reports except secrets", async () => {
    const found = await read({});
    assert.deepEqual(found, {
      ...{ uuid: "i1", name: "web", createdAt: "2026-01-01T00:00:00Z", state: "stopped", type: "micro" },
      ...{ image: item.image, digest: `sha256:${"a".repeat(64)}`, memoryMb: 128, vcpus: 1, args: ["/server"] },
      ...{ restartPolicy: "always", restart: { attempt: 2, nextAt: "2026-01-01T00:00:09Z" } },
      ...{ startCount: 3, restartCount: 2, uptimeMs: 4711, bootTimeUs: 11, netTimeUs: 12 },
      ...{ startedAt: "2026-01-01T00:00:01Z", stoppedAt: "2026-01-01T00:00:02Z", retainedUntil: undefined },
      stopReason: "the kernel crashed before the program ended (page fault, out of memory)",
      stopCode: "page fault, out of memory",
      exitCode: 0,
      scaleToZero: { enabled: true, policy: "idle", stateful: true, cooldownTimeMs: 500, notifyTimeMs: 100 },
      service: { uuid: "s1", name: "edge", fqdns: ["edge.metro.test"] },
      volumes: [{ uuid: "v1", name: "data", at: "/data", readonly: true }],
      networkInterfaces: [{ uuid: "n1", name: undefined, privateIp: "10.0.0.2", mac: "12:00:00:00:00:01" }],
      ...{ privateIp: "10.0.0.2", privateFqdn: "web.internal", schedPriority: "normal" },
      ...{ tags: ["t"], annotations: { "acme/x": "y" }, deleteLock: true },
      updates: [{ property: "memory_mb", status: "failed", error: "No." }],
    });
    assert.doesNotMatch(JSON.stringify(found), /s3cret/);
  });

  it("returns a stop reason only while the instance is stopped", async () => {
    const { stopReason, stopCode } = await read({ state: "running" });
    assert.deepEqual([stopReason, stopCode], [undefined, undefined]);
  });

  it("treats null as a missing value", async () => {
    const none = { restart: null, scale_to_zero: null, service_group: null, volumes: null, updates: null, args: null };
    const { restart, scaleToZero, service, volumes, updates, args } = await read(none);
    assert.deepEqual([restart, scaleToZero, service], [undefined, undefined, undefined]);
    assert.deepEqual([volumes, updates, args], [[], [], []]);
  });
});
