import assert from "node:assert/strict";
import { GuestClock } from "../../../../../../provider/platform/vmm/qemu/agent/guestClock";
import { TestClock } from "../../../../../support/testClock";

describe("the clock of a guest", () => {
  let time: TestClock;
  let monotonicMs: number;
  let sent: string[];
  let guest: GuestClock;
  beforeEach(() => {
    time = new TestClock();
    monotonicMs = 0;
    sent = [];
    guest = new GuestClock({ send: (text) => sent.push(text), clock: time, monotonicMs: () => monotonicMs });
  });

  const pass = (ms: number): void => {
    monotonicMs += ms;
    time.advance(ms);
  };
  const timeOf = (text: string | undefined): string => /^\n?clock (\d+) now\n$/.exec(text ?? "")?.[1] ?? "";
  /** The guest has followed the newest command. */
  const answer = (): void => guest.receive(`clock-set ${timeOf(sent.at(-1))}`);

  it("gets the host's time when it asks for it", async () => {
    assert.equal(guest.isSettable, false);
    guest.receive("clock");
    assert.equal(guest.isSettable, true);
    assert.ok(Math.abs(Number(BigInt(timeOf(sent[0])) / 1_000_000n) - time.now()) < 100);
    assert.ok(!sent[0]?.startsWith("\n")); // it reads one line
    const settled = guest.settled();
    pass(5);
    answer();
    assert.equal(await settled, true);
    assert.equal(await guest.settled(), true);
    assert.equal(sent.length, 1);
  });

  it("gets one answer, however often it asks", () => {
    for (let times = 0; times < 1000; times++) guest.receive("clock");
    assert.equal(sent.length, 1);
  });

  it("begins a command on a new line, since an earlier one may have been cut off", async () => {
    const set = guest.set();
    assert.match(sent[0] ?? "", /^\nclock /);
    answer();
    assert.equal(await set, true);
  });

  it("is set again while the guest is slow, to the time at which it will probably follow", async () => {
    const set = guest.set();
    for (const ms of [60, 52, 40]) {
      pass(ms);
      answer();
    }
    assert.equal(await set, true);
    const [first = 0, second = 0, third = 0, ...more] = sent.map((text) => Number(BigInt(timeOf(text)) / 1_000_000n));
    assert.deepEqual(more, []);
    for (const ms of [second - first, third - first - 52]) assert.ok(ms >= 60 + 25 && ms < 60 + 25 + 50, `${ms} ms`);
  });

  it("stays as it is when the guest is slow ten times", async () => {
    const set = guest.set();
    for (let attempt = 0; attempt < 10; attempt++) {
      pass(51);
      answer();
    }
    assert.equal(await set, false);
    assert.equal(sent.length, 10);
  });

  it("holds nobody up when the guest hangs, and is set again once it follows the old command", async () => {
    const set = guest.set();
    pass(400);
    let ended = false;
    void set.then(() => (ended = true));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(ended, false);
    pass(100);
    assert.equal(await set, false);
    pass(3000);
    answer(); // with a time that is three seconds old by now
    assert.equal(sent.length, 2);
    pass(3);
    answer();
    assert.equal(await guest.settled(), true);
  });

  it("ignores answers to earlier commands", async () => {
    void guest.set();
    const earlier = timeOf(sent[0]);
    pass(10_000);
    const set = guest.set();
    guest.receive(`clock-set ${earlier}`);
    guest.receive("clock-set 1");
    assert.equal(sent.length, 2);
    answer();
    assert.equal(await set, true);
  });

  it("knows by what the guest wrote earlier that it can be set, and answers no old question", () => {
    guest.receiveEarlier("started");
    assert.equal(guest.isSettable, false);
    guest.receiveEarlier("clock");
    assert.equal(guest.isSettable, true);
    assert.deepEqual(sent, []);
  });
});
