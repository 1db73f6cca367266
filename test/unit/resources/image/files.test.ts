/** The input `files`, as the engine sends it. */
import assert from "node:assert/strict";
import { check } from "../../../../provider/definition/check";
import { UNKNOWN } from "../../../../provider/definition/unknowns";
import { toGivenFiles } from "../../../../provider/resources/image/files";
import { type ImageInputs, imageInputs } from "../../../../provider/resources/image/inputs";
import { gatewayImage } from "../../../../provider/resources/image/resource";

/** Source: @pulumi/pulumi 3.270.0, `runtime/rpc.ts`: specialSigKey, specialAssetSig, specialArchiveSig. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const asset = (members: object): object => ({ [SIGNATURE]: "c44067f5952c0a294b673a41bacd8c17", ...members });
const archive = (members: object): object => ({ [SIGNATURE]: "0def7320c3a5731c473e5ecbe6d01bc7", ...members });

const { computeInputs: _, ...definition } = gatewayImage;

async function failuresOf(files: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const { failures } = await check(definition, {}, { context: "./gateway", files });
  return failures.map(({ property, reason }) => `${property}: ${reason}`);
}

const parse = (files: Readonly<Record<string, unknown>>): ImageInputs["files"] =>
  imageInputs.parse({ context: ".", files }).files;

describe("files of an image", () => {
  it("may be texts, assets, and objects with mode and owner", async () => {
    const files = {
      "/a": "text",
      "/b": asset({ path: "./b.bin", hash: "00" }),
      "/c": { content: "text", mode: 0o600, uid: 65_532, gid: 65_532 },
      "/d": { asset: asset({ uri: "https://example.com/d" }), mode: null },
      "/e": { content: UNKNOWN },
      "/f": UNKNOWN,
    };
    assert.deepEqual(await failuresOf(files), []);
  });

  it("get mode 0644 and owner root, unless the program says otherwise", () => {
    const given = toGivenFiles(
      parse({
        "/a": "text",
        "/b": asset({ path: "./b.bin", hash: "00", text: "", uri: "" }),
        "/c": { content: "", mode: 0o4755, uid: 1, gid: 2 },
        "/d": { asset: asset({ uri: "https://example.com/d", hash: "01" }), uid: 7 },
        "/e": asset({ hash: "02" }),
      }),
    );
    const root = { mode: 0o644, uid: 0, gid: 0 };
    assert.deepEqual(Object.fromEntries(given), {
      "/a": { ...root, origin: { text: "text" } },
      "/b": { ...root, origin: { path: "./b.bin" }, sha256: "00" },
      "/c": { mode: 0o4755, uid: 1, gid: 2, origin: { text: "" } },
      "/d": { ...root, uid: 7, origin: { uri: "https://example.com/d" }, sha256: "01" },
      "/e": { ...root, origin: { text: "" }, sha256: "02" },
    });
  });

  it("are rejected with a reason that never shows a content", async () => {
    const secret = "hunter2";
    const cases: Readonly<Record<string, readonly [value: unknown, reason: RegExp]>> = {
      "an archive": [
        archive({ path: "./site" }),
        /^files\["\/x"\]: is an archive, and a file has one content: give each/,
      ],
      "an archive with a mode": [{ asset: archive({ path: "./site" }) }, /^files\["\/x"\]\.asset: is an archive/],
      "a path as asset": [{ asset: "./file" }, /must be an asset: a FileAsset, a StringAsset or a RemoteAsset/],
      "no content": [{ mode: 0o600 }, /needs content: set 'content' or 'asset'/],
      "two contents": [{ content: secret, asset: asset({ text: secret }) }, /has two contents/],
      "a decimal mode": [
        { content: secret, mode: 644 },
        /\.mode: must be an octal literal: write 0o644, because the decimal 644 is 0o1204\.$/,
      ],
      "a mode of a file type": [{ content: secret, mode: 0o100644 }, /\.mode: must be at most 4095/],
      "a mode as text": [{ content: secret, mode: "0600" }, /\.mode: must be a number, got a string/],
      "a negative owner": [{ content: secret, uid: -1 }, /\.uid: must be at least 0/],
      "a misspelt member": [{ contents: secret }, /unknown property; did you mean 'content'\?/],
      "a number": [5, /must be a text, an asset, or an object with 'content' or 'asset'/],
      "a list": [[secret], /must be a text, an asset, or an object with 'content' or 'asset'/],
    };
    for (const [what, [value, reason]] of Object.entries(cases)) {
      const failures = await failuresOf({ "/x": value });
      assert.match(failures.join("\n"), reason, what);
      assert.ok(!failures.join("").includes(secret), what);
    }
  });

  it("cannot be where the platform looks", async () => {
    for (const path of ["/unikernel", "/unikernel/cmdline", "/unikernel/modules/order"])
      assert.match((await failuresOf({ [path]: "" })).join(), /is reserved for the platform/, path);
    assert.deepEqual(await failuresOf({ "/unikernels": "", "/etc/unikernel/x": "" }), []);
    assert.match((await failuresOf({ "etc/x": "" })).join(), /must be an absolute path of the guest/);
  });

  it("report all their problems at once, those of contents on the disk too", async () => {
    const files = {
      relative: "",
      "/unikernel/cmdline": "",
      "/mode": { content: "", mode: 0o100644 },
      "/octal": { content: "", mode: 644 },
      "/none": {},
      "/number": 5,
      "/missing": asset({ path: "./no-such-file" }),
      "/other": asset({ path: "./no-such-file-either" }),
      "/fine": "",
    };
    const { failures } = await check(gatewayImage, {}, { context: "examples/quickstart/site", files, name: "x" });
    const text = failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n");
    for (const path of Object.keys(files)) assert.equal(text.includes(path), path !== "/fine", `${path} in: ${text}`);
    assert.doesNotMatch(text, /The root file system contains/);
  });

  it("are never quoted in a message, since any of them may be secret", async () => {
    for (const value of [
      { asset: "Leak1" },
      { content: 12345 },
      { asset: { content: "Leak1" } },
      { content: "x", mode: "Leak1" },
    ]) {
      const failures = await failuresOf({ "/k": value });
      assert.ok(failures.length > 0, JSON.stringify(value));
      assert.doesNotMatch(failures.join("\n"), /Leak1|12345/);
    }
  });
});
