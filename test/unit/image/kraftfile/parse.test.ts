import assert from "node:assert/strict";
import * as fc from "fast-check";
import { UnikernelError } from "../../../../provider/base/errors";
import { parseKraftfile } from "../../../../provider/image/kraftfile/parse";

const failure = (text: string): string => {
  try {
    parseKraftfile(text);
  } catch (error) {
    assert.ok(UnikernelError.has(error, "KRAFTFILE_INVALID"), String(error));
    return error.message;
  }
  return assert.fail("the file was accepted");
};

const head = "spec: v0.7\nruntime: base:latest\n";

describe("a Kraftfile", () => {
  it("is parsed with every key of version 0.7", () => {
    const text = `
spec: v0.7
name: shop
runtime: oci://index.unikraft.io/official/base:latest
rootfs:
  source: { path: ./rootfs, type: dir }
  format: cpio
cmd: ["/bin/httpd", "-f"]
env:
  PORT: 8080
  DEBUG: true
  EMPTY:
labels:
  cloud.unikraft.v1.instances/scale_to_zero.cooldown_time_ms: 1000
targets:
  - kvm/amd64
  - { plat: firecracker, arch: aarch64 }
  - platform: kraftcloud/x86_64
outdir: out
x-note: [anything]
`;
    assert.deepEqual(parseKraftfile(text), {
      spec: "0.7",
      name: "shop",
      runtime: "index.unikraft.io/official/base:latest",
      rootfs: { path: "./rootfs", type: "directory", format: "cpio", position: { line: 6, column: 19 } },
      roms: [],
      cmd: ["/bin/httpd", "-f"],
      env: { DEBUG: "true", EMPTY: "", PORT: "8080" },
      labels: { "cloud.unikraft.v1.instances/scale_to_zero.cooldown_time_ms": "1000" },
      targets: [
        { os: "qemu", architecture: "x86_64" },
        { os: "fc", architecture: "arm64" },
        { os: "kraftcloud", architecture: "x86_64" },
      ],
      volumes: [],
      warnings: [],
    });
  });

  it("can have a runtime map and an unsplit cmd string in version 0.6", () => {
    const { spec, runtime, cmd } = parseKraftfile(
      "specification: '0.6'\nruntime: {source: acme/kernel, version: 1.0}\ncmd: /bin/sh -c 'a b'\n",
    );
    assert.deepEqual([spec, runtime, cmd], ["0.6", "acme/kernel:1.0", ["/bin/sh -c 'a b'"]]);
  });

  for (const version of ["0.7", "v0.7", "'0.7'", "v0.7.0", "0.6", "v0.6"]) {
    it(`accepts the version ${version}`, () => {
      assert.equal(parseKraftfile(`spec: ${version}\nruntime: base\n`).spec, version.replace(/[v']|\.0$/g, ""));
    });
  }

  it("splits a cmd string of version 0.7 by shell quoting", () => {
    const cmd = (text: string): unknown => parseKraftfile(`${head}cmd: ${JSON.stringify(text)}\n`).cmd;
    assert.deepEqual(cmd(`/bin/sh -c  'echo "x y"' ''`), ["/bin/sh", "-c", `echo "x y"`, ""]);
    assert.deepEqual(cmd(`a\\ b "c \\" \\n d"e f#g`), ["a b", `c " \\n de`, "f#g"]);
  });

  for (const text of [
    "run $(id)",
    "run ${HOME#/}",
    "a | b",
    "a; b",
    "a > f",
    "a `b`",
    "a # b",
    "a 'b",
    'a "b',
    "a \\",
  ]) {
    it(`rejects a cmd string that is not a plain word list: ${JSON.stringify(text)}`, () => {
      assert.match(failure(`${head}cmd: ${JSON.stringify(text)}\n`), /^Kraftfile:3:6: .*cmd/);
    });
  }

  it("keeps the order of an env list, where a bare name is empty", () => {
    const { env } = parseKraftfile(`${head}env: ["Z=1", "A=x=y", "B"]\n`);
    assert.deepEqual(Object.entries(env), [
      ["Z", "1"],
      ["A", "x=y"],
      ["B", ""],
    ]);
  });

  it("suggests the nearest key for an unknown one, with an excerpt and a caret", () => {
    assert.equal(
      failure(`${head}rootf: ./rootfs\n`),
      "Kraftfile:3:1: unknown key 'rootf', did you mean 'rootfs'?\n  rootf: ./rootfs\n  ^",
    );
    assert.match(failure(`${head}rootfs: {sauce: x}\n`), /unknown key 'sauce', did you mean 'source'\?/);
  });

  it("points at a cmd item that is no string", () => {
    assert.match(
      failure(`${head}cmd: [1, 2]\n`),
      /^Kraftfile:3:7: 'cmd\[0\]' must be a string.*\n {2}cmd: \[1, 2\]\n {8}\^\nKraftfile:3:10: 'cmd\[1\]'/,
    );
    assert.match(failure(`${head}cmd: 7\n`), /^Kraftfile:3:6: 'cmd' must be a list of strings, or a string\./);
    assert.match(failure(`${head}cmd: {a: b}\n`), /^Kraftfile:3:6: 'cmd' must be/);
  });

  it("reports all problems in file order", () => {
    const places = failure("spec: nine\nruntime: Bad:Tag\nrootfs: 7\ncmd: [1]\nlabels: [a]\nrom: {}\n")
      .split("\n")
      .flatMap((line) => /^Kraftfile:\d+:\d+/.exec(line)?.[0] ?? []);
    assert.deepEqual(
      places,
      ["1:7", "2:10", "3:9", "4:7", "5:9", "6:1"].map((place) => `Kraftfile:${place}`),
    );
  });

  it("warns of keys without effect, with the closest known key", () => {
    const warnings = (text: string): string[] =>
      parseKraftfile(`${head}${text}\n`).warnings.map(({ line, column, message }) => `${line}:${column} ${message}`);
    assert.deepEqual(warnings("entrypoint: x"), [
      "3:1 unknown key 'entrypoint' has no effect on the image; did you mean 'cmd'? If not, remove it or start it with 'x-'.",
    ]);
    assert.deepEqual(warnings("labels: { cloud.unikraft.v1.instances/scale_to_zero.stateful: yes please }"), [
      "3:63 the image's label 'cloud.unikraft.v1.instances/scale_to_zero.stateful' must be 'true' or 'false', not 'yes please'; it sets no default.",
    ]);
    assert.deepEqual(warnings("memory: 2G"), [
      "3:1 unknown key 'memory' has no effect on the image; set 'memoryMb' of the Instance or Service.",
    ]);
    assert.match(
      warnings("zzzzzzzz: x").join(),
      /unknown key 'zzzzzzzz' has no effect on the image; a Kraftfile may have spec, /,
    );
    assert.match(warnings("constructor: 1").join(), /unknown key 'constructor'/);
    assert.match(warnings("__proto__: 1").join(), /unknown key '__proto__'/);
    assert.deepEqual(warnings("x-anything: {cmd: [1]}"), []);
  });

  const invalid: Record<string, [text: string, why: RegExp]> = {
    "malformed YAML": [`${head}cmd: [a\n`, /^Kraftfile:\d+:\d+: this is not valid YAML/],
    "a duplicate key": [
      `${head}runtime: base\n`,
      /^Kraftfile:3:1: this is not valid YAML: duplicate key; keep one of them/,
    ],
    "two documents": [`${head}---\n${head}`, /^Kraftfile:3:1: this is not valid YAML/],
    "an empty file": ["", /^Kraftfile:1:1: the file is empty/],
    "a list": ["- a\n", /^Kraftfile:1:1: a Kraftfile must be a map/],
    "no spec": ["runtime: base\n", /'spec' is missing/],
    "both spellings of spec": [`${head}specification: v0.7\n`, /^Kraftfile:3:1: 'spec' and 'specification'/],
    "a spec that is no version": [
      "spec: seven\nruntime: base\n",
      /^Kraftfile:1:7: 'spec' must be a version, such as 'v0.7'/,
    ],
    "no runtime": ["spec: v0.7\n", /^Kraftfile:1:1: 'runtime' is missing/],
    "a kernel file without a path": [
      "spec: v0.6\nruntime: kernel://\n",
      /^Kraftfile:2:10: 'kernel:\/\/' needs the path/,
    ],
    "a runtime map in v0.7": ["spec: v0.7\nruntime: {source: base}\n", /^Kraftfile:2:10: 'runtime' must be a string/],
    "an unknown rootfs type": [`${head}rootfs: {source: {path: a, type: zip}}\n`, /must be one of oci, dir/],
    "an unknown format": [
      `${head}rootfs: {source: a, format: ext4}\n`,
      /^Kraftfile:3:29: 'rootfs.format' must be 'cpio' or/,
    ],
    "ROMs that are not a list": [`${head}roms: ./rom\n`, /'roms' must be a list/],
    "a target without architecture": [`${head}targets: [qemu]\n`, /^Kraftfile:3:11: .*platform\/architecture/],
    "an unknown architecture": [`${head}targets: [qemu/constructor]\n`, /unknown architecture 'constructor'/],
    "targets that are not a list": [`${head}targets: qemu/x86_64\n`, /'targets' must be a list/],
    "labels as a list": [`${head}labels: ["a=b"]\n`, /^Kraftfile:3:9: 'labels' must be a map/],
    "a label with a blank": [`${head}labels: {"a b": c}\n`, /a label may contain only letters/],
  };
  for (const [what, [text, why]] of Object.entries(invalid)) {
    it(`is rejected with line and column: ${what}`, () => assert.match(failure(text), why));
  }

  it("never shows an env value in an error", () => {
    const texts = [
      `${head}env: {TOKEN: {a: hunter2}}\n`,
      `${head}env:\n  TOKEN: [hunter2]\n`,
      `${head}env:\n  - TOKEN=hunter2\n  - TOKEN=hunter2\n`,
      `${head}env:\n  A: hunter2: x\n`,
      `${head}env:\n  A: "hunter2\n`,
      `{spec: v0.7, runtime: base, env: {A: hunter2, A: hunter2}}`,
      `{spec: v0.7,\n env:\n {A: hunter2,\n A: hunter2}}`,
    ];
    for (const text of texts) assert.ok(!failure(text).includes("hunter2"), text);
  });

  it("can use anchors and aliases", () => {
    assert.deepEqual(parseKraftfile(`${head}x-c: &c [/bin/a]\ncmd: *c\n`).cmd, ["/bin/a"]);
    assert.match(failure(`${head}cmd: &a [*a]\n`), /^Kraftfile:3:/);
    assert.match(failure(`${head}cmd: *nowhere\n`), /^Kraftfile:3:6: this is not valid YAML/);
  });

  it("fails with UnikernelError only, whatever the text", () => {
    const assertParsesOrReports = (text: string): void => {
      try {
        parseKraftfile(text);
      } catch (error) {
        assert.ok(UnikernelError.has(error, "KRAFTFILE_INVALID"), `${String(error)} for ${JSON.stringify(text)}`);
      }
    };
    const pieces = fc.constantFrom(
      ..."spec:|v0.7|0.6|runtime:|base|rootfs:|source:|path|cmd:|env:|labels:|targets:|[|]|{|}|,|- |\n|\n  |\"|'|&a |*a|<<: |? |!t |!!int |null|~|7|x-y|__proto__|: |#|%YAML|---\n|...\n|\t|\\|\u0000|é".split(
        "|",
      ),
    );
    fc.assert(fc.property(fc.string(), assertParsesOrReports), { numRuns: 500 });
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join("")),
        assertParsesOrReports,
      ),
      { numRuns: 3000 },
    );
    const noise = fc.array(pieces, { maxLength: 12 }).map((parts) => head + parts.join(""));
    fc.assert(fc.property(noise, assertParsesOrReports), { numRuns: 2000 });
  });
});
