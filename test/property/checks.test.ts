/** Check and diff of arbitrary programs. `UNIKERNEL_TEST_PROGRAMS`: how many. */
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
import { type RandomSource, seededRandom } from "../support/seededRandom";

const PROGRAMS = Number(process.env["UNIKERNEL_TEST_PROGRAMS"] ?? 30_000);

const STYLES: readonly WritingStyle[] = [
  { isShuffled: true, omitsDefaults: false, writesNulls: false },
  { isShuffled: true, omitsDefaults: true, writesNulls: false },
  { isShuffled: false, omitsDefaults: true, writesNulls: true },
];

/** Counts of everything found. */
const counts = { resources: 0, accepted: 0, refused: 0, blurred: 0, rewritten: 0, sentences: 0 };

/** Accepted inputs with their defaults; `undefined` for rejected ones. */
async function accepted(
  { kind }: DeclaredResource,
  olds: Properties,
  raw: Properties,
): Promise<Properties | undefined> {
  const { inputs, failures } = await check(resourceOf(kind), olds, raw);
  return failures.length === 0 ? inputs : undefined;
}

/** Unknown values count nothing: they exceed no quota that the known ones do not exceed. */
function judgeDemands(declared: DeclaredResource, hazy: Properties, inputs: Properties): void {
  const { quotaUsage: demands } = resourceOf(declared.kind);
  const known = demands?.(inputs) ?? {};
  for (const [quota, taken] of Object.entries(demands?.(hazy) ?? {}))
    assert.ok(taken <= (known[quota] ?? 0), `${quota} of ${JSON.stringify(hazy)}`);
}

/** Partly unknown inputs are accepted, and decide nothing that the known ones do not. */
async function judgeBlurred(
  declared: DeclaredResource,
  olds: Properties,
  raw: Properties,
  inputs: Properties,
  choose: RandomSource,
): Promise<void> {
  const resource = resourceOf(declared.kind);
  const hazy = withUnknowns(raw, choose, choose() < 0.5 ? 0.05 : 0.4) as Properties;
  const checked = await check(resource, olds, hazy);
  assert.deepEqual(checked.failures, [], `refused: ${JSON.stringify(hazy)}`);
  for (const change of diff(resource, inputs, checked.inputs))
    assert.deepEqual([change.replace, change.certain], [false, false], `${change.property} of ${JSON.stringify(hazy)}`);
  const sure = new Map(diff(resource, olds, inputs).map((change) => [change.property, change]));
  for (const change of diff(resource, olds, checked.inputs)) {
    if (change.certain) assert.ok(sure.get(change.property)?.certain, `${change.property} of ${JSON.stringify(hazy)}`);
    if (change.replace) assert.ok(sure.get(change.property)?.replace, `${change.property} of ${JSON.stringify(hazy)}`);
  }
  judgeDemands(declared, checked.inputs, inputs);
  if (Object.keys(olds).length > 0) judgeSentences(declared, olds, checked.inputs);
  counts.blurred += 1;
}

/** A preview describes an update as far as it is known, whatever is unknown and whether or not the instance runs, in valid text. */
function judgeSentences({ kind }: DeclaredResource, olds: Properties, news: Properties): void {
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

/** Every notation means the same. */
async function judgeRewritten(
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

/** Checks the first or the later inputs, by choice of the generator. */
async function judge(declared: DeclaredResource, choose: RandomSource): Promise<void> {
  counts.resources += 1;
  const first = await accepted(declared, {}, declared.before);
  const isLater = first !== undefined && choose() < 0.5;
  const [olds, raw] = isLater ? [first, declared.after] : [{}, declared.before];
  const inputs = isLater ? await accepted(declared, olds, raw) : first;
  counts[inputs === undefined ? "refused" : "accepted"] += 1;
  if (inputs === undefined) return;
  await judgeBlurred(declared, olds, raw, inputs, choose);
  await judgeRewritten(declared, olds, inputs, choose);
}

describe("the inputs of a random program", function () {
  this.timeout(Math.max(300_000, PROGRAMS * 30));

  it("are never rejected or replaced for unknown values, and mean the same in every notation", async () => {
    await fc.assert(
      fc.asyncProperty(anyProgram, async ({ resources, seed }) => {
        const choose = seededRandom(seed);
        for (const declared of resources) await judge(declared, choose);
      }),
      { numRuns: PROGRAMS },
    );
    const { resources, accepted, refused, blurred, rewritten, sentences } = counts;
    console.log(
      `      ${PROGRAMS} programs: ${resources} resources, inputs accepted ${accepted} times and refused ${refused} times; ` +
        `of the accepted, all ${blurred} that were made partly unknown and all ${rewritten} that were written otherwise were accepted again; ` +
        `${sentences} sentences about updates to what is partly unknown`,
    );
  });
});
