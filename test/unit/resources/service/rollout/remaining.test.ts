import assert from "node:assert/strict";
import { planServiceUpdate } from "../../../../../provider/resources/service/plan";
import { templateHash } from "../../../../../provider/resources/service/hashKey";
import { type ServiceInputs, serviceInputs } from "../../../../../provider/resources/service/inputs";
import { describeRemaining, knownMembers } from "../../../../../provider/resources/service/rollout/remaining";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const image = (digit: string) => `registry.test/web@${digest(digit)}`;
const members = (digits: readonly string[]) => digits.map((digit) => ({ digest: digest(digit), template: undefined }));
const requested = (of: string) => ({ image: of, hash: undefined });

describe("an unfinished rollout", () => {
  const service = (digit: string): ServiceInputs =>
    serviceInputs.parse({
      name: "web",
      ports: [{ port: 80, handlers: ["http"] }],
      replicas: 5,
      template: { image: image(digit) },
    });
  const rollOf = (digits: readonly string[]) =>
    planServiceUpdate(service("a"), service("b"), digits.length, { members: members(digits) }).map(
      ({ description }) => description,
    );

  it("is described by the members that still run another image", () => {
    const [text = ""] = rollOf(["a", "a", "b", "a", "b"]);
    assert.match(
      text,
      /^finish the roll: 3 of 5 still on sha256:aaaaaaaaaaaa…; roll the changed template out to 5 replicas/,
    );
  });

  it("differs from one that has not begun or was rolled back", () => {
    const [text = ""] = rollOf(["a", "a", "a"]);
    assert.match(text, /^roll the changed template out to 5 replicas .*; 3 of 3 still on sha256:aaaaaaaaaaaa…$/);
  });

  it("is described for an image without a digest, and for other settings of the same image, if no member is new", () => {
    const olds = members(["b", "b"]);
    const text = "2 of 2 still with the old template, on sha256:bbbbbbbbbbbb…";
    for (const of of [image("b"), "web:latest"]) {
      assert.equal(describeRemaining(requested(of), olds, true)?.text, text);
      assert.equal(describeRemaining(requested(of), olds, false), undefined);
    }
  });

  it("names each image once, and nothing that is not known", () => {
    const olds = members(["c", "a", "c", "b"]);
    assert.equal(
      describeRemaining(requested(image("b")), olds, false)?.text,
      "3 of 4 still on sha256:aaaaaaaaaaaa… and sha256:cccccccccccc…",
    );
    assert.equal(describeRemaining(requested(image("b")), members(["b"]), false), undefined);
    assert.equal(describeRemaining(requested("web:latest"), olds, false), undefined);
    assert.deepEqual(knownMembers([{ uuid: "u", name: "n" }, { digest: "", template: 1 }, { digest: digest("a") }]), [
      ...[
        { digest: "", template: undefined },
        { digest: "", template: undefined },
      ],
      ...members(["a"]),
    ]);
    assert.deepEqual(knownMembers(undefined), []);
    assert.doesNotMatch(rollOf([]).join(), /still on/);
  });
});

describe("a rollout of settings alone, which did not end", () => {
  const KEY = "0123456789abcdef";
  const service = (version: string, replicas = 3, rollout: object = {}): ServiceInputs =>
    serviceInputs.parse({
      name: "web",
      ports: [{ port: 80, handlers: ["http"] }],
      replicas,
      rollout,
      template: { image: image("a"), env: { VERSION: version } },
    });
  const ON = "with another template, on sha256:aaaaaaaaaaaa…";
  /** The preview with these members. The state may have either template, and counts the replicas of one. */
  function preview(versions: string, news: ServiceInputs): readonly string[] {
    const known = [...versions].map((version) => ({
      digest: digest("a"),
      template: templateHash(KEY, service(version).template ?? {}),
    }));
    const found = ["1", "2"].flatMap((version) =>
      [1, 2, 3, 4].map((replicas) =>
        planServiceUpdate(service(version, replicas), news, known.length, { members: known, hashKey: KEY })
          .map(({ description }) => description)
          .join(),
      ),
    );
    return [...new Set(found)];
  }
  const ROLL =
    "roll the changed template out to 3 replicas (rolling): in 3 batches of 1, at most 4 at once, at least 3 serving";

  it("is finished, whatever the state says of the template", () =>
    assert.deepEqual(preview("112", service("2")), [`finish the roll: 2 of 3 still ${ON}; ${ROLL}`]));

  it("is reverted", () =>
    assert.deepEqual(preview("112", service("1")), [`finish the roll: 1 of 3 still ${ON}; ${ROLL}`]));

  it("leaves one too many, which the reverted program removes", () =>
    assert.deepEqual(preview("1112", service("1")), [
      `finish the roll: 1 of 4 still ${ON}; drain and delete 1 replica`,
    ]));

  it("has all of the old template before it begins", () =>
    assert.deepEqual(preview("111", service("2")), [
      `${ROLL}; 3 of 3 still with the old template, on sha256:aaaaaaaaaaaa…`,
    ]));

  it("is followed by a third template, or by none", () => {
    assert.deepEqual(preview("112", service("3")), [
      `${ROLL}; 3 of 3 still with the old template, on sha256:aaaaaaaaaaaa…`,
    ]);
    assert.deepEqual(preview("112", service("2", 0)), ["drain and delete 3 replicas"]);
  });

  it("has ended where every member is as requested, though the state has the other template", () => {
    const known = [1, 2, 3].map(() => ({
      digest: digest("a"),
      template: templateHash(KEY, service("2").template ?? {}),
    }));
    const steps = (replicas: number) =>
      planServiceUpdate(service("1"), service("2", replicas), 3, { members: known, hashKey: KEY });
    assert.deepEqual(steps(3), []);
    assert.deepEqual(steps(4), [{ do: "roll", description: "launch 1 replica" }]);
  });
});
