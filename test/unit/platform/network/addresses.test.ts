import assert from "node:assert/strict";
import { allocateAddresses, DEFAULT_NETWORK } from "../../../../provider/platform/network/addresses";
import { formatMac, macOfGuest } from "../../../../provider/platform/network/hardwareAddress";
import { formatIpv4, parseIpv4 } from "../../../../provider/base/ipv4";

const small = { ...DEFAULT_NETWORK, subnet: { address: parseIpv4("10.1.0.0"), prefixLength: 27 } };

describe("addresses of the private network", () => {
  it("begin after the reserved ones and continue after the last one in use", () => {
    assert.deepEqual(allocateAddresses(DEFAULT_NETWORK, [], 2), ["172.16.0.16", "172.16.0.17"]);
    assert.deepEqual(allocateAddresses(DEFAULT_NETWORK, ["172.16.0.255"], 1), ["172.16.1.0"]);
    assert.deepEqual(allocateAddresses(DEFAULT_NETWORK, ["172.16.0.16", "172.16.0.20"], 1), ["172.16.0.21"]);
  });

  it("are used again at the end of the network, until it is full", () => {
    assert.deepEqual(allocateAddresses(small, ["10.1.0.30", "10.1.0.16"], 1), ["10.1.0.17"]);
    const all = allocateAddresses(small, [], 100);
    assert.deepEqual([all.length, all[0], all.at(-1)], [15, "10.1.0.16", "10.1.0.30"]);
    assert.deepEqual(allocateAddresses(small, all, 1), []);
  });

  it("have a hardware address of their own", () => {
    const mac = (ip: string): string => formatMac(macOfGuest(parseIpv4(ip)));
    assert.deepEqual(
      [mac("172.16.1.2"), mac("10.1.1.2"), mac("10.16.1.2")],
      ["52:54:00:10:01:02", "52:54:0a:01:01:02", "52:54:0a:10:01:02"],
    );
    assert.equal(formatIpv4(parseIpv4("255.254.1.0")), "255.254.1.0");
  });
});
