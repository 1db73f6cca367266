/** What a preview says, what an update does, and what exists afterwards, for arbitrary programs. `UNIKERNEL_TEST_UPDATES`: how many. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import nock from "nock";
import { UnikernelError } from "../../provider/base/errors";
import { AUTO_NAME_KEY } from "../../provider/definition/naming";
import { check } from "../../provider/definition/check";
import { metaOf, type Properties } from "../../provider/definition/resource";
import { diff } from "../../provider/definition/diff";
import { type ResourceDiff, diffResource } from "../../provider/pulumi/resourceDiff";
import { describeChanges } from "../../provider/pulumi/describeChanges";
import { inputsFromState } from "../../provider/pulumi/dynamic/state";
import { resourceOf } from "../../provider/resources/all";
import { type DeclaredResource, type ProgramKind, anyProgram } from "../support/anyProgram";
import { HEALTHY } from "../support/anyResource";
import { FOREIGN_SIZE_MB, InMemoryApi, type ApiCall } from "../support/inMemoryApi";
import { seededRandom } from "../support/seededRandom";
import { describeInstanceUpdate, describeServiceUpdate, describeUpdate } from "../support/describeCalls";

const PROGRAMS = Number(process.env["UNIKERNEL_TEST_UPDATES"] ?? 30_000);

/** The outcome of each resource of a program. */
const OUTCOMES = {
  invalid: "not accepted by check as they are made or changed",
  long: "left out since they take long",
  refused: "refused by the metro's facts",
  unchanged: "unchanged",
  replaced: "replaced, in the order and with the gap that the preview says",
  locked: "not replaced since they are locked against deletion",
  updated: "updated by the calls that the preview names, and no other",
} as const;
type Outcome = keyof typeof OUTCOMES;

const counts = Object.fromEntries(Object.keys(OUTCOMES).map((outcome) => [outcome, 0])) as Record<Outcome, number>;
/** Calls of the updates, and health checks of a service. */
let calls = 0;
let probes = 0;

const TOLD: Readonly<Record<ProgramKind, (calls: readonly ApiCall[]) => readonly string[]>> = {
  Instance: describeInstanceUpdate,
  Service: describeServiceUpdate,
  Volume: describeUpdate,
  Certificate: describeUpdate,
};

/** Parts of a sentence that calls cannot show: the size before, the limits of a rollout, and what happens if someone starts it. */
const withoutDetail = (step: string): string =>
  step
    .replace(/^grow from .* to /, "grow to ")
    .replace(/, with at most \d+ extra and \d+ missing at a time$/, "")
    .replace(/, restarting it if it runs by then$/, "");

/** Fields that differ between two creations of the same object: identity, times, and whether it runs. */
const OWN: readonly string[] = [
  "uuid",
  "name",
  "created_at",
  "state",
  "stop_reason",
  "hostname",
  "private_fqdn",
  "updates",
];

/** An item as the API reports it, with sorted lists and case-insensitive domains. */
function shown(item: object, more: readonly string[]): unknown {
  const told = JSON.stringify(item, (key, value: unknown) =>
    OWN.includes(key) || more.includes(key) ? undefined : value,
  );
  return JSON.parse(told, (key, value: unknown) =>
    key !== "args" && Array.isArray(value)
      ? value.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : key === "fqdn"
        ? String(value).toLowerCase()
        : value,
  );
}

const replicasOf = (world: InMemoryApi): unknown =>
  [...world.instances.values()].map((one) => JSON.stringify(shown(one, ["service_group", "services"]))).sort();

const itemsOf = (world: InMemoryApi, kind: ProgramKind): ReadonlyMap<string, object> =>
  ({ Instance: world.instances, Service: world.services, Volume: world.volumes, Certificate: world.certificates })[
    kind
  ];

/** Fields that keep the value of the server or an earlier program if this one omits them. */
const keptBy = (kind: ProgramKind, inputs: Properties): readonly string[] => [
  ...Object.entries(resourceOf(kind).inputs.shape)
    .filter(([key, schema]) => metaOf(schema as never)?.keptWhenAbsent === true && inputs[key] === undefined)
    .map(([key]) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
  // A released domain is gone; the metro generates one for a new service.
  ...(kind === "Service" && inputs["domains"] === undefined ? ["domains"] : []),
  // An address that is no longer chosen may stay.
  ...(kind === "Service" && (inputs["ports"] as Properties[]).some(({ ip }) => ip === undefined) ? ["ip"] : []),
];

/** Only the metro knows the size of a template or a copied volume: a smaller request is rejected at creation. */
const asksForLessThanItsOrigin = (kind: ProgramKind, { template, cloneFrom, sizeMb }: Properties): boolean =>
  kind === "Volume" && (template !== undefined || cloneFrom !== undefined) && Number(sizeMb) < FOREIGN_SIZE_MB;

async function assertRejected(kind: ProgramKind, { context }: InMemoryApi, inputs: Properties): Promise<void> {
  await assert.rejects(resourceOf(kind).create(context, inputs), ({ cause }: { cause: object }) =>
    UnikernelError.has(cause, "INPUT_INVALID"),
  );
}

/** A resource before its change. */
interface Made {
  readonly world: InMemoryApi;
  readonly id: string;
  /** As in state: outputs over inputs. */
  readonly state: Properties;
}

async function make({ kind }: DeclaredResource, inputs: Properties): Promise<Made> {
  const resource = resourceOf(kind);
  const world = new InMemoryApi();
  const { id, outputs } = await resource.create(world.context, inputs);
  const observed = await resource.read(world.context, id, inputs);
  assert.deepEqual(diff(resource, observed?.inputs ?? {}, inputs), [], "drift after the creation");
  return { world, id, state: { ...inputs, ...outputs } };
}

/** Asserts that it matches a fresh create. */
async function judgeResult({ kind }: DeclaredResource, { world, id }: Made, news: Properties, kept: readonly string[]) {
  const resource = resourceOf(kind);
  const now = await resource.read(world.context, id, news);
  assert.deepEqual(diff(resource, now?.inputs ?? {}, news), [], "drift after the change");
  const fresh = new InMemoryApi();
  const anew = await resource.create(fresh.context, news);
  assert.deepEqual(
    shown(itemsOf(world, kind).get(id) ?? {}, kept),
    shown(itemsOf(fresh, kind).get(anew.id) ?? {}, kept),
  );
  if (kind === "Service") assert.deepEqual(replicasOf(world), replicasOf(fresh));
}

const MAKES: readonly string[] = [
  "createInstance",
  "createService",
  "createVolume",
  "cloneVolumes",
  "createCertificate",
];
const DELETES: readonly string[] = ["deleteInstances", "deleteServices", "deleteVolumes", "deleteCertificates"];

/** Calls for the resource itself, not for the replicas of a service. */
const ownOrder = (kind: ProgramKind, made: readonly ApiCall[]): readonly string[] =>
  made
    .filter(({ route }) => route.includes(kind))
    .flatMap(({ route }) => (MAKES.includes(route) ? ["make"] : DELETES.includes(route) ? ["delete"] : []));

/** Replaces a resource as the engine does, in the order that the provider requests. */
async function judgeReplacement(declared: DeclaredResource, made: Made, decided: ResourceDiff): Promise<Outcome> {
  const { kind } = declared;
  const { world, id, state } = made;
  const resource = resourceOf(kind);
  const [sentence = "", ...others] = describeChanges(resource, decided);
  const isLocked = state["deleteLock"] === true;
  assert.deepEqual(
    others.map((one) => one.includes("is locked against deletion")),
    isLocked ? [true] : [],
    "nothing else is said of what is replaced",
  );
  // An automatic name is generated again for a replacement.
  const named = decided.news[AUTO_NAME_KEY] === true ? { name: `${String(decided.news["name"])}-next` } : {};
  const wanted = inputsFromState(resource, { ...decided.news, ...named });
  const olds = { inputs: inputsFromState(resource, state), outputs: state };
  const callsBefore = world.calls.length;
  const unmake = () => resource.delete(world.context, id, olds);
  if (isLocked) {
    await assert.rejects(unmake(), { code: "NOT_ALLOWED" });
    return "locked";
  }
  if (decided.deleteBeforeReplace) await unmake();
  if (asksForLessThanItsOrigin(kind, wanted)) {
    await assertRejected(kind, world, wanted);
    return "refused";
  }
  const { id: next } = await resource.create(world.context, wanted);
  if (!decided.deleteBeforeReplace) await unmake();
  const order = ownOrder(kind, world.calls.slice(callsBefore));
  assert.deepEqual(order, sentence.includes("will be deleted and recreated") ? ["delete", "make"] : ["make", "delete"]);
  assert.equal(await resource.read(world.context, id, olds.inputs), undefined, "the old one is gone");
  await judgeResult(declared, { world, id: next, state }, wanted, []);
  return "replaced";
}

async function judgeUpdate(declared: DeclaredResource, made: Made, after: Properties): Promise<Outcome> {
  const { kind } = declared;
  const { world, id, state } = made;
  const resource = resourceOf(kind);
  const had = inputsFromState(resource, state);
  const foretold = resource.describeUpdate?.(had, after, state) ?? [];
  const callsBefore = world.calls.length;
  const olds = { inputs: had, outputs: state };
  if (kind === "Volume" && Number(after["sizeMb"]) < Number(had["sizeMb"])) {
    await assert.rejects(resource.update(world.context, id, olds, after), { code: "INPUT_INVALID" });
    assert.deepEqual(world.calls.slice(callsBefore), []);
    return "refused";
  }
  const updated = await resource.update(world.context, id, olds, after);
  const changed = world.calls.slice(callsBefore);
  assert.deepEqual(foretold.map(withoutDetail), TOLD[kind](changed), JSON.stringify(changed));
  calls += changed.length;

  const callsThen = world.calls.length;
  if (kind !== "Certificate") await resource.update(world.context, id, { inputs: after, outputs: updated }, after);
  assert.deepEqual(world.calls.slice(callsThen), [], "an update to what is there changes nothing");
  await judgeResult(declared, made, after, keptBy(kind, after));
  return "updated";
}

/** Longest `stableForMs` to run: a rollout checks its instances every 200 ms for this long. */
const MAX_STABLE_MS = 1_000;
/** More instances than that are slow even in memory. */
const MAX_SCALED = 20;

/** A slow rollout, one without health responses, or autoscale with a large minimum. */
function takesLong(inputs: Properties): boolean {
  const { rollout, autoscale } = inputs as {
    rollout?: { stableForMs?: number; health?: { match: object } };
    autoscale?: { minSize?: number };
  };
  const { match = {} } = rollout?.health ?? {};
  return (
    (rollout?.stableForMs ?? 0) > MAX_STABLE_MS ||
    !(Object.keys(match).length === 0 || isDeepStrictEqual(match, HEALTHY)) ||
    (autoscale?.minSize ?? 0) > MAX_SCALED
  );
}

async function judge(declared: DeclaredResource, isNamed: boolean): Promise<Outcome> {
  const { kind } = declared;
  const resource = resourceOf(kind);
  const before = await check(resource, {}, declared.before);
  if (before.failures.length > 0) return "invalid";
  const after = await check(resource, before.inputs, declared.after);
  if (after.failures.length > 0) return "invalid";
  if (takesLong(before.inputs) || takesLong(after.inputs)) return "long";
  if (asksForLessThanItsOrigin(kind, before.inputs)) {
    await assertRejected(kind, new InMemoryApi(), before.inputs);
    return "refused";
  }
  const made = await make(declared, before.inputs);
  const own = isNamed ? {} : { [AUTO_NAME_KEY]: true };
  const [olds, news] = [
    { ...made.state, ...own },
    { ...after.inputs, ...own },
  ];
  const decided = diffResource(resource, { label: kind, olds, news, movesMetro: false });
  if (decided.changes.length === 0) return "unchanged";
  return decided.changes.some(({ replace }) => replace)
    ? judgeReplacement(declared, made, decided)
    : judgeUpdate(declared, made, after.inputs);
}

describe("the update of a random program", function () {
  this.timeout(Math.max(300_000, PROGRAMS * 30));

  /** Every service responds as healthy, wherever it is. */
  before(() => {
    const answer = () => {
      probes += 1;
      return { status: "pass" };
    };
    nock(/^https?:/)
      .persist()
      .get(/^/)
      .reply(200, answer);
  });
  after(() => nock.cleanAll());

  it("is described in the order of its calls, whatever happens between two PATCHes", () => {
    const patch = (prop: string): ApiCall => ({ route: "patchInstances", body: { prop } });
    const start: ApiCall = { route: "startInstances", body: {} };
    assert.deepEqual(describeInstanceUpdate([patch("memory_mb"), patch("env"), start, patch("tags")]), [
      "change memoryMb and env in place",
      "start it",
      "change tags in place",
    ]);
  });

  it("makes the calls of its preview and matches a fresh create", async () => {
    await fc.assert(
      fc.asyncProperty(anyProgram, async ({ resources, seed }) => {
        const choose = seededRandom(seed);
        for (const declared of resources) counts[await judge(declared, choose() < 0.5)] += 1;
      }),
      { numRuns: PROGRAMS },
    );
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const outcomes = Object.entries(OUTCOMES).map(([outcome, what]) => `${counts[outcome as Outcome]} ${what}`);
    console.log(
      `      ${PROGRAMS} programs, ${all} resources: ${outcomes.join("; ")} (${calls} calls; ${probes} questions for health)`,
    );
  });
});
