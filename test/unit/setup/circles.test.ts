/** Which modules load which, as they were compiled: imports of types alone are gone there. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

const dist = path.resolve("dist");

/** The modules that each module loads, by the path of its file. */
function loads(): ReadonlyMap<string, readonly string[]> {
  const files = fs
    .readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".js"))
    .map((entry) => path.join(entry.parentPath, entry.name));
  return new Map(
    files.map((file) => {
      const named = [...fs.readFileSync(file, "utf8").matchAll(/\brequire\("(\.[^"]*)"\)/g)];
      return [file, named.map(([, name = ""]) => require.resolve(path.resolve(path.dirname(file), name)))];
    }),
  );
}

/** The first circle found, as the modules on it; `undefined` when there is none. */
function circleIn(graph: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const isDone = new Set<string>();
  const from = (module: string, trail: readonly string[]): readonly string[] | undefined => {
    if (trail.includes(module)) return [...trail.slice(trail.indexOf(module)), module];
    if (isDone.has(module)) return undefined;
    for (const next of graph.get(module) ?? []) {
      const circle = from(next, [...trail, module]);
      if (circle !== undefined) return circle;
    }
    isDone.add(module);
    return undefined;
  };
  for (const module of graph.keys()) {
    const circle = from(module, []);
    if (circle !== undefined) return circle.map((one) => path.relative(dist, one));
  }
  return undefined;
}

describe("the modules of the library", () => {
  it("never load each other in a circle", () => {
    const graph = loads();
    assert.ok([...graph.values()].flat().length > graph.size, "they load each other at all");
    assert.equal(circleIn(graph), undefined);
  });

  it("would be caught in one", () => {
    const graph = new Map([
      [path.join(dist, "a.js"), [path.join(dist, "b.js")]],
      [path.join(dist, "b.js"), [path.join(dist, "c.js")]],
      [path.join(dist, "c.js"), [path.join(dist, "b.js")]],
    ]);
    assert.deepEqual(circleIn(graph), ["b.js", "c.js", "b.js"]);
  });
});
