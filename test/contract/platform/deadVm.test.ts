/** A VM that dies in the middle of a response, as curl and a plain socket see it, and one that ends its connections itself. */
import assert from "node:assert/strict";
import { once } from "node:events";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { VmSpec } from "../../../provider/platform/vmm/vmm";
import { FakeVmm } from "../../support/fakeVmm";
import { CURL_CUT_CODES, PORT_FORMS, PortForms } from "../../support/portForms";

/** A response that only the end of the connection completes. */
const PART = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\npart";

describe("a client in the middle of a response", () => {
  let folder: string;
  let vmm: FakeVmm;
  let ports: PortForms;
  let connections: net.Socket[];

  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "unikernel-dead-"));
    connections = [];
    vmm = new FakeVmm(folder, () => ({
      serve: (socket) => {
        connections.push(socket);
        socket.once("data", () => socket.write(PART)); // nothing stays unread: the system would close the connection with a FIN
      },
    }));
    const vm = await vmm.start({ uuid: "web" } as VmSpec);
    while (!(await vm.probePort(80, AbortSignal.timeout(5_000)))) await delay(1);
    ports = await PortForms.open(vm);
  });
  afterEach(() => {
    ports.close();
    vmm.endAll();
    fs.rmSync(folder, { recursive: true });
  });

  it("gets a reset when the VM dies, on every kind of port", async () => {
    for (const { form, code, body } of await ports.curlAll("/", () => vmm.end("web", { kind: "killed", detail: "" }))) {
      assert.equal(body, "part");
      assert.ok(CURL_CUT_CODES.includes(code), `${form}: curl ended with ${code}`);
    }
  });

  it("gets a reset when the instance is cut off, as by a suspend", async () => {
    const cut = (): void => Object.values(ports.ports).forEach(({ proxy }) => proxy.rotation.cutConnections("web"));
    for (const { form, code } of await ports.curlAll("/", cut))
      assert.ok(CURL_CUT_CODES.includes(code), `${form}: curl ended with ${code}`);
  });

  it("gets the end when the guest ends the connection", async () => {
    const results = await ports.curlAll("/", () => connections.forEach((socket) => socket.end()));
    assert.deepEqual(
      results,
      PORT_FORMS.map((form) => ({ form, body: "part", code: 0 })),
    );
  });

  it("gets a reset without HTTP, too, and the end within milliseconds when the guest ends it", async () => {
    const connect = async (): Promise<{ readonly ended: Promise<unknown> }> => {
      const socket = net.connect({ port: ports.ports.tcp.port, host: "127.0.0.1" });
      const end = once(socket, "end").then(() => "end");
      const error = once(socket, "error").then(([{ code }]) => code as string);
      error.catch(() => undefined);
      socket.write("\0not HTTP");
      await once(socket, "data");
      return { ended: Promise.race([end.catch(() => error), error]) };
    };
    const first = await connect();
    const beganMs = performance.now();
    connections[0]?.end();
    assert.equal(await first.ended, "end");
    assert.ok(performance.now() - beganMs < 100, `${performance.now() - beganMs} ms`);
    const second = await connect();
    vmm.end("web", { kind: "panicked", detail: "Kernel panic" });
    assert.equal(await second.ended, "ECONNRESET");
  });
});
