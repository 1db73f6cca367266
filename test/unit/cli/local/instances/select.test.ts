import assert from "node:assert/strict";
import { deriveName } from "../../../../../provider/definition/naming";
import { selectByWords } from "../../../../../provider/cli/local/instances/select";

const derived = deriveName("api", "0123456789abcdef");
const items = [
  { name: "web", uuid: "5a1f0c1e-0000-4000-8000-000000000001" },
  { name: "web-two", uuid: "5a1f0c1e-0000-4000-8000-000000000002" },
  { name: derived, uuid: "77777777-0000-4000-8000-000000000003" },
];
const names = (words: readonly string[], exact = false) =>
  selectByWords(words, items, { kind: "instance", exact }).map(({ name }) => name);

describe("the instances that words name", () => {
  it("are those of a name, a UUID, its unique start, or a resource", () => {
    assert.deepEqual(names(["web"]), ["web"]);
    assert.deepEqual(names(["5A1F0C1E-0000-4000-8000-000000000002", "7777"]), ["web-two", derived]);
    assert.deepEqual(names(["api"]), [derived]);
    assert.deepEqual(names(["web", "web", "5a1f0c1e-0000-4000-8000-000000000001"]), ["web"]);
  });

  it("are not those of a resource where only exact names count", () => {
    assert.throws(() => names(["api"], true), { code: "NOT_FOUND", hint: `Did you mean '${derived}'?` });
    assert.deepEqual(names(["7777"], true), [derived]);
  });

  it("are an error that names what may be meant", () => {
    assert.throws(() => names([]), { code: "INPUT_INVALID", hint: "Give its name or UUID, such as 'web'." });
    assert.throws(() => names(["5a1f"]), {
      code: "INPUT_INVALID",
      message: /'5a1f' may be one of 2 instances: 'web' \(/,
    });
    assert.throws(() => names(["wbe"]), { code: "NOT_FOUND", hint: "Did you mean 'web'?" });
    assert.throws(() => names(["5a1"]), { code: "NOT_FOUND" });
    assert.throws(() => names(["nothing-alike"]), { code: "NOT_FOUND", hint: /local ps/ });
    assert.throws(() => selectByWords([], [], { kind: "instance" }), { hint: "Give its name or UUID." });
  });
});
