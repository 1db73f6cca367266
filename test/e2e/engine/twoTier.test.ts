/** A program with a web server and a database, which uses the database's private name as in the cloud. */
import assert from "node:assert/strict";
import { assertSucceeded } from "../../support/engine";
import { putGoGuest } from "../../support/goGuest";
import { LocalPlatform, eventually, freePort } from "../../support/localPlatform";
import { TestProject } from "../../support/project";

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
