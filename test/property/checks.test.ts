/** Check and diff of arbitrary programs. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { check } from "../../provider/definition/check";
import type { Properties } from "../../provider/definition/resource";
import { diff } from "../../provider/definition/diff";
import { UNKNOWN } from "../../provider/definition/unknowns";
import { diffResource } from "../../provider/pulumi/resourceDiff";
import { describeChanges } from "../../provider/pulumi/describeChanges";
import { resourceOf } from "../../provider/resources/all";
import { type DeclaredResource, anyProgram } from "../support/anyProgram";
import { type WritingStyle, withUnknowns, rewriteEquivalently } from "../support/equivalentInputs";
import { RUNS } from "../support/propertyRuns";
import { type RandomSource, seededRandom } from "../support/seededRandom";

const STYLES: readonly WritingStyle[] = [
  { isShuffled: true, omitsDefaults: false, writesNulls: false },
  { isShuffled: true, omitsDefaults: true, writesNulls: false },
  { isShuffled: false, omitsDefaults: true, writesNulls: true },
];

/** Counts for the note at the end. */
const counts = { resources: 0, accepted: 0, rejected: 0, partlyUnknown: 0, rewritten: 0, sentences: 0 };

/** Accepted inputs with their defaults; `undefined` for rejected ones. */
async function accepted(
  { kind }: DeclaredResource,
  olds: Properties,
  raw: Properties,
): Promise<Properties | undefined> {
  const { inputs, failures } = await check(resourceOf(kind), olds, raw);
  return failures.length === 0 ? inputs : undefined;
}

/** Unknown values count as zero: with them, no quota usage exceeds that of the known inputs. */
function assertQuotaUsage(declared: DeclaredResource, partlyUnknown: Properties, inputs: Properties): void {
  const { quotaUsage: quotaUsage } = resourceOf(declared.kind);
  const known = quotaUsage?.(inputs) ?? {};
  for (const [quota, amount] of Object.entries(quotaUsage?.(partlyUnknown) ?? {}))
    assert.ok(amount <= (known[quota] ?? 0), `${quota} of ${JSON.stringify(partlyUnknown)}`);
}

/** Partly unknown inputs are accepted, and imply no change that the known ones do not imply. */
async function assertUnknownsDecideNothing(
  declared: DeclaredResource,
  olds: Properties,
  raw: Properties,
  inputs: Properties,
  choose: RandomSource,
): Promise<void> {
  const resource = resourceOf(declared.kind);
  const partlyUnknown = withUnknowns(raw, choose, choose() < 0.5 ? 0.05 : 0.4) as Properties;
  const checked = await check(resource, olds, partlyUnknown);
  assert.deepEqual(checked.failures, [], `rejected: ${JSON.stringify(partlyUnknown)}`);
  for (const change of diff(resource, inputs, checked.inputs))
    assert.deepEqual(
      [change.replace, change.certain],
      [false, false],
      `${change.property} of ${JSON.stringify(partlyUnknown)}`,
    );
  const certainChanges = new Map(diff(resource, olds, inputs).map((change) => [change.property, change]));
  for (const change of diff(resource, olds, checked.inputs)) {
    if (change.certain)
      assert.ok(certainChanges.get(change.property)?.certain, `${change.property} of ${JSON.stringify(partlyUnknown)}`);
    if (change.replace)
      assert.ok(certainChanges.get(change.property)?.replace, `${change.property} of ${JSON.stringify(partlyUnknown)}`);
  }
  assertQuotaUsage(declared, checked.inputs, inputs);
  if (Object.keys(olds).length > 0) assertSentences(declared, olds, checked.inputs);
  counts.partlyUnknown += 1;
}

/** A preview describes an update in valid text, whatever is unknown and whether or not the instance runs. */
function assertSentences({ kind }: DeclaredResource, olds: Properties, news: Properties): void {
  const resource = resourceOf(kind);
  for (const state of ["running", "stopped"]) {
    const decided = diffResource(resource, { label: kind, olds: { ...olds, state }, news, movesMetro: false });
    const sentences = describeChanges(resource, decided);
    assert.equal(sentences.length > 0, decided.changes.length > 0, JSON.stringify([olds, news]));
    for (const sentence of sentences) {
      for (const noWord of [UNKNOWN, "undefined", "native code", "[object", "NaN"])
        assert.ok(!sentence.includes(noWord), `${sentence} ${JSON.stringify([olds, news])}`);
      counts.sentences += 1;
    }
  }
}

/** Every notation has the same meaning. */
async function assertNotationsAreEqual(
  declared: DeclaredResource,
  olds: Properties,
  inputs: Properties,
  choose: RandomSource,
): Promise<void> {
  const resource = resourceOf(declared.kind);
  assert.deepEqual(diff(resource, inputs, JSON.parse(JSON.stringify(inputs)) as Properties), []);
  assert.deepEqual(await accepted(declared, olds, inputs), inputs, "checked twice is checked once");
  const style = STYLES[Math.floor(choose() * STYLES.length)];
  if (style === undefined) return;
  const written = rewriteEquivalently(resource.inputs, inputs, style, choose) as Properties;
  const again = await check(resource, olds, written);
  assert.deepEqual(again.failures, [], JSON.stringify(written));
  for (const [from, to] of [
    [inputs, again.inputs],
    [again.inputs, inputs],
  ] as const)
    assert.deepEqual(diff(resource, from, to), [], JSON.stringify(written));
  counts.rewritten += 1;
}

/** Tests the first or the later inputs, as the generator decides. */
async function assertResource(declared: DeclaredResource, choose: RandomSource): Promise<void> {
  counts.resources += 1;
  const first = await accepted(declared, {}, declared.before);
  const isLater = first !== undefined && choose() < 0.5;
  const [olds, raw] = isLater ? [first, declared.after] : [{}, declared.before];
  const inputs = isLater ? await accepted(declared, olds, raw) : first;
  counts[inputs === undefined ? "rejected" : "accepted"] += 1;
  if (inputs === undefined) return;
  await assertUnknownsDecideNothing(declared, olds, raw, inputs, choose);
  await assertNotationsAreEqual(declared, olds, inputs, choose);
}

describe("the inputs of a random program", function () {
  this.timeout(Math.max(300_000, RUNS.numRuns * 30));

  it("are never rejected or replaced for unknown values, and mean the same in every notation", async () => {
    await fc.assert(
      fc.asyncProperty(anyProgram, async ({ resources, seed }) => {
        const choose = seededRandom(seed);
        for (const declared of resources) await assertResource(declared, choose);
      }),
      RUNS,
    );
    const { resources, accepted, rejected, partlyUnknown, rewritten, sentences } = counts;
    console.log(
      `      ${RUNS.numRuns} programs: ${resources} resources, inputs accepted ${accepted} times and rejected ${rejected} times; ` +
        `of the accepted ones, all ${partlyUnknown} with unknown parts and all ${rewritten} in another notation were accepted again; ` +
        `${sentences} sentences about partly unknown updates`,
    );
  });
});
