import assert from "node:assert/strict";
import { formatComment } from "../../../../provider/cli/ci/formatComment";
import { parsePreview } from "../../../../provider/cli/ci/previewDigest";
import {
  expectedComment,
  previewMessage,
  previewOf,
  previewStep,
  recordedPreview,
  urnFor,
} from "../../../support/previewJson";

const SENTINEL = "4dabf18193072939515e22adb298388d";
const IMAGE = "pulumi-nodejs:dynamic/unikernel:GatewayImage";
const VOLUME = "pulumi-nodejs:dynamic/unikernel:Volume";

const commentOn = (preview: string): string => formatComment(parsePreview(preview, "preview.json"));
const rowsOf = (comment: string): readonly string[] =>
  comment.split("\n").filter((line) => /^\| (?!\||---)/.test(line));

describe("the comment on a preview", () => {
  for (const name of ["none", "image", "port", "quota", "replacement", "scale", "pulumi-3.215.0"]) {
    it(`of the recorded change '${name}' is the text written by hand`, () => {
      assert.equal(commentOn(recordedPreview(name)), expectedComment(name));
    });
  }

  it("is the same whatever the order of steps and messages", () => {
    const { steps = [], diagnostics = [], ...rest } = JSON.parse(recordedPreview("image")) as Record<string, object[]>;
    // Those of one resource keep their order.
    const reorder = (entries: readonly object[]): readonly object[] =>
      [...Map.groupBy(entries, (one) => (one as { urn: string }).urn).values()].reverse().flat();
    const shuffled = { ...rest, steps: reorder(steps), diagnostics: reorder(diagnostics) };
    assert.notDeepEqual(shuffled.steps, steps);
    assert.equal(commentOn(JSON.stringify(shuffled)), expectedComment("image"));
  });

  it("begins with what is most drastic, and says what a provider does not", () => {
    const preview = previewOf([
      previewStep("create", "new"),
      previewStep("import", "found"),
      previewStep("update", "b"),
      previewStep("update", "a", { parent: urnFor("shop-front", "acme:web:Site") }),
      previewStep("delete", "data", { type: VOLUME }),
      previewStep("delete", "old"),
      previewStep("replace", "pod", { type: "kubernetes:core/v1:Pod", replaceReasons: ["spec", "metadata"] }),
      previewStep("replace", "any"),
      previewStep("same", "still"),
      previewStep("read", "looked-up"),
    ]);
    assert.deepEqual(commentOn(preview).split("\n"), [
      "<!-- unikernel ci comment: shop/test -->",
      "### Preview of `shop`, stack `test`: 2 to replace, 2 to delete, 2 to update, 1 to create, 1 to import",
      "",
      "| | Resource | What will happen |",
      "| --- | --- | --- |",
      "| **replace** | Instance `any` | Will be replaced. |",
      "| **replace** | kubernetes:core/v1:Pod `pod` | Will be replaced because of metadata, spec. |",
      "| **delete** | Instance `old` | Will be deleted. |",
      "| **delete** | Volume `data` | Will be deleted with its files. |",
      "| update | Instance `a` in `shop-front`, `b` | Will be changed in place. |",
      "| create | Instance `new` | Will be created. |",
      "| import | Instance `found` | Will be imported. |",
      "",
      "| Quota that the changed resources use | Before | After |".replace(
        "the changed resources use",
        "this stack uses",
      ),
      "| --- | --- | --- |",
      "| `volumes` | 1 | 0 |",
    ]);
  });

  it("says whether the quotas are those of the whole stack", () => {
    const steps = [previewStep("create", "new")];
    assert.match(commentOn(previewOf(steps, [], { same: 0, create: 1 })), /\| Quota that this stack uses \|/);
    assert.match(commentOn(previewOf(steps, [], { same: 9, create: 1 })), /\| Quota that the changed resources use \|/);
  });

  it("reads state of an earlier release as that release wrote it", () => {
    const before = { ...JSON.parse('{"memoryMb":64,"autostart":true,"vcpus":1}'), __version: 4 } as Record<
      string,
      unknown
    >;
    const after = { memoryMb: 128, autostart: true, vcpus: 1 };
    const lines = commentOn(previewOf([previewStep("update", "web", { oldInputs: before, inputs: after })])).split(
      "\n",
    );
    assert.equal(lines.at(-1), "| `live_memory_mb` | 64 MiB | 128 MiB |");
  });

  it("tells a resource that was deleted outside Pulumi from a new one", () => {
    const preview = previewOf([previewStep("delete", "web"), previewStep("create", "web")]);
    assert.deepEqual(rowsOf(commentOn(preview)).slice(0, 1), [
      "| create | Instance `web` | Was deleted outside Pulumi, and will be created again. |",
    ]);
  });

  it("shows an image as far as its size and digest are known", () => {
    const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
    const [type, oldOutputs] = [IMAGE, { digest: digest("a"), sizeBytes: 1_572_864 }];
    const preview = previewOf(
      [
        previewStep("create", "new", { type, inputs: { digest: digest("b") } }),
        previewStep("update", "built-elsewhere", { type, oldOutputs }),
        previewStep("update", "kept", { type, oldOutputs, inputs: { digest: digest("a"), keepVersions: 5 } }),
        previewStep("delete", "old", { type, oldOutputs }),
      ],
      [previewMessage("GatewayImage 'new': the image will take 2.5 MiB.", urnFor("new", type))],
    );
    const rows = rowsOf(commentOn(preview));
    assert.ok(rows.includes("| create | GatewayImage `new` | Will be built. |"), rows.join("\n"));
    assert.deepEqual(rows.slice(rows.indexOf("| Image | Before | After |") + 1), [
      "| `old` | 1.5 MiB, `sha256:aaaaaaaaaaaa` | – |",
      "| `built-elsewhere` | 1.5 MiB, `sha256:aaaaaaaaaaaa` | known once it is built |",
      "| `new` | – | 2.5 MiB, `sha256:bbbbbbbbbbbb` |",
    ]);
  });

  it("has fewer than 60 lines for 200 resources, and counts what it leaves out", () => {
    const names = Array.from({ length: 200 }, (_, index) => `web-${String(index).padStart(3, "0")}`);
    const inputs = { memoryMb: 64, vcpus: 1, autostart: true, serviceGroup: { ports: [{}] } };
    const alike = commentOn(previewOf(names.map((name) => previewStep("create", name, { inputs }))));
    const [row = ""] = rowsOf(alike);
    assert.match(
      row,
      /^\| create \| Instance `web-000`, (`web-00\d`, ){6}`web-007` and 192 more \| Will be created\. \|$/,
    );
    assert.equal(alike.split("\n").length, 15);

    const types = ["Instance", "GatewayImage", "Volume", "Service"].map(
      (kind) => `pulumi-nodejs:dynamic/unikernel:${kind}`,
    );
    const typeAt = (index: number): string => types[index % 4] ?? "";
    const different = commentOn(
      previewOf(
        names.map((name, index) =>
          previewStep(index < 3 ? "replace" : "create", name, { type: typeAt(index), inputs }),
        ),
        names.map((name, index) => previewMessage(`Instance '${name}': note ${index}.`, urnFor(name, typeAt(index)))),
      ),
    );
    const lines = different.split("\n");
    assert.ok(lines.length < 60, String(lines.length));
    assert.match(lines[5] ?? "", /^\| \*\*replace\*\* \|/);
    assert.ok(lines.includes("|  | and 175 more | 175 to create. |"));
    assert.ok(
      lines.some((line) => /^\| and 4\d more \|/.test(line)),
      "images are counted too",
    );
  });

  it("stays below what GitHub takes, whatever the texts are", () => {
    const names = Array.from({ length: 200 }, (_, index) => `${index}-${"|@a".repeat(300)}`);
    const preview = previewOf(
      names.map((name) => previewStep("update", name)),
      names.map((name) => previewMessage(`${name} ${"@a".repeat(2_000)}`, urnFor(name))),
    );
    assert.ok(commentOn(preview).length < 65_536);
    const types = Array.from({ length: 200 }, (_, index) => `acme:index:${"|".repeat(10_000)}${index}`);
    const long = commentOn(previewOf(types.map((type) => previewStep("create", "one", { type }))));
    assert.ok(long.length < 65_536, String(long.length));
  });

  it("prints no secret: no property value, no encrypted value, nothing that others print", () => {
    const secret = "hunter2-hunter2";
    const encrypted = { [SENTINEL]: "1b47061264138c4ac30d75fd1eb44270", plaintext: secret, ciphertext: `v1:${secret}` };
    const inputs = { env: { TOKEN: secret }, args: [secret], memoryMb: 64, template: encrypted };
    const pod = { type: "kubernetes:core/v1:Pod" };
    const preview = previewOf(
      [
        previewStep("update", "web", { inputs, oldInputs: inputs, oldOutputs: inputs }),
        previewStep("update", "pod", pod),
      ],
      [
        previewMessage(`Instance 'web': {"${SENTINEL}":"1b47","plaintext":"${secret}"}.`, urnFor("web")),
        previewMessage(`env: ${secret}`, urnFor("pod", pod.type)),
        previewMessage(secret, ""),
        previewMessage(
          `error: pulumi-nodejs:dynamic/unikernel:Instance resource 'api': property env value {${secret}} has a problem: INPUT_INVALID: env: must be a map.`,
          urnFor("api"),
          "error",
        ),
        previewMessage(`error: Error: ${secret}\n at index.ts`, urnFor("shop-test", "pulumi:pulumi:Stack"), "error"),
      ],
    );
    const comment = commentOn(preview);
    assert.ok(!comment.includes("hunter2") && !comment.includes(SENTINEL), comment);
    assert.deepEqual(rowsOf(comment), [
      "| **error** | Instance `api` | INPUT\\_INVALID: env: must be a map. |",
      "| **error** | program | Failed; the output of the preview says why. |",
      "| update | Instance `web` | A message that holds a secret is not shown here. |",
      "| update | kubernetes:core/v1:Pod `pod` | Will be changed in place. |",
    ]);
  });

  it("shows a failure that concerns no resource", () => {
    const preview = previewOf([], [previewMessage("error: no stack", "", "error")]);
    assert.deepEqual(commentOn(preview).split("\n").slice(1), [
      "### Preview: failed, so nothing can be applied",
      "",
      "| | Resource | What will happen |",
      "| --- | --- | --- |",
      "| **error** | program | Failed; the output of the preview says why. |",
    ]);
  });

  it("marks warnings, says a repeated sentence once, and escapes what Markdown would read", () => {
    const name = "a|b`c\n<img src=x>";
    const preview = previewOf(
      [previewStep("update", name)],
      [
        previewMessage(
          `warning: Instance 'x': 1 file changed (/[a](https://evil.example)_@admin_<b>).`,
          urnFor(name),
          "warning",
        ),
        previewMessage("Instance 'x': again.", urnFor(name)),
        previewMessage("Instance 'x': again.", urnFor(name)),
      ],
    );
    assert.equal(
      rowsOf(commentOn(preview)).at(-1),
      "| update | Instance ``a\\|b`c <img src=x>`` | Warning: 1 file changed (/\\[a\\](https:<!-- -->//evil.example)\\_@<!-- -->admin\\_\\<b\\>). Again. |",
    );
  });
});
