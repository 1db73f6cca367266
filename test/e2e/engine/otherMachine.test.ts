/** State of metro `local` that another machine holds: an `up` fails instead of creating everything again. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { type OperationName, assertSucceeded } from "../../support/engine";
import { LocalPlatform } from "../../support/localPlatform";
import { TestProject } from "../../support/project";

describe("a stack of another machine's local platform", function () {
  this.timeout(300_000);
  let there: LocalPlatform;
  let here: LocalPlatform;
  let project: TestProject;
  const stack = () => project.stack({});
  before(async () => {
    there = await LocalPlatform.open();
    project = await TestProject.copy("test/fixtures/projects/badInput");
    await project.write(
      "index.ts",
      'import * as unikernel from "pulumi-unikernel";\nnew unikernel.Volume("data", { sizeMb: 8 });',
    );
    assertSucceeded(await stack().up());
    here = await LocalPlatform.open();
  });
  after(async () => {
    process.env["UNIKERNEL_STATE_DIR"] = there.folder;
    await there.close();
    process.env["UNIKERNEL_STATE_DIR"] = here.folder;
    await here.close();
    await project.remove();
  });

  for (const operation of ["preview", "up", "refresh", "destroy"] as const satisfies readonly OperationName[]) {
    it(`fails each ${operation} with the way out, and changes nothing`, async () => {
      const before = await project.readStoredState();
      const result = await stack()[operation]();
      assert.equal(result.succeeded, false);
      assert.match(
        result.output,
        /CONFIG_INVALID: Volume 'data' is on the local platform '[0-9a-f-]{36}', but this machine has none\. Run Pulumi on the machine that has it/,
      );
      assert.equal(await here.daemonPid(), undefined, "no local platform is started");
      assert.equal(resourcesIn(await project.readStoredState()), resourcesIn(before));
    });
  }

  it("starts afresh after 'pulumi state delete', as the message says", async () => {
    const { engine } = stack();
    execFileSync(engine.pulumi, ["state", "delete", "--all", "--yes", "--stack", "test"], {
      cwd: project.folder,
      env: {
        ...process.env,
        PULUMI_BACKEND_URL: `file://${project.folder}`,
        PULUMI_HOME: `${project.folder}/.pulumi/home`,
        PULUMI_CONFIG_PASSPHRASE: "unikernel",
      },
      stdio: "pipe",
    });
    assertSucceeded(await stack().up());
    assert.equal((await here.client.getVolumes({})).items.length, 1);
    assertSucceeded(await stack().destroy());
    await here.assertNothingLeft();
  });
});

/** Ids of the resources in a stored state. */
function resourcesIn(state: string): string {
  const { checkpoint } = JSON.parse(state) as { checkpoint: { latest: { resources: { urn: string; id?: string }[] } } };
  return JSON.stringify(checkpoint.latest.resources.map(({ urn, id }) => [urn, id]));
}
