/** A headless Chromium, and what a test asks of a page. */
import * as path from "node:path";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { findTool } from "../../provider/base/exec";

/** Starts Chromium; the caller closes it. */
export function openBrowser(): Promise<Browser> {
  const executablePath = findTool("chromium");
  if (executablePath === undefined) throw new Error("The tool 'chromium' is not installed.");
  // The sandbox of Chromium does not start for root, which tests in containers run as.
  return puppeteer.launch({ executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
}

/** A rule of axe-core that a page breaks. */
export interface Violation {
  readonly id: string;
  readonly help: string;
  /** The elements, as HTML. */
  readonly elements: readonly string[];
}

const AXE = path.join(path.dirname(require.resolve("axe-core/package.json")), "axe.min.js");

/** What axe-core finds on a page. It is run beside the page's own policy, which forbids foreign scripts. */
export async function findViolations(page: Page): Promise<readonly Violation[]> {
  const client = await page.createCDPSession();
  const { readFile } = await import("node:fs/promises");
  await client.send("Runtime.evaluate", { expression: await readFile(AXE, "utf8") });
  const expression = `axe.run().then(({ violations }) => JSON.stringify(violations.map(({ id, help, nodes }) =>
    ({ id, help, elements: nodes.map(({ html }) => html) }))))`;
  const { result } = await client.send("Runtime.evaluate", { expression, awaitPromise: true });
  await client.detach();
  return JSON.parse(String(result.value)) as Violation[];
}
