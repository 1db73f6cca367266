import assert from "node:assert/strict";
import { GuestIdentity } from "../../../../../../provider/platform/vmm/qemu/agent/guestIdentity";
import {
  encodeIdentityCommand,
  parseIdentityLine,
} from "../../../../../../provider/platform/vmm/qemu/agent/identityProtocol";
import { DEFAULT_NETWORK, vmNetworkOf } from "../../../../../../provider/platform/network/addresses";
import { TestClock } from "../../../../../support/testClock";
import { plainInterface, plainNetwork } from "../../../../../support/vmNetwork";

const SEED = Buffer.alloc(32, 0xab);
const spec = { network: plainNetwork("172.16.0.9"), hostname: "clone" };

describe("the identity of a guest", () => {
  let time: TestClock;
  let sent: string[];
  let guest: GuestIdentity;
  beforeEach(() => {
    time = new TestClock();
    sent = [];
    guest = new GuestIdentity({ send: (text) => sent.push(text), clock: time });
  });

  it("can be set once the guest has said so", () => {
    assert.equal(guest.isSettable, false);
    guest.receive("identity-set 1");
    guest.receive("identity x");
    assert.equal(guest.isSettable, false);
    guest.receive("identity\r");
    assert.equal(guest.isSettable, true);
  });

  it("is set by a line of its own, with a seed that is new each time, until the guest confirms it", async () => {
    const first = guest.set(spec);
    assert.match(
      sent[0] ?? "",
      /^\nidentity 1 [0-9a-f]{64} clone card=52:54:00:10:00:09,172\.16\.0\.9,255\.255\.0\.0 route=0\.0\.0\.0\/0,172\.16\.0\.1,0 now\n$/,
    );
    guest.receive("identity-set 7");
    guest.receive("identity-set 1\r");
    assert.equal(await first, true);
    const second = guest.set(spec);
    guest.receive("identity-set 2");
    assert.equal(await second, true);
    const seeds = sent.map((line) => line.split(" ")[2]);
    assert.notEqual(seeds[0], seeds[1]);
  });

  it("is not set if the guest does not confirm it in time", async () => {
    const set = guest.set(spec);
    time.advance(5_000);
    assert.equal(await set, false);
  });

  it("has the addresses of all cards, each after its hardware address, and the routes, but no name server", () => {
    const cards = [
      plainInterface("172.16.0.9"),
      { ...plainInterface("10.1.0.3", 24), gateway: "10.1.0.1", routes: ["10.2.0.0/24"] },
    ];
    const network = vmNetworkOf(DEFAULT_NETWORK, cards);
    const words = encodeIdentityCommand(3, SEED, { network, hostname: "clone" }).trim().split(" ");
    assert.deepEqual(words, [
      ...["identity", "3", "ab".repeat(32), "clone"],
      ...["card=52:54:00:10:00:09,172.16.0.9,255.255.0.0", "card=52:54:0a:01:00:03,10.1.0.3,255.255.255.0"],
      ...["route=10.2.0.0/24,10.1.0.1,1", "route=0.0.0.0/0,172.16.0.1,0", "now"],
    ]);
  });

  it("does not exceed what the guest's port takes in one line", () => {
    const routes = Array.from({ length: 200 }, (_, index) => `10.2.${index}.0/24`);
    const network = vmNetworkOf(DEFAULT_NETWORK, [{ ...plainInterface("172.16.0.9"), gateway: "172.16.0.8", routes }]);
    assert.throws(() => encodeIdentityCommand(1, SEED, { network, hostname: "clone" }), /more routes/);
  });

  it("is nothing that other lines speak of", () => {
    for (const line of ["", "clock", "identity-set", "identity-set x", "identity-set 1 2", "started"])
      assert.equal(parseIdentityLine(line), undefined, line);
  });
});
