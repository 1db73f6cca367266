import assert from "node:assert/strict";
import {
  findUnaccepted,
  parseForwards,
  parseUsernet,
} from "../../../../../../provider/platform/vmm/qemu/network/usernet";

describe("QEMU's list of connections", () => {
  // from QEMU 7.2.22, `info usernet`
  const text = [
    "Hub -1 (n0):\r",
    "  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r",
    "  TCP[ESTABLISHED]   19       127.0.0.1 45615       10.0.2.15    80     0     0\r",
    "  TCP[SYN_SENT]      17       127.0.0.1 45615       10.0.2.15    80     0     0\r",
    "  TCP[HOST_FORWARD]  14       127.0.0.1 45615       10.0.2.15    80     0     0\r",
    "  UDP[236 sec]       23       10.0.2.15 50123        10.0.2.3    53     0     0\r",
    "",
  ].join("\n");

  it("is parsed into forwards and connections with their states", () => {
    assert.deepEqual(parseForwards(text), [{ state: "HOST_FORWARD", fd: 14, hostPort: 45615, guestPort: 80 }]);
    assert.deepEqual(
      parseUsernet(text).map((line) => line.state),
      ["ESTABLISHED", "SYN_SENT", "HOST_FORWARD"],
    );
    assert.deepEqual(
      findUnaccepted(parseUsernet(text)).map(({ fd }) => fd),
      [17],
    );
    assert.deepEqual(parseUsernet("Hub -1 (n0):\r\n"), []);
  });
});
