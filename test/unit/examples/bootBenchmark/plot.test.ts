import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { plot } from "../../../../examples/boot-benchmark/report/plot";
import { fromCsv, type Row } from "../../../../examples/boot-benchmark/report/rows";
import { benchmarkRow as row } from "../../../support/benchmarkRow";

/** Numbers of an attribute of the elements with a class, in the order of the picture. */
const numbers = (svg: string, element: string, className: string, attribute: string): readonly number[] =>
  [...svg.matchAll(new RegExp(`<${element} class="${className}"[^>]* ${attribute}="([\\d.]+)"`, "g"))].map(([, value]) => Number(value)); // prettier-ignore
const texts = (svg: string): string => [...svg.matchAll(/<text[^>]*>([^<]*)/g)].map(([, text]) => text).join("\n");
const timeout = { outcome: "timeout", bootMs: undefined, reachableMs: undefined, firstByteMs: undefined } as const;

const MEASURED = path.join(__dirname, "../../../../examples/boot-benchmark/measured");

describe("examples/boot-benchmark: plot", () => {
  it("of the measured starts is the picture beside them", () => {
    const read = (name: string): string => fs.readFileSync(path.join(MEASURED, name), "utf8");
    assert.equal(plot(fromCsv(read("results.csv"))), read("results.svg"));
  });

  it("draws every start on an axis from zero, on which twice the time is twice as far", () => {
    const svg = plot([1000, 2000, 4000].map((ms, index) => row({ round: index, reachableMs: ms, firstByteMs: ms })));
    const [zero = 0] = numbers(svg, "line", "grid", "x1");
    const [first = 0, second = 0, third = 0, ...byte] = numbers(svg, "circle", "dot", "cx");
    assert.equal(byte.length, 3);
    assert.ok(Math.abs((second - zero) / (first - zero) - 2) < 0.001 && Math.abs((third - zero) / (first - zero) - 4) < 0.001);
    assert.deepEqual(numbers(svg, "line", "median", "x1"), [second, second]);
  }); // prettier-ignore

  it("says of each group how many starts it has, what its image takes, and its memory", () => {
    const svg = plot([row(), row({ start: "clone", count: 140, rssMib: undefined, pssMib: undefined, containerBytes: undefined })]); // prettier-ignore
    const shown = texts(svg);
    for (const text of [
      "linux, 10 instances",
      "linux, 140 clones",
      "1 start",
      "image 55.4 MiB; container image 1.0 MiB",
      "memory RSS 221, PSS 177 MiB",
      "container image not measured",
      "memory RSS ?, PSS ? MiB",
      "of a guest with 128 MiB",
    ])
      assert.ok(shown.includes(text), `${text} in\n${shown}`);
  });

  it("names the machine, the accelerator, and what emulation means", () => {
    assert.ok(
      texts(plot([row()])).includes(
        'emulation (TCG), no hardware virtualisation, QEMU 7.2.22; 2 × Xeon "E3", 2.2 GHz, 24 GiB, Linux 6.1',
      ),
    );
    const both = texts(plot([row(), row({ count: 50, accelerator: "kvm" })]));
    assert.match(both, /^emulation .*\nKVM, QEMU/m);
  });

  it("counts starts without a first byte", () => {
    const rows: readonly Row[] = [row(), row({ round: 2, ...timeout }), row({ round: 3, ...timeout })];
    assert.match(texts(plot(rows)), /^3 starts, 2 without a first byte$/m);
    assert.match(texts(plot([row(timeout)])), /^1 start, 1 without a first byte$/m);
  });

  it("says that no Unikraft kernel was supplied", () =>
    assert.match(
      texts(plot([row(), row({ kind: "unikraft", ...timeout, outcome: "none supplied", count: 0 })])),
      /^unikraft: none supplied, so there is nothing to compare with\.$/m,
    ));

  it("keeps texts from being read as markup", () => {
    const svg = plot([row({ cpu: "<b>&" })]);
    assert.ok(svg.includes("&lt;b&gt;&amp;") && !svg.includes("<b>"));
  });

  it("has colours for light and for dark", () =>
    assert.match(plot([row()]), /--paper: #ffffff[^]*prefers-color-scheme: dark[^]*--paper: #0d1117/));
});
