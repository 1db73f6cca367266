import assert from "node:assert/strict";
import { planServiceUpdate } from "../../../../../provider/resources/service/plan";
import { type ServiceInputs, serviceInputs } from "../../../../../provider/resources/service/inputs";
import { describeRemaining, memberDigests } from "../../../../../provider/resources/service/rollout/remaining";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const image = (digit: string) => `registry.test/web@${digest(digit)}`;

describe("an unfinished rollout", () => {
  const service = (digit: string): ServiceInputs =>
    serviceInputs.parse({
      name: "web",
      ports: [{ port: 80, handlers: ["http"] }],
      replicas: 5,
      template: { image: image(digit) },
    });
  const rollOf = (digests: readonly string[]) =>
    planServiceUpdate(service("a"), service("b"), digests.length, { digests }).map(({ description }) => description);

  it("is described by the members that still run another image", () => {
    const [text = ""] = rollOf(["a", "a", "b", "a", "b"].map(digest));
    assert.match(
      text,
      /^finish the roll: 3 of 5 still on sha256:aaaaaaaaaaaa…; roll the changed template out to 5 replicas/,
    );
  });

  it("differs from one that has not begun or was rolled back", () => {
    const [text = ""] = rollOf(["a", "a", "a"].map(digest));
    assert.match(text, /^roll the changed template out to 5 replicas .*; 3 of 3 still on sha256:aaaaaaaaaaaa…$/);
  });

  it("is described for an image without a digest, and for other settings of the same image, if no member is new", () => {
    const olds = [digest("b"), digest("b")];
    const text = "2 of 2 still with the old template, on sha256:bbbbbbbbbbbb…";
    for (const requested of [image("b"), "web:latest"]) {
      assert.equal(describeRemaining(requested, olds, true)?.text, text);
      assert.equal(describeRemaining(requested, olds, false), undefined);
    }
  });

  it("names each image once, and nothing that is not known", () => {
    const digests = ["c", "a", "c", "b"].map(digest);
    assert.equal(
      describeRemaining(image("b"), digests, false)?.text,
      "3 of 4 still on sha256:aaaaaaaaaaaa… and sha256:cccccccccccc…",
    );
    assert.equal(describeRemaining(image("b"), [digest("b")], false), undefined);
    assert.equal(describeRemaining("web:latest", digests, false), undefined);
    assert.deepEqual(memberDigests([{ uuid: "u", name: "n" }, { digest: "" }, { digest: digest("a") }]), [digest("a")]);
    assert.deepEqual(memberDigests(undefined), []);
    assert.doesNotMatch(rollOf([]).join(), /still on/);
  });
});
