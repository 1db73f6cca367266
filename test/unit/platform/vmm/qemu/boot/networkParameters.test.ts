/** What a Linux guest is told about its networks. */
import assert from "node:assert/strict";
import type { VmInterface } from "../../../../../../provider/platform/network/addresses";
import { linuxNetworkParameters } from "../../../../../../provider/platform/vmm/qemu/boot/networkParameters";
import type { VmSpec } from "../../../../../../provider/platform/vmm/vmm";
import { plainInterface, plainNetwork } from "../../../../../support/vmNetwork";

const parametersOf = (...interfaces: readonly VmInterface[]): readonly string[] =>
  linuxNetworkParameters({
    hostname: "web",
    network: { ...plainNetwork("172.16.0.16"), interfaces },
  } as unknown as VmSpec);
const TO_UPLINK = ["netdev.route=172.16.0.1/32::0", "netdev.route=172.16.0.2/32::0"];
const TO_INTERNET = "netdev.route=0.0.0.0/0:172.16.0.1:0";

describe("the networks on a Linux guest's command line", () => {
  it("are one parameter for a guest with an address of the platform", () => {
    assert.deepEqual(parametersOf(plainInterface("172.16.0.16")), [
      "netdev.ip=172.16.0.16/16:172.16.0.1:172.16.0.2::web:",
    ]);
  });

  it("lead to the user network from any subnet over the first card, which is where published ports come from", () => {
    assert.deepEqual(parametersOf(plainInterface("10.1.0.1", 24), plainInterface("10.2.0.1", 24)), [
      ...["netdev.ip=10.1.0.1/24::172.16.0.2::web:", "netdev.ip=10.2.0.1/24:::::"],
      ...[...TO_UPLINK, TO_INTERNET],
    ]);
  });

  it("lead to the user network from a part of its own subnet in which the gateway is not", () => {
    assert.deepEqual(parametersOf(plainInterface("172.16.5.5", 24)), [
      ...["netdev.ip=172.16.5.5/24::172.16.0.2::web:", ...TO_UPLINK, TO_INTERNET],
    ]);
    assert.deepEqual(parametersOf(plainInterface("172.20.0.5", 12)), [
      "netdev.ip=172.20.0.5/12:172.16.0.1:172.16.0.2::web:",
    ]);
  });

  it("lead to a router for everything, or for its routes only", () => {
    const inner = { ...plainInterface("10.1.0.5", 24), gateway: "10.1.0.1" };
    assert.deepEqual(parametersOf(inner).slice(1), [...TO_UPLINK, "netdev.route=0.0.0.0/0:10.1.0.1:0"]);
    const routed = { ...plainInterface("10.2.0.5", 24), gateway: "10.2.0.1", routes: ["10.3.0.0/24", "10.4.0.0/24"] };
    assert.deepEqual(parametersOf(plainInterface("172.16.0.16"), routed), [
      ...["netdev.ip=172.16.0.16/16::172.16.0.2::web:", "netdev.ip=10.2.0.5/24:::::"],
      ...["netdev.route=10.3.0.0/24:10.2.0.1:1", "netdev.route=10.4.0.0/24:10.2.0.1:1", TO_INTERNET],
    ]);
    const everything = { ...routed, routes: ["10.3.0.0/24", "0.0.0.0/0"] };
    assert.deepEqual(parametersOf(plainInterface("172.16.0.16"), everything).slice(2), [
      ...["netdev.route=10.3.0.0/24:10.2.0.1:1", "netdev.route=0.0.0.0/0:10.2.0.1:1"],
    ]);
  });
});
