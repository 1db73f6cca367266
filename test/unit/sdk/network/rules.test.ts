import assert from "node:assert/strict";
import { formatSubnet, subnetOf } from "../../../../sdk/network/addresses";
import { renderRules } from "../../../../sdk/network/rules";

describe("an IPv4 subnet", () => {
  it("is read from an address with or without a prefix length", () => {
    assert.deepEqual(subnetOf("10.0.0.5"), { first: 0x0a000005, last: 0x0a000005 });
    assert.deepEqual(subnetOf("10.0.0.5/24"), { first: 0x0a000000, last: 0x0a0000ff });
    assert.deepEqual(subnetOf("255.255.255.255/0"), { first: 0, last: 0xffffffff });
    for (const text of ["", "10.0.0", "10.0.0.256", "10.0.0.5/33", "010.0.0.5", "10.0.0.5/", "fd00::1", " 10.0.0.5"])
      assert.equal(subnetOf(text), undefined, text);
  });

  it("is written with its first address", () => {
    assert.equal(formatSubnet({ first: 0xc0a86400, last: 0xc0a8640f }), "192.168.100.0/28");
    assert.equal(formatSubnet({ first: 0, last: 0xffffffff }), "0.0.0.0/0");
  });
});

describe("the rules of a firewall", () => {
  it("are one line that ends with the default policy", () => {
    assert.equal(
      renderRules(
        [
          { action: "deny", protocol: "icmp", from: "192.168.100.77" },
          { action: "allow", protocol: "tcp", to: "10.0.0.5", port: 80 },
          { action: "allow", protocol: "udp", from: "192.168.100.9/24", port: [6000, 6010] },
          { action: "allow", from: "10.0.0.0/24" },
        ],
        "deny",
      ),
      "deny icmp 192.168.100.77/32 0.0.0.0/0 0-65535;" +
        "allow tcp 0.0.0.0/0 10.0.0.5/32 80-80;" +
        "allow udp 192.168.100.0/24 0.0.0.0/0 6000-6010;" +
        "allow any 10.0.0.0/24 0.0.0.0/0 0-65535;" +
        "deny any 0.0.0.0/0 0.0.0.0/0 0-65535",
    );
    assert.equal(renderRules([], "allow"), "allow any 0.0.0.0/0 0.0.0.0/0 0-65535");
  });
});
