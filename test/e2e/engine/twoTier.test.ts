/**
 * A program with a web server and a database, which uses the database's private name: the same file on metro `local` with real QEMU, and in
 * the cloud, whose documented responses stand for it.
 */
import assert from "node:assert/strict";
import { requestViolations } from "../../support/documentedRequests";
import { assertSucceeded } from "../../support/engine";
import { type ReceivedRequest, startFakeApi } from "../../support/fakeApi";
import { putGoGuest } from "../../support/goGuest";
import { freePort } from "../../support/freePorts";
import { LocalPlatform, eventually } from "../../support/localPlatform";
import { TestProject } from "../../support/project";
import { recordedCloud } from "../../support/recordedCloud";

describe("a program of two tiers", function () {
  this.timeout(300_000);
  let platform: LocalPlatform;
  let project: TestProject;

  before(async () => {
    platform = await LocalPlatform.open();
    await putGoGuest({ guest: "prober", repository: "prober" });
    project = await TestProject.copy("test/fixtures/projects/twoTier");
  });
  after(async () => {
    await project.remove();
    await platform.close();
  });

  it("runs on metro local as it is: the web server reaches the database by its private name", async () => {
    const port = await freePort();
    const stack = project.stack({ "two-tier:image": "prober:latest", "two-tier:port": String(port) });
    const { outputs } = assertSucceeded(await stack.up());
    const [name, fqdn, ip] = [outputs["databaseName"], outputs["privateFqdn"], outputs["privateIp"]].map(String);
    assert.equal(fqdn, `${name}.internal`);
    assert.match(ip ?? "", /^172\.16\.\d+\.\d+$/);
    const ask = async (): Promise<string> =>
      (await (await fetch(`http://127.0.0.1:${port}/database`, { headers: { connection: "close" } })).text()).trim();
    await eventually("the database answers", async () => (await ask()) === `ok ${name}`);
    assertSucceeded(await stack.destroy());
    assert.deepEqual(await platform.virtualMachines(), []);
  });
});

describe("a program of two tiers in the cloud", function () {
  this.timeout(300_000);
  let project: TestProject;
  before(async () => (project = await TestProject.copy("test/fixtures/projects/twoTier")));
  after(() => project.remove());

  it("runs as it is: the requests are those of its documentation, with the private name in them", async () => {
    await using api = await startFakeApi(recordedCloud());
    const image = "acme/prober:1";
    const stack = project.stack({
      "unikernel:metro": api.url,
      "unikernel:token": { secret: "t" },
      "two-tier:image": image,
      "two-tier:port": "9443",
    });
    const { outputs } = assertSucceeded(await stack.up());
    const name = String(outputs["databaseName"]);
    assert.deepEqual(
      [outputs["privateFqdn"], outputs["privateIp"], outputs["url"]],
      [`${name}.internal`, "10.0.4.17", "http://calm-river-x7k2p9qa.fra.unikraft.app:9443"],
    );
    const sentOnUp = api.requests.length;
    assertSucceeded(await stack.up({ expectNoChanges: true }));
    assert.equal(api.requests.length, sentOnUp, "nothing is asked if nothing changed");
    assertSucceeded(await stack.refresh({ expectNoChanges: true }));
    assertSucceeded(await stack.destroy());
    assert.deepEqual(api.requests.flatMap(requestViolations), []);
    const creates = api.requests.filter(({ method, url }) => method === "POST" && url === "/v1/instances");
    const [database, web] = creates.map(withoutTags);
    const common = { image, memory_mb: 192, autostart: true };
    assert.deepEqual(database, { name, ...common });
    assert.deepEqual(web, {
      name: web?.name,
      ...common,
      env: { DATABASE: `${name}.internal:9000` },
      service_group: { services: [{ port: 9443, destination_port: 8080 }] },
    });
  });
});

/** The body of a create, without the mark of its resource. */
function withoutTags({ body }: ReceivedRequest): Record<string, unknown> & { readonly name: string } {
  const { tags: _tags, ...rest } = body as Record<string, unknown> & { readonly name: string };
  return rest;
}
