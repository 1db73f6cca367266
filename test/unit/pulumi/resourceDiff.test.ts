/** Paths of the option `replaceOnChanges` that lead nowhere. */
import assert from "node:assert/strict";
import { REPLACE_ON_CHANGES_KEY } from "../../../provider/definition/internalKeys";
import { describeDeadPaths } from "../../../provider/pulumi/resourceDiff";
import { type ResourceKind, resourceOf } from "../../../provider/resources/all";

const deadPaths = (kind: ResourceKind, ...paths: readonly string[]): readonly string[] =>
  describeDeadPaths(resourceOf(kind), { [REPLACE_ON_CHANGES_KEY]: paths });

describe("a path of replaceOnChanges", () => {
  it("that no value can have is told, with the part that ends it", () => {
    const sentence = (path: string, parent: string, member: string): string =>
      `replaceOnChanges: '${path}' has no effect: '${parent}' has no member '${member}'.`;
    assert.deepEqual(deadPaths("Instance", "tags[0].foo", "tags.foo", "memoryMb.value", "volumes[*].att", "env.A.B"), [
      sentence("tags[0].foo", "tags[0]", "foo"),
      sentence("tags.foo", "tags", "foo"),
      sentence("memoryMb.value", "memoryMb", "value"),
      sentence("volumes[*].att", "volumes[*]", "att"),
      sentence("env.A.B", "env.A", "B"),
    ]);
    assert.deepEqual(deadPaths("Service", "template.memoryMB", "rollout.gate.match.x.y.z"), [
      sentence("template.memoryMB", "template", "memoryMB"),
      sentence("rollout.gate.match.x.y.z", "rollout.gate.match.x", "y"),
    ]);
  });

  it("that some value can have is not", () => {
    const ofInstance = [
      "image",
      "env",
      'env["A.B"]',
      "tags[*]",
      "volumes[0].at",
      "scaleToZero.policy",
      "*",
      "*.policy",
    ];
    assert.deepEqual(deadPaths("Instance", ...ofInstance, "plugins[0].config.any.thing[3]", "url", "unknown.x"), []);
    assert.deepEqual(deadPaths("Service", "template.env.A", "ports[0].port", "template.volumes[*].volume"), []);
    assert.deepEqual(deadPaths("GatewayImage", 'files["/etc/x"]', 'files["/etc/x"].mode', "files.*.mode"), []);
  });
});
