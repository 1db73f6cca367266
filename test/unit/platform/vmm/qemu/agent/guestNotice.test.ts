import assert from "node:assert/strict";
import { GuestNotice, parseNoticeLine } from "../../../../../../provider/platform/vmm/qemu/agent/guestNotice";
import { TestClock } from "../../../../../support/testClock";

describe("the notice before standby", () => {
  let time: TestClock;
  let sent: string[];
  let guest: GuestNotice;
  beforeEach(() => {
    time = new TestClock();
    sent = [];
    guest = new GuestNotice({ send: (text) => sent.push(text), clock: time });
  });

  it("is not sent to a guest that has not said that it can give one", async () => {
    assert.equal(await guest.give(1_000), "no-agent");
    guest.receive("notified 1 yes");
    assert.equal(await guest.give(1_000), "no-agent");
    assert.deepEqual(sent, []);
  });

  it("is a line of its own, and what the guest says of the same notice is its result", async () => {
    guest.receive("notify\r");
    const first = guest.give(1_000);
    assert.deepEqual(sent, ["\nnotify 1 now\n"]);
    guest.receive("notified 2 no");
    guest.receive("notified 1 yes\r");
    assert.equal(await first, "taken");
    const second = guest.give(1_000);
    guest.receive("notified 1 yes"); // of the first
    guest.receive("notified 2 no");
    assert.equal(await second, "not-taken");
  });

  it("is not waited for any longer than that", async () => {
    guest.receive("notify");
    const given = guest.give(300);
    time.advance(300);
    assert.equal(await given, "no-answer");
    guest.receive("notified 1 yes"); // too late: nothing happens
  });

  it("is nothing that other lines speak of", () => {
    for (const line of [
      "",
      "exec",
      "notify now",
      "notify 1 now",
      "notified",
      "notified 1",
      "notified x yes",
      "notified 1 maybe",
    ])
      assert.equal(parseNoticeLine(line), undefined, line);
  });
});
