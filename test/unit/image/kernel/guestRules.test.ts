import assert from "node:assert/strict";
import { type GuestRequest, guestViolations, kindViolations } from "../../../../provider/image/kernel/guestRules";

const ALL = { netdev: true, vfs: true, env: true };
const NONE = { netdev: false, vfs: false, env: false };
const guest = (more: Partial<GuestRequest> = {}): GuestRequest => ({
  ...{ args: ["/server"], env: {}, mounts: [], hasRoms: false, routedInterfaces: [] },
  ...more,
});
const propertiesOf = (...args: Parameters<typeof guestViolations>): readonly string[] =>
  guestViolations(...args).map(({ property }) => property);

describe("what a kernel refuses of a guest", () => {
  it("is nothing for what it can have", () => {
    const all = guest({ env: { A: "1" }, mounts: ["/data"], args: ["/server", "-p", "80"] });
    for (const parameters of [ALL, undefined]) assert.deepEqual(guestViolations(all, parameters), []);
    assert.deepEqual(guestViolations(guest({ args: [] }), NONE), []);
  });

  it("is all told at once", () => {
    const all = guest({ env: { A: "1" }, mounts: ["/data"], hasRoms: true, routedInterfaces: [1], args: [""] });
    assert.deepEqual(propertiesOf(all, NONE), ["env", "volumes", "roms", "networkInterfaces[1].routes", "args[0]"]);
    assert.deepEqual(propertiesOf(guest({ ...all, args: ["a=b"], mounts: ["data"] }), undefined), [
      "volumes",
      "args[0]",
    ]);
  });

  it("leaves out arguments that are not known yet", () => {
    assert.deepEqual(guestViolations(guest({ args: undefined }), undefined), []);
    assert.deepEqual(propertiesOf(guest({ args: [] }), undefined), ["args"]);
  });

  it("has the figures, and never a value", () => {
    const long = guest({ env: { TOKEN: "secret".repeat(30_000) }, args: ["/server"] });
    const [violation] = guestViolations(long, undefined);
    assert.equal(violation?.message, "env.TOKEN has 180006 bytes; Linux passes at most 131071 to a program.");
    const many = guest({ env: Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`V${index}`, "secret"])) });
    assert.match(guestViolations(many, ALL)[0]?.message ?? "", /has 9 variables; .* at most 8\.$/);
    for (const one of [long, many]) assert.doesNotMatch(JSON.stringify(guestViolations(one, ALL)), /secret/);
  });

  it("says which kernels cannot boot here at all", () => {
    for (const kind of ["pvh", "bzimage", "multiboot"] as const) assert.deepEqual(kindViolations(kind), []);
    assert.match(kindViolations("arm64")[0]?.message ?? "", /built for arm64, not for x86_64/);
    assert.match(kindViolations(undefined)[0]?.message ?? "", /no boot protocol/);
  });
});
