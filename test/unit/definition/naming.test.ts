import assert from "node:assert/strict";
import {
  AUTO_NAME_KEY,
  DNS_NAME_PATTERN,
  MAX_DNS_NAME_LENGTH,
  MAX_NAME_ORDINAL,
  deriveName,
  reusesName,
  withAutoName,
} from "../../../provider/definition/naming";
import { migrate } from "../../../provider/definition/migrate";
import { formatPath } from "../../../provider/definition/propertyPath";
import { closestMatch } from "../../../provider/base/spelling";
import * as z from "zod";

describe("a derived name", () => {
  it("is made of the resource's name and its identity, and kept for its lifetime", () => {
    const first = withAutoName("My Redis_1", {}, {}, "0123456789");
    assert.equal(first["name"], "my-redis-1-0123456");
    assert.deepEqual(withAutoName("My Redis_1", {}, {}, "0123456789"), first, "the same in a preview and in an update");
    assert.deepEqual(withAutoName("My Redis_1", first, {}, "ffffffff"), first);
  });

  it("keeps the random one of an earlier release", () => {
    const old = { name: "redis-fedcba9", [AUTO_NAME_KEY]: true };
    assert.deepEqual(withAutoName("redis", old, {}, "0123456"), old);
  });

  it("has a number where the first choice is taken", () => {
    assert.deepEqual(
      [1, 2, 3, MAX_NAME_ORDINAL].map((ordinal) => deriveName("web", "0123456789", ordinal)),
      ["web-0123456", "web-0123456-2", "web-0123456-3", "web-0123456-999"],
    );
  });

  it("yields to an explicit name and replaces an earlier explicit one", () => {
    assert.equal(withAutoName("redis", { name: "redis-0123456" }, { name: "cache" }, "aaaaaaa")["name"], "cache");
    assert.equal(withAutoName("redis", { name: "cache" }, {}, "aaaaaaa")["name"], "redis-aaaaaaa");
  });

  it("stays if the resource is renamed in the program, also on later runs", () => {
    const first = withAutoName("old", {}, {}, "0123456");
    const second = withAutoName("new", first, {}, "aaaaaaa");
    assert.deepEqual(withAutoName("new", second, {}, "bbbbbbb"), first);
  });

  it("is available for a replacement, while an explicit name must be released first", () => {
    const auto = withAutoName("web", {}, {}, "0123456");
    assert.equal(reusesName(auto, withAutoName("web", auto, {}, "aaaaaaa")), false);
    assert.equal(reusesName({ name: "web-0123456" }, withAutoName("web", {}, { name: "web-0123456" }, "")), true);
    assert.equal(reusesName({ name: "web" }, { name: "other" }), false);
  });

  it("is a valid DNS label for any resource name and number", () => {
    for (const resourceName of ["", "---", "Ünï cödé", "x".repeat(200), "a.b/c"]) {
      for (const ordinal of [1, 2, MAX_NAME_ORDINAL]) {
        const name = deriveName(resourceName, "0123456", ordinal);
        assert.match(name, DNS_NAME_PATTERN);
        assert.ok(name.length <= MAX_DNS_NAME_LENGTH, name);
      }
    }
  });
});

describe("a state migration", () => {
  const definition = {
    kind: "K",
    description: "",
    inputs: z.object({}),
    outputs: z.object({}),
    migrations: [
      ({ old, ...rest }: Readonly<Record<string, unknown>>) => ({ ...rest, renamed: old }),
      (state: Readonly<Record<string, unknown>>) => ({ ...state, added: true }),
    ],
  };

  it("runs from the version in state to the current one", () => {
    assert.deepEqual(migrate(definition, { old: 1 }), { renamed: 1, added: true });
    assert.deepEqual(migrate(definition, { __version: 2, renamed: 1 }), { __version: 2, renamed: 1, added: true });
  });

  it("leaves a current or newer state unchanged", () => {
    assert.deepEqual(migrate(definition, { __version: 3, x: 1 }), { __version: 3, x: 1 });
    assert.deepEqual(migrate(definition, { __version: 9, x: 1 }), { __version: 9, x: 1 });
  });
});

describe("the helpers for messages", () => {
  it("write paths as Pulumi does", () => {
    assert.equal(formatPath(["ports", 0, "port"]), "ports[0].port");
    assert.equal(formatPath(["env", "A.B"]), 'env["A.B"]');
  });

  it("suggest the nearest known word, or nothing if none is close", () => {
    assert.equal(closestMatch("rootf", ["rootfs", "roms", "runtime"]), "rootfs");
    assert.equal(closestMatch("memorymb", ["memoryMb", "name"]), "memoryMb");
    assert.equal(closestMatch("zzzzzz", ["memoryMb", "name"]), undefined);
  });
});
