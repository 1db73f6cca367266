import assert from "node:assert/strict";
import * as fc from "fast-check";
import * as z from "zod";
import { check } from "../../../provider/definition/check";
import { type Definition, field, objectType } from "../../../provider/definition/resource";
import { diff } from "../../../provider/definition/diff";
import { UNKNOWN } from "../../../provider/definition/unknowns";

const item = objectType(
  "Item",
  "An item.",
  z.strictObject({
    at: field(z.string().regex(/^\//, "must be absolute"), { description: "Where." }),
    readonly: field(z.boolean().default(false), { description: "No writing." }),
  }),
);

const sample: Definition = {
  kind: "Sample",
  description: "For tests.",
  inputs: z.strictObject({
    image: field(z.string().min(1), { description: "Image.", onChange: "replace" }),
    memoryMb: field(z.int().min(16).default(128), { description: "Memory." }),
    policy: field(z.enum(["always", "never"]).default("never"), { description: "Policy." }),
    items: field(z.array(item).max(3).default([]), { description: "Items.", unordered: true }),
    env: field(z.record(z.string(), z.string()).default({}), { description: "Env.", secret: true }),
  }),
  outputs: z.object({}),
  rules: [
    {
      reads: ["memoryMb", "items"],
      test: ({ memoryMb, items }: { memoryMb: number; items: unknown[] }) =>
        memoryMb < 32 && items.length > 1 ? [{ property: "items", reason: "too many for so little memory." }] : [],
    },
  ],
};

const reasons = async (raw: Record<string, unknown>) =>
  (await check(sample, {}, raw)).failures.map(({ property, reason }) => `${property}: ${reason}`);

describe("check", () => {
  it("fills defaults, also nested ones", async () => {
    const { inputs, failures } = await check(sample, {}, { image: "a", items: [{ at: "/x" }] });
    assert.deepEqual(failures, []);
    assert.deepEqual(inputs, {
      image: "a",
      memoryMb: 128,
      policy: "never",
      items: [{ at: "/x", readonly: false }],
      env: {},
    });
  });

  it("fills defaults beside unknown values, so that preview and update agree", async () => {
    const { inputs, failures } = await check(sample, {}, { image: UNKNOWN, items: [{ at: UNKNOWN }, UNKNOWN] });
    assert.deepEqual(failures, []);
    assert.deepEqual(inputs["items"], [{ at: UNKNOWN, readonly: false }, UNKNOWN]);
    assert.equal(inputs["memoryMb"], 128);
  });

  it("reports every failure with its path and the allowed values", async () => {
    assert.deepEqual(
      await reasons({ image: "a", memoryMb: 8, items: [{ at: "x" }, { at: "/y", readonly: "no" }], policy: "allways" }),
      [
        "memoryMb: must be at least 16, got 8.",
        'policy: must be one of "always", "never", got "allways". Did you mean "always"?',
        'items[0].at: must be absolute, got "x".',
        'items[1].readonly: must be true or false, got "no".',
      ],
    );
  });

  it("says what is likely wrong with NaN", async () => {
    const hint = "check that the variables it is computed from are set.";
    assert.deepEqual(await reasons({ image: "a", memoryMb: NaN }), [`memoryMb: must be a number, got NaN; ${hint}`]);
  });

  it("ignores values of computed properties", async () => {
    const definition: Definition = {
      ...sample,
      inputs: sample.inputs.extend({ hash: field(z.string().optional(), { description: "Hash.", computed: true }) }),
    };
    for (const hash of ["mine", [UNKNOWN], UNKNOWN, 3])
      assert.deepEqual(Object.keys((await check(definition, {}, { image: "a", hash })).inputs).includes("hash"), false);
  });

  it("suggests the nearest known property for an unknown one", async () => {
    const [first] = await reasons({ image: "a", memorymb: 64 });
    assert.match(first ?? "", /^memorymb: unknown property; did you mean 'memoryMb'\?/);
  });

  it("reports a missing property with its type", async () => {
    assert.deepEqual(await reasons({}), ["image: required: give a string."]);
  });

  it("reports a text in place of a list once", async () => {
    const inputs = z.strictObject({ roms: field(z.array(z.string()).max(2), { description: "" }) });
    const { failures } = await check(
      { kind: "X", description: "", inputs, outputs: z.object({}) },
      {},
      { roms: "abc" },
    );
    assert.deepEqual(failures, [{ property: "roms", reason: 'must be a list, got "abc".' }]);
  });

  it("never quotes the value of a secret", async () => {
    const [first] = await reasons({ image: "a", env: { TOKEN: 424242 } });
    assert.equal(first, "env.TOKEN: must be a string, got a number.");
    assert.doesNotMatch(first, /424242/);
  });

  it("validates the length of a list with unknown items", async () => {
    assert.deepEqual(await reasons({ image: "a", items: [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN] }), [
      "items: must have at most 3 items.",
    ]);
  });

  it("applies a rule across properties once all are known", async () => {
    const two = [{ at: "/a" }, { at: "/b" }];
    assert.deepEqual(await reasons({ image: "a", memoryMb: 16, items: two }), [
      "items: too many for so little memory.",
    ]);
    assert.deepEqual(await reasons({ image: "a", memoryMb: UNKNOWN, items: two }), []);
  });
});

const known = fc.record(
  {
    image: fc.string({ minLength: 1 }),
    memoryMb: fc.oneof(fc.integer({ min: 0, max: 64 }), fc.string()),
    policy: fc.constantFrom("always", "never", "sometimes"),
    items: fc.array(fc.record({ at: fc.constantFrom("/a", "/b", "c"), readonly: fc.boolean() }, { requiredKeys: [] }), {
      maxLength: 4,
    }),
    env: fc.dictionary(fc.constantFrom("A", "B"), fc.string()),
  },
  { requiredKeys: ["image"] },
);

/** Makes parts of a value unknown; `isHidden` decides for each part in the order of the walk. */
function hideParts(value: unknown, isHidden: () => boolean): unknown {
  if (isHidden()) return UNKNOWN;
  if (Array.isArray(value)) return value.map((inner) => hideParts(inner, isHidden));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hideParts(inner, isHidden)]));
}

describe("an unknown value", () => {
  it("never makes valid inputs invalid", async () => {
    await fc.assert(
      fc.asyncProperty(known, fc.infiniteStream(fc.boolean()), async (raw, stream) => {
        const whole = await check(sample, {}, raw);
        fc.pre(whole.failures.length === 0);
        const partlyUnknown = Object.fromEntries(
          Object.entries(raw).map(([k, v]) => [k, hideParts(v, () => stream.next().value)]),
        );
        assert.deepEqual((await check(sample, {}, partlyUnknown)).failures, []);
      }),
      { numRuns: 2000 },
    );
  });

  it("never decides a replacement", async () => {
    await fc.assert(
      fc.asyncProperty(known, fc.infiniteStream(fc.boolean()), async (raw, stream) => {
        const { inputs, failures } = await check(sample, {}, raw);
        fc.pre(failures.length === 0);
        const partlyUnknown = Object.fromEntries(
          Object.entries(inputs).map(([k, v]) => [k, hideParts(v, () => stream.next().value)]),
        );
        for (const change of diff(sample, inputs, partlyUnknown))
          assert.deepEqual([change.replace, change.certain], [false, false]);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("diff", () => {
  const olds = {
    image: "a",
    memoryMb: 128,
    policy: "never",
    items: [
      { at: "/a", readonly: false },
      { at: "/b", readonly: true },
    ],
    env: { A: "1" },
  };

  it("is empty for equal inputs, whatever the order of sets and keys", () => {
    assert.deepEqual(diff(sample, olds, structuredClone(olds)), []);
    assert.deepEqual(
      diff(sample, olds, {
        ...olds,
        items: [
          { readonly: true, at: "/b" },
          { readonly: false, at: "/a" },
        ],
      }),
      [],
    );
  });

  it("ignores outputs and hidden keys in old state", () => {
    assert.deepEqual(
      diff(sample, { ...olds, uuid: "x", __provider: "text" }, { ...olds, __provider: "other text" }),
      [],
    );
  });

  it("reports the effect of a change", () => {
    assert.deepEqual(diff(sample, olds, { ...olds, image: "b", memoryMb: 256 }), [
      { property: "image", replace: true, mayReplace: false, restart: false, certain: true },
      { property: "memoryMb", replace: false, mayReplace: false, restart: false, certain: true },
    ]);
  });

  it("reports that an unknown value may cause a replacement, without requiring one", () => {
    const [change] = diff(sample, olds, { ...olds, image: UNKNOWN });
    assert.deepEqual([change?.replace, change?.mayReplace, change?.certain], [false, true, false]);
  });

  it("is certain if a known part differs beside an unknown one", () => {
    const [change] = diff(sample, olds, { ...olds, env: { A: "2", B: UNKNOWN } });
    assert.deepEqual(change, {
      property: "env",
      replace: false,
      mayReplace: false,
      restart: false,
      certain: true,
    });
  });

  const disk: Definition = {
    kind: "Disk",
    description: "For tests.",
    inputs: z.strictObject({
      sizeMb: field(z.int().optional(), {
        description: "Size.",
        keptWhenAbsent: true,
        onChange: ({ before, after }) => (Number(after) < Number(before) ? "replace" : "update"),
      }),
    }),
    outputs: z.object({}),
  };
  const replaced = (news: object) => diff(disk, { sizeMb: 64 }, { ...news }).map(({ replace }) => replace);

  it("keeps the server's choice for an omitted property", () => assert.deepEqual(replaced({}), []));

  it("lets values decide the effect of their change once known", () => {
    assert.deepEqual(replaced({ sizeMb: 128 }), [false]);
    assert.deepEqual(replaced({ sizeMb: 32 }), [true]);
    assert.deepEqual(replaced({ sizeMb: UNKNOWN }), [false]);
  });
});
