import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { UnikernelError } from "../../../../provider/base/errors";
import { parseStackExport, toStackResources } from "../../../../provider/cli/topology/stackExport";
import { drawTopology, topology } from "../../../../provider/cli/topology/topology";
import { CLUSTER, DMZ, SHOP, secret } from "./stacks";

const invalid = (message: RegExp) => (error: unknown) =>
  UnikernelError.has(error, "INPUT_INVALID") && message.test(String((error as Error).message));

const inFile = async <T>(text: string, use: (file: string) => Promise<T>): Promise<T> => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-topology-"));
  try {
    const file = path.join(folder, "export.json");
    await fs.writeFile(file, text);
    return await use(file);
  } finally {
    await fs.rm(folder, { recursive: true });
  }
};

describe("unikernel topology", () => {
  it("draws an export", async () => {
    const text = JSON.stringify({ version: 3, deployment: { resources: SHOP } });
    const svg = await inFile(text, (file) => topology([file]));
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" /);
    assert.match(svg, /<title id="title">Topology of shop<\/title>/);
    for (const shown of ["3 replicas", "443 tls, http → 8080", "/data read-only", "prefers-color-scheme: dark"])
      assert.ok(svg.includes(shown), shown);
  });

  it("draws the same picture in whatever order the resources are", () => {
    for (const stack of [SHOP, DMZ, CLUSTER])
      assert.equal(drawTopology(toStackResources(stack.toReversed())), drawTopology(toStackResources(stack)));
  });

  it("shows no secret, as ciphertext or in clear, also where a plain value is expected", () => {
    const clear = { ...secret(), plaintext: '"s3cret"', value: "s3cret" };
    const urn = "urn:pulumi:dev::shop::pulumi-nodejs:dynamic/unikernel:Instance::i";
    const inputs = {
      ...{
        image: clear,
        memoryMb: clear,
        volumes: clear,
        serviceGroup: clear,
        networkInterfaces: [{ network: clear }],
      },
      ...{ scaleToZero: { policy: clear }, env: { KEY: "s3cret" }, args: ["s3cret"] },
    };
    const type = "pulumi-nodejs:dynamic/unikernel:Instance";
    const svg = drawTopology(toStackResources([...SHOP, { urn, type, inputs, outputs: inputs }]));
    assert.ok(!svg.includes("s3cret") && !svg.includes("djE6c2VjcmV0"));
  });

  it("shows no output in clear whose input is secret, nor an input whose output is", () => {
    const type = "kubernetes:apps/v1:Deployment";
    const urn = `urn:pulumi:dev::shop::${type}::named`;
    const draw = (inputs: Readonly<Record<string, unknown>>, outputs: Readonly<Record<string, unknown>>): string =>
      drawTopology(toStackResources([{ urn, type, inputs, outputs }]));
    const [hidden, clear] = [{ name: secret() }, { name: "s3cret" }];
    for (const [input, output] of [
      [hidden, clear],
      [secret(), clear],
      [clear, hidden],
      [clear, secret()],
      [hidden, secret()],
    ]) {
      assert.ok(!draw({ metadata: input }, { metadata: output }).includes("s3cret"));
      assert.ok(draw({ metadata: input }, { metadata: output }).includes(">named<"));
    }
    const host = (value: unknown) => ({ spec: { rules: [{ host: "open" }, { host: value }] } });
    const ingress = {
      urn: "urn:pulumi:dev::shop::kubernetes:networking.k8s.io/v1:Ingress::i",
      type: "kubernetes:networking.k8s.io/v1:Ingress",
    };
    const svg = drawTopology(toStackResources([{ ...ingress, inputs: host(secret()), outputs: host("s3cret") }]));
    assert.ok(svg.includes(">open<") && !svg.includes("s3cret"));
    const kept = { spec: { replicas: 2, template: { spec: { runtimeClassName: "urunc", token: secret() } } } };
    assert.match(draw(kept, { spec: secret() }), /runtime class urunc/);
  });

  it("draws a card for a workload without replicas", () => {
    const type = "kubernetes:apps/v1:Deployment";
    const spec = { replicas: 0 };
    const svg = drawTopology(toStackResources([{ urn: `urn:pulumi:dev::shop::${type}::d`, type, inputs: { spec } }]));
    assert.equal(svg.match(/<rect class="card workload"/g)?.length, 1);
  });

  it("draws thousands of resources within seconds", function () {
    this.timeout(10_000);
    const type = "pulumi-nodejs:dynamic/unikernel:Instance";
    const urnOf = (name: string): string => `urn:pulumi:dev::shop::${type}::${name}`;
    const instances = Array.from({ length: 4000 }, (_, index) => {
      return { urn: urnOf(`i${index}`), type, propertyDependencies: { env: [urnOf(`i${index ^ 1}`)] } };
    });
    assert.equal(drawTopology(toStackResources(instances)).match(/<rect class="card workload"/g)?.length, 4000);
  });

  it("escapes names, and shortens long ones", () => {
    const type = "pulumi-nodejs:dynamic/unikernel:Volume";
    const urn = `urn:pulumi:dev::shop::${type}::<b>&"\u0007${"x".repeat(50)}`;
    const svg = drawTopology(toStackResources([{ urn, type }]));
    assert.ok(svg.includes(">&lt;b&gt;&amp;&quot; xxxxxxxxxxxxxxxxxxxxxxxxxxx…<"), svg);
  });

  it("draws an empty stack, which the engine exports without a list", () => {
    assert.match(drawTopology(parseStackExport('{"deployment":{}}', "x")), /Topology of an empty stack/);
  });

  it("rejects anything else in one sentence", async () => {
    for (const [text, message] of [
      ["", /is not what 'pulumi stack export' prints: it is empty\.$/],
      ["<svg>", /it is not JSON\.$/],
      ["3", /it is not an object\.$/],
      ['{"version":1,"deployment":{"latest":{"resources":[]}}}', /it differs at 'version'\.$/],
      ['{"config":{}}', /it differs at 'deployment'\.$/],
      ['{"deployment":{"resources":[{"urn":"x"}]}}', /it differs at 'deployment\.resources\.0\.urn'\.$/],
    ] as const)
      await assert.rejects(
        inFile(text, (file) => topology([file])),
        invalid(message),
      );
    await assert.rejects(topology(["a.json", "b.json"]), invalid(/takes one export of a stack, got 2/));
  });
});
