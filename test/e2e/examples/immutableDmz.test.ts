/** examples/immutable-dmz on real QEMU: a client sends 100 requests a second through the firewall while a rule changes. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { ExampleProject } from "../../support/exampleProject";
import { httpGet } from "../../support/loadGenerator";
import { freePort } from "../../support/freePorts";
import { eventually } from "../../support/localPlatform";

const PER_SECOND = 100;

/** What the client's program reports of its requests. */
interface Seen {
  readonly Sent: number;
  readonly Answered: number;
  readonly Failed: number;
  /** Requests on connections that were open before. */
  readonly Reused: number;
  readonly SlowestMs: number;
  /** Attempts to reach the blocked port, and how many did. */
  readonly Attempts: number;
  readonly Reached: number;
  readonly LastError: string;
}

describe("examples: immutable-dmz", function () {
  this.timeout(300_000);
  let example: ExampleProject;
  let port: number;

  before(async () => {
    port = await freePort();
    example = await ExampleProject.open("immutable-dmz", {
      edits: [
        ["index.ts", "ports: [{ port: 8080,", `ports: [{ port: ${port},`],
        ["host/Kraftfile", "./Dockerfile", "./rootfs"], // without Docker's registry, the program is compiled here
      ],
      ports: [port],
    });
    const cwd = path.join(example.project.folder, "host");
    const env = { ...process.env, PATH: `${process.env["PATH"]}:/usr/local/go/bin`, CGO_ENABLED: "0" };
    await promisify(execFile)("go", ["build", "-trimpath", "-ldflags=-s -w", "-o", "rootfs/host", "."], { cwd, env });
  });
  after(() => example.close());

  /** Asks the client's program. */
  async function ask(what: string, query: Readonly<Record<string, string>> = {}): Promise<string> {
    const { body } = await httpGet(`http://127.0.0.1:${port}/${what}?${new URLSearchParams(query).toString()}`);
    return body.trim();
  }
  const seen = async (): Promise<Seen> => JSON.parse(await ask("seen")) as Seen;
  const lookUp = (): Promise<string> => ask("lookup", { name: "www.dmz.example", server: "10.0.0.100:53" });
  const vms = async (): Promise<number> => (await example.platform.virtualMachines()).length;

  it("rejects rules that lock the administrator out", async () => {
    await example.apply({ edits: [["index.ts", "from: ADMIN, to", 'from: "192.168.100.51", to']] });
    await example.previewFails(
      /INPUT_INVALID: Firewall 'firewall': adminFrom: the default policy locks 192\.168\.100\.50\/32 out of port 8080/,
    );
    await example.apply({ edits: [["index.ts", 'from: "192.168.100.51", to', "from: ADMIN, to"]] });
  });

  it("lets through what the rules allow, and nothing else", async () => {
    await example.up();
    assert.equal(await vms(), 5);
    assert.equal(await ask("fetch", { url: "http://10.0.0.5/" }), "ok hello from the DMZ");
    assert.equal(await lookUp(), "ok [10.0.0.5]");
    assert.match(await ask("fetch", { url: "http://192.168.100.254:8080/" }), /^ok passed [1-9]\d*, denied \d+$/);
    assert.match(await ask("dial", { address: "10.0.0.5:8081" }), /^error .*i\/o timeout/);
    await example.secondUpIsEmpty();
  });

  it("changes a rule without losing a request, and a blocked port stays blocked throughout", async () => {
    const load = { url: "http://10.0.0.5/", perSecond: String(PER_SECOND), blocked: "10.0.0.5:8081" };
    await ask("start", load);
    await eventually("requests are answered", async () => (await seen()).Answered > PER_SECOND);
    const replaced = await example.change(
      { edits: [["index.ts", 'protocol: "udp", to: DNS', 'protocol: "udp", from: "192.168.100.0/28", to: DNS']] },
      ["create-replacement Instance firewall", "delete-replaced Instance firewall", "replace Instance firewall"],
    );
    assert.match(replaced.output, /takes over its addresses once it has run for 3 s/);
    await delay(1_000);
    const atEnd = await seen();
    await ask("stop");
    await eventually("every request has its answer", async () => {
      const { Sent, Answered, Failed } = await seen();
      return Sent === Answered + Failed;
    });
    const all = await seen();
    console.log(`      ${JSON.stringify(all)}`);
    assert.deepEqual([all.Failed, all.LastError, all.Reached], [0, "", 0]);
    assert.ok(all.Sent > 3 * PER_SECOND && all.Attempts > 20 && all.Reused > all.Sent / 2, JSON.stringify(all));
    assert.ok(atEnd.Answered > PER_SECOND);
    assert.equal(await vms(), 5);
    assert.match(await lookUp(), /^error /);
    assert.match(await ask("fetch", { url: "http://192.168.100.254:8080/" }), /^ok passed/);
  });

  it("is found as it is declared, and leaves nothing", async () => {
    await example.refreshFindsNothing();
    await example.destroyLeavesNothing();
  });
});
