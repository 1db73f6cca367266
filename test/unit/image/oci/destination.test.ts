import assert from "node:assert/strict";
import { UnikernelError } from "../../../../provider/base/errors";
import { type PathKind, parseDestination } from "../../../../provider/image/oci/exchange/destination";
import { chooseManifest, matchesPlatform } from "../../../../provider/image/oci/platformChoice";
import { digestOf } from "../../../../provider/base/digest";

const PATHS: Record<string, PathKind> = { folder: "folder", file: "file", "a/b": "folder", "./x": "folder" };
const parse = (text: string) => parseDestination(text, (path) => PATHS[path] ?? "nothing");

/** Rules of the unikraft CLI, `--output`. */
describe("a destination", () => {
  const cases: Record<string, unknown> = {
    "oci-layout://out": { type: "layout", folder: "out", tag: "latest" },
    "oci-layout:///tmp/out:v1": { type: "layout", folder: "/tmp/out", tag: "v1" },
    "oci-archive://a.tar:v1": { type: "archive", file: "a.tar", tag: "v1" },
    "oci-archive://dir:x/a.tar": { type: "archive", file: "dir:x/a.tar", tag: "latest" },
    "oci://localhost:5000/app:v1": {
      type: "registry",
      reference: { registry: "localhost:5000", repository: "app", tag: "v1" },
    },
    folder: { type: "layout", folder: "folder", tag: "latest" },
    "a/b": { type: "layout", folder: "a/b", tag: "latest" },
    "./x": { type: "layout", folder: "./x", tag: "latest" },
    "new/": { type: "layout", folder: "new/", tag: "latest" },
    file: { type: "archive", file: "file", tag: "latest" },
    "./new.tar": { type: "archive", file: "./new.tar", tag: "latest" },
    "acme/shop": { type: "registry", reference: { repository: "acme/shop" } },
    "localhost:5000/app": { type: "registry", reference: { registry: "localhost:5000", repository: "app" } },
  };
  for (const [text, expected] of Object.entries(cases)) {
    it(`is parsed: '${text}'`, () => assert.deepEqual(parse(text), expected));
  }
  const invalid: Record<string, RegExp> = {
    "": /empty/,
    "./new": /ambiguous/,
    "/tmp/new": /ambiguous/,
    "oci-layout://": /empty/,
    "oci-layout://out:a b": /not a tag/,
    "oci-archive://:v1": /path is missing/,
    "ftp://host/x": /'ftp:\/\/' is not known/,
    "Acme/Shop": /lower case|not a host/,
    "a\0b": /NUL/,
  };
  for (const [text, message] of Object.entries(invalid)) {
    it(`is rejected with a reason: ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parse(text),
        (error) => UnikernelError.has(error, "INPUT_INVALID") && message.test(error.message),
      );
    });
  }
});

describe("the platform of an index", () => {
  const entry = (os: string, architecture: string, annotations?: Record<string, string>) => ({
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest: digestOf(`${os}/${architecture}`),
    size: 1,
    platform: { os, architecture },
    ...(annotations === undefined ? {} : { annotations }),
  });
  const linux = { os: ["linux"], architecture: "x86_64" };

  it("is found under both names of an architecture", () => {
    assert.equal(
      chooseManifest([entry("linux", "arm64"), entry("linux", "amd64")], linux)?.platform?.architecture,
      "amd64",
    );
    assert.ok(matchesPlatform({ os: "linux", architecture: "aarch64" }, { os: ["linux"], architecture: "arm64" }));
  });
  it("follows the order of preference", () => {
    const choice = { os: ["qemu", "fc"], architecture: "x86_64" };
    const entries = [entry("xen", "x86_64"), entry("fc", "x86_64"), entry("qemu", "x86_64")];
    assert.equal(chooseManifest(entries, choice)?.platform?.os, "qemu");
    assert.equal(chooseManifest([entry("xen", "x86_64")], choice), undefined);
    assert.equal(chooseManifest([entry("xen", "x86_64")], { ...choice, acceptsAnyOs: true })?.platform?.os, "xen");
  });
  it("is never a builder's attestation", () => {
    const attestation = entry("unknown", "unknown", { "vnd.docker.reference.type": "attestation-manifest" });
    assert.equal(chooseManifest([attestation], { ...linux, acceptsAnyOs: true }), undefined);
    const { platform: _platform, ...unnamed } = entry("linux", "amd64");
    assert.equal(chooseManifest([attestation, unnamed], linux), unnamed);
  });
});
