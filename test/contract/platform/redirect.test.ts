/** The proxy's response on a port with the handler `redirect`, on ports that any user may open. */
import assert from "node:assert/strict";
import * as http from "node:http";
import * as net from "node:net";
import type { ServiceProxy } from "../../../provider/platform/proxy/serviceProxy";
import { freePort } from "../../support/freePorts";
import { isListening } from "../../support/localPlatform";
import { ANY_NAME, newServiceProxy } from "../../support/publishing";
import { sendHttp } from "../../support/testPlatform";

describe("a port that redirects", () => {
  let proxy: ServiceProxy;
  let port: number;
  beforeEach(async () => {
    proxy = newServiceProxy();
    port = await freePort();
    await proxy.publish([{ port, destinationPort: 8443, isHttp: true, mode: "redirect" }], ANY_NAME);
  });
  afterEach(() => proxy.close());

  it("responds without an instance and closes the connection", async () => {
    const agent = new http.Agent({ keepAlive: true });
    const url = `http://127.0.0.1:${port}/x?y`;
    const got = await sendHttp(url, "GET", {}, undefined, agent);
    assert.deepEqual([got.status, got.headers.location], [301, "https://127.0.0.1:8443/x?y"]);
    assert.equal(got.headers.connection, "close");
    const posted = await sendHttp(url, "POST", { "content-type": "text/plain" }, "body", agent);
    assert.deepEqual([posted.status, posted.headers.location], [308, "https://127.0.0.1:8443/x?y"]);
    agent.destroy();
  });

  it("closes a connection that is not HTTP", async () => {
    const socket = net.connect(port, "127.0.0.1").on("error", () => undefined);
    socket.end("\x16\x03\x01 not http\r\n\r\n");
    socket.resume();
    await new Promise((resolve) => socket.once("close", resolve));
  });

  it("forwards to instances as soon as the handler is removed", async () => {
    await proxy.publish([{ port, destinationPort: 80, isHttp: true, mode: "plain" }], ANY_NAME);
    assert.equal((await sendHttp(`http://127.0.0.1:${port}/`, "GET", {})).status, 503);
    assert.equal(await isListening(port), true);
  });

  it("closes silent connections when the service is deleted", async () => {
    const socket = net.connect(port, "127.0.0.1").on("error", () => undefined);
    await new Promise((resolve) => socket.once("connect", resolve));
    proxy.close();
    await new Promise((resolve) => socket.once("close", resolve));
  });
});
