/** The rules of an inline ROM. */
import assert from "node:assert/strict";
import type { InlineFile } from "../../../../../provider/contract/models";
import { toRomRecord, checkRoms } from "../../../../../provider/platform/instances/update/roms";
import { ApiItemError } from "../../../../../provider/platform/errors";

const one = (file: Partial<InlineFile>, at?: string) =>
  toRomRecord({ name: "conf", files: [{ path: "a", data: "", ...file }], ...(at === undefined ? {} : { at }) });
const code = (expected: string) => (error: unknown) => error instanceof ApiItemError && error.itemCode === expected;
const MIB = 1024 * 1024;

describe("a ROM", () => {
  it("is mounted at its path, or below /rom by its name", () => {
    assert.equal(one({}, "/etc/app").at, "/etc/app");
    assert.equal(one({}).at, "/rom/conf");
  });

  it("has exactly one of image and files", () => {
    assert.throws(() => toRomRecord({ name: "x" }), code("MissingId"));
    assert.throws(() => toRomRecord({ name: "x", files: [] }), code("MissingId"));
    assert.throws(() => toRomRecord({ name: "x", image: "a", files: [{ path: "a", data: "" }] }), code("NotBoth"));
  });

  for (const path of ["../etc/passwd", "a/../../b", "a//b", ".", "", "/", "a\0b"]) {
    it(`rejects the path ${JSON.stringify(path)}`, () => assert.throws(() => one({ path }), code("Invalid")));
  }

  it("rejects an invalid mount path and reserved ones", () => {
    for (const at of ["etc", "/etc/../x", "/a//b"]) assert.throws(() => one({}, at), code("Invalid"), at);
    assert.throws(() => one({ path: "cmdline" }, "/unikernel"), code("Invalid"));
    assert.throws(() => one({ path: "unikernel/cmdline" }, "/"), code("Invalid"));
    assert.equal(one({ path: "unikernels" }, "/").at, "/");
  });

  it("accepts a file of 1 MiB and not a byte more, decoded", () => {
    one({ data: "x".repeat(MIB) });
    assert.throws(() => one({ data: "x".repeat(MIB + 1) }), code("TooLong"));
    assert.throws(() => one({ data: "é".repeat(MIB / 2 + 1) }), code("TooLong"));
    one({ data: Buffer.alloc(MIB).toString("base64"), encoding: "base64" });
    assert.throws(() => one({ data: Buffer.alloc(MIB + 1).toString("base64"), encoding: "base64" }), code("TooLong"));
  });

  it("accepts 4 MiB of files per instance and not a byte more", () => {
    const whole = (name: string) => toRomRecord({ name, files: [{ path: "a", data: "x".repeat(MIB) }] });
    const four = ["a", "b", "c", "d"].map(whole);
    checkRoms(four);
    assert.throws(() => checkRoms([...four, one({ data: "x" })]), code("TooLong"));
  });

  it("rejects invalid base64 and two files with one path", () => {
    for (const data of ["a", "abc", "ab=c", "a b=", "%%%%"]) {
      assert.throws(() => one({ data, encoding: "base64" }), code("Invalid"), data);
    }
    const files = [
      { path: "a", data: "1" },
      { path: "/a", data: "2" },
    ];
    assert.throws(() => toRomRecord({ name: "x", files }), code("Invalid"));
  });
});
