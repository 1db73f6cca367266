import assert from "node:assert/strict";
import * as fc from "fast-check";
import { UnikernelError } from "../../../../provider/base/errors";
import {
  type Reference,
  canonicalRepository,
  formatReference,
  parseReference,
} from "../../../../provider/image/oci/reference";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}` as const;

describe("an image reference", () => {
  const cases: Record<string, Reference> = {
    nginx: { repository: "nginx" },
    "nginx:1.27": { repository: "nginx", tag: "1.27" },
    "acme/shop:v1": { repository: "acme/shop", tag: "v1" },
    "localhost/app": { registry: "localhost", repository: "app" },
    "localhost:5000/app": { registry: "localhost:5000", repository: "app" },
    "Registry/app": { registry: "Registry", repository: "app" },
    "[::1]:5000/a/b:c": { registry: "[::1]:5000", repository: "a/b", tag: "c" },
    "index.unikraft.io/official/base:latest": {
      registry: "index.unikraft.io",
      repository: "official/base",
      tag: "latest",
    },
    [`host:5000/org/name@${DIGEST}`]: { registry: "host:5000", repository: "org/name", digest: DIGEST },
    [`oci://unikraft.io/acme/shop:v1@${DIGEST}`]: {
      registry: "unikraft.io",
      repository: "acme/shop",
      tag: "v1",
      digest: DIGEST,
    },
  };
  for (const [text, parts] of Object.entries(cases)) {
    it(`is parsed: '${text}'`, () => assert.deepEqual(parseReference(text), parts));
  }

  const invalid = {
    "": /each part/,
    "acme/Shop": /lower case/,
    Shop: /lower case/,
    "a//b": /each part/,
    "-a": /each part/,
    "a.": /each part/,
    "name:": /not a tag/,
    "name:.x": /not a tag/,
    [`name:${"x".repeat(129)}`]: /not a tag/,
    "name@sha256:12": /64 hexadecimal/,
    [`name@${DIGEST}@${DIGEST}`]: /more than one/,
    "ho st.io/name": /not a host/,
    "kernel://path": /./,
    ["a".repeat(256)]: /255/,
  };
  for (const [text, why] of Object.entries(invalid)) {
    it(`is rejected with a reason: '${text.slice(0, 40)}'`, () => {
      assert.throws(
        () => parseReference(text),
        (error) => UnikernelError.has(error, "INPUT_INVALID") && why.test(error.message),
      );
    });
  }

  it("survives formatting and parsing", () => {
    const segment = fc.stringMatching(/^[a-z0-9]([a-z0-9._-]{0,6}[a-z0-9])?$/);
    const reference = fc.record(
      {
        registry: fc.constantFrom("localhost", "localhost:5000", "example.org", "example.org:8443", "HOST", "[::1]:80"),
        repository: fc.array(segment, { minLength: 2, maxLength: 4 }).map((parts) => ["x", ...parts].join("/")),
        tag: fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/),
        digest: fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}` as const),
      },
      { requiredKeys: ["repository"], noNullPrototype: true },
    );
    fc.assert(fc.property(reference, (parts) => assert.deepEqual(parseReference(formatReference(parts)), parts)));
  });

  it("fails with INPUT_INVALID only", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."aA0./:@-_[] é", "sha256:", "oci://") }), (text) => {
        try {
          assert.deepEqual(parseReference(formatReference(parseReference(text))), parseReference(text));
        } catch (error) {
          assert.ok(UnikernelError.has(error, "INPUT_INVALID"), String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("of the vendor's registry means the same with and without host and 'official/'", () => {
    const names = ["base", "official/base", "index.unikraft.io/official/base", "oci://unikraft.io/base:latest"];
    assert.deepEqual(new Set(names.map((name) => canonicalRepository(parseReference(name)))), new Set(["base"]));
    assert.equal(canonicalRepository(parseReference("localhost:5000/official/base")), "localhost:5000/official/base");
  });

  it("of a user that is named like a host keeps the vendor's host", () => {
    for (const name of [
      "index.unikraft.io/acme.example/shop",
      "unikraft.io/acme.example/shop:v1",
      "unikraft.io/localhost/x",
    ]) {
      const canonical = canonicalRepository(parseReference(name));
      assert.match(canonical, /^index\.unikraft\.io\//);
      assert.equal(canonicalRepository(parseReference(canonical)), canonical);
    }
  });

  it("never shows a password", () => {
    for (const text of ["https://ann:Leak1@host/x", "ann:Leak1@host/x", "oci://ann:Leak1@host:5000/x"])
      assert.throws(
        () => parseReference(text),
        (error) => error instanceof Error && !error.message.includes("Leak1"),
        text,
      );
  });
});
