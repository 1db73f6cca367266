/** The diagram of the state machine, against what an instance does. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { INSTANCE_STATES } from "../../../../../provider/contract/models";
import { exploreTransitions } from "../../../../support/instanceExplorer";
import type { Transition } from "../../../../support/instanceWorld";

const SOURCE = "provider/platform/instances/lifecycle/transitions.ts";

/** One transition as text. */
const show = ({
  from,
  to,
  cause,
  fromPaused,
  toPaused,
}: Record<"from" | "to" | "cause", string> & DrawnPauses): string =>
  `${from}${fromPaused ? " (paused)" : ""} -> ${to}${toPaused ? " (paused)" : ""}: ${cause}`;
type DrawnPauses = Pick<Transition, "fromPaused" | "toPaused">;

/** States and transitions of the first text block in the source file. */
function readDiagram() {
  const source = fs.readFileSync(path.join(__dirname, "../../../../..", SOURCE), "utf8");
  const block = /```text\n([^`]*)```/.exec(source)?.[1] ?? assert.fail(`no diagram in ${SOURCE}`);
  const [header = "", ...rows] = block
    .trimEnd()
    .split("\n")
    .slice(0, -1)
    .map((line) => line.slice(" * ".length));
  const columns = [...header.matchAll(/\S+/g)].map((match) => ({ state: match[0], at: match.index }));
  const left = columns[0]?.at ?? 0;
  const transitions = rows.flatMap((row) => {
    const heads = columns.filter(({ at }) => /[<>]/.test(row[at] ?? ""));
    const tails = columns.filter(({ at }) => /[op]/.test(row[at] ?? ""));
    const [head] = heads;
    if (head === undefined || heads.length > 1 || tails.length === 0) return assert.fail(`not one arrow: ${row}`);
    const inward = row[head.at] === ">" ? -1 : 1;
    for (const { state, at } of tails) {
      const line = row.slice(Math.min(at, head.at) + 1, Math.max(at, head.at));
      assert.ok(Math.sign(at - head.at) === inward && /^[-op]*$/.test(line), `${state} is not on the arrow: ${row}`);
    }
    const toPaused = row[head.at + inward] === "p";
    const causes = row.slice(0, left).trim().split(", ");
    return tails.flatMap(({ state, at }) =>
      causes.map((cause) => show({ from: state, to: head.state, cause, fromPaused: row[at] === "p", toPaused })),
    );
  });
  return { states: columns.map(({ state }) => state), transitions };
}

/** Each transition once; paused if it was whenever the transition was observed. */
function distinct(observed: readonly Transition[]): string[] {
  const merged = new Map<string, Transition>();
  for (const one of observed) {
    const key = [one.from, one.to, one.cause].join();
    const { fromPaused = true, toPaused = true } = merged.get(key) ?? {};
    merged.set(key, { ...one, fromPaused: fromPaused && one.fromPaused, toPaused: toPaused && one.toPaused });
  }
  return [...merged.values()].map(show);
}

describe("the diagram of an instance's states", () => {
  const { states, transitions } = readDiagram();

  it("has every state of the contract", () => {
    assert.deepEqual([...states].sort(), [...INSTANCE_STATES].sort());
  });

  it("draws each transition once", () => {
    assert.deepEqual(transitions.length, new Set(transitions).size);
  });

  it("draws the transitions that an instance makes, and no other", async function () {
    this.timeout(20_000);
    const explored = distinct(await exploreTransitions());
    assert.deepEqual([...transitions].sort(), explored.sort());
  });
});
