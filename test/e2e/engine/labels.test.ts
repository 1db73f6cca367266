/** The labels of an image that the same program builds, as defaults of what runs it. */
import assert from "node:assert/strict";
import { type OperationResult, type Stack, assertSucceeded, changingSteps } from "../../support/engine";
import { freePort } from "../../support/freePorts";
import { LocalPlatform } from "../../support/localPlatform";
import { httpGet } from "../../support/loadGenerator";
import { TestProject } from "../../support/project";

const PREFIX = "cloud.unikraft.v1.instances/scale_to_zero.";

/** Nothing sleeps during the test: an hour, and a day. */
const COOLDOWN_MS = 3_600_000;
const OTHER_COOLDOWN_MS = 86_400_000;

const kraftfile = (labels: Readonly<Record<string, string>>): string =>
  [
    "spec: v0.6",
    "runtime: linux:latest",
    "rootfs: ./rootfs",
    'cmd: ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/www"]',
    "labels:",
    ...Object.entries(labels).map(([name, value]) => `  ${PREFIX}${name}: "${value}"`),
    "",
  ].join("\n");

interface Settings {
  readonly web?: string;
  readonly solo?: string;
}

const program = ([webPort, soloPort]: readonly number[], { web = "", solo = "" }: Settings = {}): string => `
import * as unikernel from "pulumi-unikernel";
const image = new unikernel.GatewayImage("site", { context: "./site" });
const web = new unikernel.Service("web", {
  ports: [{ port: ${webPort ?? 0}, destinationPort: 8080 }],
  template: { image: image.ref, ${web} },
  rollout: { stableForMs: 200 },
});
const solo = new unikernel.Instance("solo", {
  image: image.ref,
  serviceGroup: { ports: [{ port: ${soloPort ?? 0}, destinationPort: 8080 }] },
  stableForMs: 0,
  ${solo}
});
export const url = web.url;
export const defaults = [web.imageDefaults, solo.imageDefaults];
`;

const messagesOf = ({ diagnostics }: OperationResult, text: string): readonly string[] =>
  diagnostics.map(({ message }) => message.trim()).filter((message) => message.includes(text));

describe("the labels of an image, with the real engine", function () {
  this.timeout(300_000);
  let platform: LocalPlatform;
  let project: TestProject;
  let stack: Stack;
  let ports: readonly number[];

  before(async () => {
    platform = await LocalPlatform.open();
    project = await TestProject.copy("examples/quickstart");
    ports = [await freePort(), await freePort()];
    await project.write("index.ts", program(ports));
    await project.write(
      "site/Kraftfile",
      kraftfile({ policy: "on", stateful: "yes", cooldown_time_ms: String(COOLDOWN_MS) }),
    );
    await project.write("site/rootfs/www/index.html", "first");
    stack = project.stack({});
  });
  after(async () => {
    await project.remove();
    await platform.close();
  });

  /** Name, policy and cooldown time of each instance in the metro, by name. */
  async function running(): Promise<readonly unknown[]> {
    const { items } = await platform.client.getInstances({});
    return items
      .map(({ name = "", scale_to_zero: settings }) => {
        const { policy, cooldown_time_ms: cooldownMs } = settings ?? { policy: undefined };
        return [name.split("-")[0], policy, policy === "off" ? undefined : cooldownMs];
      })
      .sort();
  }

  it("are no matter of a preview before the image exists", async () => {
    const result = assertSucceeded(await stack.preview());
    // The Kraftfile's own check has warned of its label.
    const ofWorkloads = messagesOf(result, "label").filter((one) => !one.includes("Kraftfile"));
    assert.deepEqual(ofWorkloads, []);
  });

  it("are defaults of Instance and Service, and an invalid one is a warning", async () => {
    const result = assertSucceeded(await stack.up());
    assert.deepEqual(await httpGet(`http://127.0.0.1:${ports[0]}/`), { status: 200, body: "first" });
    assert.deepEqual(await running(), [
      ["solo", "on", COOLDOWN_MS],
      ["web", "on", COOLDOWN_MS],
    ]);
    const scaleToZero = { policy: "on", cooldownTimeMs: COOLDOWN_MS };
    assert.deepEqual(result.outputs["defaults"], [{ scaleToZero }, { scaleToZero }]);
    const invalid = `the image's label '${PREFIX}stateful' must be 'true' or 'false', not 'yes'; it sets no default.`;
    assert.deepEqual(
      messagesOf(result, `${PREFIX}stateful' must`)
        .filter((one) => !one.includes("Kraftfile"))
        .sort(),
      [`Instance 'solo': ${invalid}`, `Service 'web': ${invalid}`],
    );
  });

  it("are no change afterwards, and no drift", async () => {
    for (const operation of ["refresh", "up"] as const)
      assert.deepEqual(changingSteps(assertSucceeded(await stack[operation]({ expectNoChanges: true }))), []);
    const state = JSON.parse(await project.readStoredState()) as {
      checkpoint: { latest: { resources: { type: string; inputs?: { scaleToZero?: unknown } }[] } };
    };
    const solo = state.checkpoint.latest.resources.find(({ type }) => type.endsWith(":Instance"));
    assert.equal(solo?.inputs?.scaleToZero, undefined);
  });

  it("give way to the program, as a preview says", async () => {
    const off = `scaleToZero: { policy: "off" },`;
    await project.write("index.ts", program(ports, { web: off, solo: off }));
    const preview = assertSucceeded(await stack.preview());
    assert.deepEqual(messagesOf(preview, "overrides").toSorted(), [
      `Instance 'solo': scaleToZero.policy 'off' overrides 'on' from the image's label '${PREFIX}policy'.`,
      `Service 'web': template.scaleToZero.policy 'off' overrides 'on' from the image's label '${PREFIX}policy'.`,
    ]);
    assertSucceeded(await stack.up());
    assert.deepEqual(await running(), [
      ["solo", "off", undefined],
      ["web", "off", undefined],
    ]);
  });

  it("count again without its settings, and are those of the new image after a roll", async () => {
    await project.write("index.ts", program(ports));
    await project.write("site/Kraftfile", kraftfile({ policy: "idle", cooldown_time_ms: String(OTHER_COOLDOWN_MS) }));
    assertSucceeded(await stack.up());
    assert.deepEqual(await running(), [
      ["solo", "idle", OTHER_COOLDOWN_MS],
      ["web", "idle", OTHER_COOLDOWN_MS],
    ]);
    assert.deepEqual(changingSteps(assertSucceeded(await stack.up({ expectNoChanges: true }))), []);
  });

  it("go with what was created", async () => {
    assertSucceeded(await stack.destroy());
    assert.deepEqual(await running(), []);
  });
});
