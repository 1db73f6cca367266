import assert from "node:assert/strict";
import { lengthViolations, unikraftCommandLine } from "../../../../provider/image/kernel/unikraftWords";

const ALL = { netdev: true, vfs: true, env: true };
const guest = { args: ["/server"], env: {}, mounts: [], hasInitrd: false, network: [] };

describe("the length of a Unikraft kernel's command line", () => {
  it("may be 4096 bytes and no more", () => {
    const other = unikraftCommandLine({ ...guest, args: ["/server", "x"] }, ALL).length - 1;
    const ofLength = (bytes: number) => ({ ...guest, args: ["/server", "x".repeat(bytes - other)] });
    assert.equal(unikraftCommandLine(ofLength(4096), ALL).length, 4096);
    assert.deepEqual(lengthViolations(ofLength(4096), ALL), []);
    assert.equal(lengthViolations(ofLength(4097), ALL)[0]?.property, "args");
  });

  it("is said with the size of each part, and names the largest, without a value", () => {
    const env = { TOKEN: "s".repeat(4200) };
    const [violation] = lengthViolations({ ...guest, env, mounts: ["/data"], hasInitrd: true }, ALL);
    assert.equal(violation?.property, "env");
    assert.match(
      violation?.message ?? "",
      /^The command line of the instance has 4296 bytes \(volumes 67, env 4217, args 10\); .* at most 4096\.$/,
    );
    assert.doesNotMatch(JSON.stringify(violation), /sss/);
  });

  it("counts bytes, not characters", () =>
    assert.equal(lengthViolations({ ...guest, args: ["ü".repeat(2049)] }, ALL).length, 1));
});
