import assert from "node:assert/strict";
import { UnikernelError } from "../../../../provider/base/errors";
import { parseKraftfile } from "../../../../provider/image/kraftfile/parse";
import { assertSupported } from "../../../../provider/image/build/supportedSources";

const HEAD = "spec: v0.7\nruntime: base\n";
const check = (text: string): string => {
  const kraftfile = parseKraftfile(text);
  try {
    return assertSupported({ kraftfile, text, folder: "/context", displayPath: "Kraftfile" }).runtime;
  } catch (error) {
    assert.ok(UnikernelError.has(error, "KRAFTFILE_INVALID"));
    return error.message;
  }
};

describe("what a Kraftfile may ask for", () => {
  it("can be built if it has a runtime, whatever its root file system is", () => {
    for (const rootfs of [
      "",
      "rootfs: ./rootfs",
      "rootfs: {source: {path: a, type: dir}, format: cpio}",
      "rootfs: ./Dockerfile",
      "rootfs: ./Containerfile",
      "rootfs: {source: {path: a, type: tarball}}",
      "rootfs: {source: a, format: erofs}",
      "rootfs: {source: {path: nginx, type: oci}}",
    ])
      assert.equal(check(`${HEAD}${rootfs}`), "base");
  });

  const rejected: Record<string, [text: string, message: RegExp]> = {
    "a kernel to compile": [
      "spec: v0.6\nunikraft: stable",
      /^Kraftfile:2:1: 'unikraft' compiles a kernel, which only the tool 'kraft' can do/,
    ],
    "a kernel file": ["spec: v0.6\nruntime: kernel://k", /^Kraftfile:2:10: kernel files are not supported yet/],
    "no kernel": ["spec: v0.7\nrootfs: .", /^Kraftfile:1:1: images without a kernel are not supported yet/],
    ROMs: [`${HEAD}roms: [a, b]`, /^Kraftfile:3:8: ROM images .*\n.*\n.*\nKraftfile:3:11: ROM images/],
  };
  for (const [what, [text, message]] of Object.entries(rejected)) {
    it(`is rejected with its position: ${what}`, () => assert.match(check(text), message));
  }
});
