import assert from "node:assert/strict";
import type { InstanceItem } from "../../../../provider/contract/models";
import { instanceOutputs, toOutputs } from "../../../../provider/resources/instance/outputs";

const outputsOf = (more: Partial<InstanceItem>) => toOutputs({ uuid: "u", name: "web", ...more }, {});

describe("the outputs of an instance", () => {
  it("name its service, so that a program can refer to an inline group", () => {
    const outputs = outputsOf({ service_group: { uuid: "s", name: "calm-river" } });
    assert.deepEqual([outputs.serviceUuid, outputs.serviceName], ["s", "calm-river"]);
  });

  it("contain the address of the first domain without a wildcard", () => {
    const group = (...fqdns: string[]) => ({
      service_group: { uuid: "s", name: "n", domains: fqdns.map((fqdn) => ({ fqdn })) },
      services: ["tcp:443"],
    });
    assert.equal(outputsOf(group("*.example.com", "www.example.com.")).url, "https://www.example.com");
    assert.deepEqual([outputsOf(group("*.example.com")).url, outputsOf(group()).url], ["", ""]);
  });

  it("contain start time, stop time and stop reason in words and as the API's numbers", () => {
    const outputs = outputsOf({
      started_at: "2026-10-01T09:00:00Z",
      stopped_at: "2026-10-01T09:00:04Z",
      stop_reason: 3,
      stop_code: 0x0c7f04,
      exit_code: 1,
    });
    assert.deepEqual([outputs.startedAt, outputs.stoppedAt], ["2026-10-01T09:00:00Z", "2026-10-01T09:00:04Z"]);
    assert.deepEqual([outputs.stopReasonNumber, outputs.stopCodeNumber, outputs.exitCode], [3, 818948, 1]);
    assert.deepEqual(
      [outputs.stopReason, outputs.stopCode],
      ["the program exited with code 1 (page fault, out of memory)", "page fault, out of memory"],
    );
  });

  it("contain the names of its interfaces and the next time of its schedules", () => {
    const schedule = { when: "Mon 08:00", action: "start" };
    const outputs = outputsOf({
      network_interfaces: [{ uuid: "i", name: "eth0", private_ip: "10.0.0.2", mac: "12:b0:0a:00:04:11" }, {}],
      schedules: [
        { ...schedule, name: "morning", next_at: "2026-10-05T08:00:00Z" },
        { ...schedule, name: "never" },
      ],
    });
    assert.deepEqual(outputs.interfaces, [
      { uuid: "i", name: "eth0", privateIp: "10.0.0.2", mac: "12:b0:0a:00:04:11" },
      { uuid: "", privateIp: "", mac: "" },
    ]);
    assert.deepEqual(outputs.scheduleTimes, [{ name: "morning", nextAt: "2026-10-05T08:00:00Z" }]);
  });

  it("are complete whatever a node omits", () => {
    assert.deepEqual(instanceOutputs.parse(outputsOf({})), outputsOf({}));
  });
});
