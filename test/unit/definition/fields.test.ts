import assert from "node:assert/strict";
import * as z from "zod";
import { diff } from "../../../provider/definition/diff";
import { fieldsIn, sameFields } from "../../../provider/definition/fields";
import { field } from "../../../provider/definition/resource";
import { UNKNOWN } from "../../../provider/definition/unknowns";

const inputs = z.strictObject({
  name: field(z.string().optional(), { description: "A name.", onChange: "replace" }),
  size: field(z.int().default(1), { description: "A size." }),
  tags: field(z.array(z.string()).default([]), { description: "Tags.", unordered: true }),
});

describe("the fields of a definition", () => {
  it("are read from its schema once, with their metadata", () => {
    assert.deepEqual(
      fieldsIn(inputs).map(({ name, meta }) => [name, meta?.description]),
      [
        ["name", "A name."],
        ["size", "A size."],
        ["tags", "Tags."],
      ],
    );
    assert.equal(fieldsIn(inputs), fieldsIn(inputs));
  });

  it("are the same if only other keys differ, and then the diff is empty", () => {
    const olds = { name: "a", size: 2, tags: ["x"], __version: 2, state: "running" };
    const news = { name: "a", size: 2, tags: ["x"] };
    assert.equal(sameFields(inputs, olds, news), true);
    assert.deepEqual(diff({ inputs }, olds, news), []);
  });

  it("are not the same if a value is unknown, in another order, or left out by an older release", () => {
    const news = { name: "a", size: 1, tags: ["x", "y"] };
    assert.equal(sameFields(inputs, { ...news, size: 2 }, { ...news, size: UNKNOWN }), false);
    assert.equal(sameFields(inputs, { ...news, tags: ["y", "x"] }, news), false);
    assert.equal(sameFields(inputs, { name: "a", tags: ["x", "y"] }, news), false);
    assert.equal(sameFields(inputs, { ...news, name: null }, { size: 1, tags: ["x", "y"] }), false);
  });
});
