import assert from "node:assert/strict";
import { UnikernelError } from "../../../provider/base/errors";
import { UNKNOWN } from "../../../provider/definition/unknowns";
import type { NameHolder } from "../../../provider/definition/resource";
import { type NameLookup, type NamedResource, NameChecker } from "../../../provider/pulumi/nameChecker";

const HASH = "0123456789abcdef";
const unnamed = (more: Partial<NamedResource> = {}): NamedResource => ({
  kind: "Instance",
  label: "Instance 'web'",
  urn: "urn:web",
  isNew: true,
  derivedFrom: { resourceName: "web", resourceHash: HASH },
  name: "web-0123456",
  adopt: false,
  metro: "fra",
  ...more,
});
const named = (more: Partial<NamedResource> = {}): NamedResource =>
  unnamed({ derivedFrom: undefined, name: "web", ...more });

/** A metro with objects: name → whose. */
function metroWith(holders: Readonly<Record<string, NameHolder | "gone">>) {
  const asked: string[] = [];
  const lookup: NameLookup = {
    find: (kind, names) => {
      asked.push(`${kind} ${names.join(" ")}`);
      return Promise.resolve(new Map(names.filter((name) => name in holders).map((name) => [name, name])));
    },
    inspect: (id) => Promise.resolve(holders[id] === "gone" ? undefined : (holders[id] as NameHolder)),
  };
  return { asked, lookup };
}

describe("the names of a plan", () => {
  let checker: NameChecker;
  let announced: string[];
  beforeEach(() => {
    announced = [];
    checker = new NameChecker({
      inform: (sentences) => announced.push(...sentences),
      warn: (sentences) => announced.push(...sentences.map((sentence) => `Warning: ${sentence}`)),
    });
  });
  const check = (resource: NamedResource, holders: Readonly<Record<string, NameHolder | "gone">> = {}) =>
    checker.check(resource, metroWith(holders).lookup);

  it("are the first choice where nobody has it", async () => {
    assert.deepEqual(await check(unnamed()), { name: "web-0123456", failures: [] });
    assert.deepEqual(await check(unnamed(), { "web-0123456": "gone" }), { name: "web-0123456", failures: [] });
    assert.deepEqual(announced, []);
  });

  it("take the next number after a stranger's object", async () => {
    const holders = { "web-0123456": "foreign", "web-0123456-2": "unmarked" } as const;
    assert.equal((await check(unnamed(), holders)).name, "web-0123456-3");
    assert.deepEqual(announced, []);
  });

  it("report no object that state records, even if the engine replaces it without asking for a diff", async () => {
    const holders = { "web-0123456": "finished", "web-0123456-2": "finished", web: "finished" } as const;
    for (const name of ["web-0123456", "web"]) checker.expectRecorded("Instance", name, "urn:web");
    assert.equal((await check(unnamed(), holders)).name, "web-0123456-3");
    assert.equal(announced.length, 1);
    assert.match(announced.join(), /'web-0123456-2' exists and was made for this resource, so/);
    await check(named(), holders);
    assert.equal(announced.length, 1);
  });

  it("take the next number after one's own finished object, and name the command that deletes it", async () => {
    assert.equal((await check(unnamed(), { "web-0123456": "finished" })).name, "web-0123456-2");
    assert.deepEqual(announced, [
      "Instance 'web': 'web-0123456' exists and was made for this resource, so a new one gets another name: do nothing if this update replaces it, or if another stack of this name manages it. If a killed update left it, delete it: npx unikernel delete instance web-0123456 --metro fra",
    ]);
  });

  it("name one's own finished object behind a name that has come free: it may hold what the new one needs", async () => {
    assert.equal((await check(unnamed(), { "web-0123456-2": "finished" })).name, "web-0123456");
    assert.deepEqual(announced, [
      "Instance 'web': 'web-0123456-2' exists and was made for this resource: do nothing if this update replaces it, or if another stack of this name manages it. If a killed update left it, delete it: npx unikernel delete instance web-0123456-2 --metro fra",
    ]);
  });

  it("stay with one's own unfinished object, also behind a finished one", async () => {
    assert.equal((await check(unnamed(), { "web-0123456": "unfinished" })).name, "web-0123456");
    const holders = { "web-0123456": "finished", "web-0123456-2": "unfinished" } as const;
    assert.equal((await check(unnamed({ urn: "urn:2" }), holders)).name, "web-0123456-2");
    assert.match(announced[0] ?? "", /^Instance 'web': continues with 'web-0123456', which an earlier update left/);
  });

  it("stay with one's own unfinished object although its predecessor's name has come free", async () => {
    assert.equal((await check(unnamed(), { "web-0123456-2": "unfinished" })).name, "web-0123456-2");
  });

  it("go beyond the first nine", async () => {
    const taken = Array.from({ length: 11 }, (_, index) => [
      `web-0123456${index === 0 ? "" : `-${index + 1}`}`,
      "foreign",
    ]);
    assert.equal((await check(unnamed(), Object.fromEntries(taken) as never)).name, "web-0123456-12");
  });

  it("tell what a killed replacement of a deleted resource left, if no other resource has it", async () => {
    const source = { resourceName: "web", resourceHash: HASH };
    const { asked, lookup } = metroWith({
      "web-0123456": "unfinished",
      "web-0123456-2": "unfinished",
      "web-0123456-3": "finished",
      "web-0123456-4": "foreign",
      "web-0123456-5": "unfinished",
    });
    checker.expectReplacement("Instance", "web-0123456", "urn:web");
    await checker.check(unnamed({ isNew: false, name: "web-0123456-5" }), lookup);
    assert.deepEqual(await checker.findLeftovers("Instance", source, lookup), ["web-0123456-2"]);
    asked.length = 0;
    for (const kind of ["Service", "Certificate", "GatewayImage"]) {
      assert.deepEqual(await checker.findLeftovers(kind, source, lookup), []);
    }
    assert.deepEqual(await checker.findLeftovers("Volume", undefined, lookup), [], "of a given name");
    assert.deepEqual(asked, []);
    const lost: NameLookup = { ...lookup, find: () => Promise.reject(new UnikernelError("API_UNREACHABLE", "Lost.")) };
    assert.deepEqual(await checker.findLeftovers("Volume", source, lost), []);
  });

  it("tell what a killed replacement left in the way of the next, and how to delete what it had finished", async () => {
    const holders = {
      "web-0123456-2": "unfinished",
      "web-0123456-3": "finished",
      "web-0123456-4": "foreign",
      "web-0123456-5": "gone",
    } as const;
    const { asked, lookup } = metroWith({ "web-0123456": "finished", ...holders });
    const resource = unnamed({ kind: "Service", label: "Service 'web'", isNew: false });
    await checker.check(resource, lookup);
    assert.deepEqual(asked, [], "nothing is looked up before it is created");
    assert.deepEqual(await checker.findUnrecorded(resource, lookup), ["web-0123456-2"]);
    assert.deepEqual(announced, [
      "Service 'web': 'web-0123456-3' exists and was made for this resource by an earlier update, which was killed before it was recorded. Delete it: npx unikernel delete service web-0123456-3 --metro fra --with-instances --managed",
    ]);
    assert.deepEqual(await checker.findUnrecorded(unnamed({ kind: "Certificate" }), lookup), []);
    assert.deepEqual(await checker.findUnrecorded(named(), lookup), [], "of a given name");
  });

  it("are looked up with few requests", async () => {
    const { asked, lookup } = metroWith({ "web-0123456": "foreign", "web-0123456-2": "foreign" });
    await checker.check(unnamed(), lookup);
    const numbered = Array.from({ length: 8 }, (_, index) => `web-0123456-${index + 2}`).join(" ");
    assert.deepEqual(asked, [`Instance web-0123456 ${numbered}`]);
  });

  it("are not looked up for what exists, has no name, or has an unknown one", async () => {
    const { asked, lookup } = metroWith({});
    await checker.check(unnamed({ isNew: false }), lookup);
    await checker.check(unnamed({ kind: "GatewayImage" }), lookup);
    assert.deepEqual(await checker.check(named({ name: UNKNOWN }), lookup), { name: UNKNOWN, failures: [] });
    assert.deepEqual(asked, []);
  });

  it("are taken by an object that this plan replaces or has deleted, as its preview saw it", async () => {
    checker.expectReplacement("Instance", "web-0123456", "urn:web");
    assert.equal((await check(unnamed())).name, "web-0123456-2");
    assert.deepEqual(announced, []);
  });

  it("may be given again to the replacement of what has them, without a look", async () => {
    checker.expectReplacement("Instance", "web", "urn:web");
    const { asked, lookup } = metroWith({ web: "foreign" });
    assert.deepEqual(await checker.check(named(), lookup), { name: "web", failures: [] });
    assert.deepEqual(asked, []);
    assert.equal(
      (await check(named({ urn: "urn:other", label: "Instance 'other'" }), { web: "foreign" })).failures.length,
      1,
    );
  });

  it("fail where they are given and a stranger's object has them, unless it is adopted", async () => {
    const { failures } = await check(named(), { web: "foreign" });
    assert.deepEqual(failures, [
      "ALREADY_EXISTS: name: instance 'web' exists in this metro already. Set adopt: true to manage it, or choose another name.",
    ]);
    assert.deepEqual((await check(named({ adopt: true }), { web: "foreign" })).failures, []);
  });

  it("fail where another resource's object has them", async () => {
    const { failures } = await check(named(), { web: "managed" });
    assert.deepEqual(failures, [
      "ALREADY_EXISTS: name: instance 'web' exists in this metro already. Another resource created it: choose another name, or set adopt: true if that one is gone.",
    ]);
  });

  it("may be given where one's own object has them, which may be a predecessor", async () => {
    for (const holder of ["finished", "unfinished"] as const) {
      assert.deepEqual((await check(named(), { web: holder })).failures, []);
    }
    assert.deepEqual(announced, [
      "Instance 'web': 'web' exists and was made for this resource: do nothing if this update replaces it. If a killed update left it, set adopt: true to manage it, or delete it: npx unikernel delete instance web --metro fra",
      "Instance 'web': continues with 'web', which an earlier update left unfinished.",
    ]);
  });

  it("are warned of where nothing tells whose the object is", async () => {
    assert.deepEqual(
      (await check(named({ kind: "Service", label: "Service 'web'" }), { web: "unmarked" })).failures,
      [],
    );
    assert.match(announced[0] ?? "", /^Warning: Service 'web': service 'web' exists in this metro already\. Unless/);
  });

  it("fail where another resource of the program has them, of which both are named", async () => {
    const second = named({ urn: "urn:second", label: "Instance 'second'" });
    assert.deepEqual((await check(named())).failures, []);
    assert.deepEqual((await check(second)).failures, [
      "ALREADY_EXISTS: 'web' is also the name of Instance 'web' in this program. Choose another name for one of them, or leave it out.",
    ]);
    assert.deepEqual((await check(named({ ...second, isNew: false }))).failures.length, 1);
    assert.deepEqual((await check(named({ ...second, kind: "Volume" }))).failures, [], "of another kind");
    const twin = named({ urn: "urn:component::web" });
    assert.match((await check(twin)).failures[0] ?? "", /the name of Instance 'web' \(urn:web\) in this program/);
    // Renamed in the program, it is free.
    await check(named({ isNew: false, name: "other" }));
    assert.deepEqual((await check(second)).failures, []);
  });

  it("are warned of once, and used all the same, where the metro cannot be reached", async () => {
    let requests = 0;
    const lookup: NameLookup = {
      find: () => {
        requests += 1;
        return Promise.reject(new UnikernelError("API_UNREACHABLE", "No answer."));
      },
      inspect: () => assert.fail("it cannot"),
    };
    assert.deepEqual(await checker.check(unnamed(), lookup), { name: "web-0123456", failures: [] });
    assert.deepEqual(await checker.check(named(), lookup), { name: "web", failures: [] });
    checker.expectReplacement("Instance", "web-0123456", "urn:web");
    assert.equal((await checker.check(unnamed(), lookup)).name, "web-0123456-2", "what this plan replaces is known");
    assert.deepEqual(
      [announced, requests],
      [["Warning: The names of new resources cannot be checked. API_UNREACHABLE: No answer."], 1],
    );
  });
});
