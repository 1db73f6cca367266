/** The dashboard in a real browser: what it shows, with the keyboard only, on a small screen, and as axe-core judges it. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import type { Browser, Page } from "puppeteer-core";
import { findViolations, openBrowser } from "../../support/browser";
import { freePort } from "../../support/freePorts";
import { eventually } from "../../support/localPlatform";
import { sendHttp, TestPlatform, webGuest } from "../../support/testPlatform";

const WIDE = { width: 1200, height: 900 };
const PHONE = { width: 360, height: 740 };

describe("the dashboard in Chromium", function () {
  this.timeout(60_000);
  let platform: TestPlatform;
  let browser: Browser;
  let page: Page;
  let screenshots: string;
  const problems: string[] = [];

  before(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    await populate(platform);
    browser = await openBrowser();
    page = await browser.newPage();
    page.on("console", (message) => void (message.type() === "error" && problems.push(message.text())));
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on(
      "request",
      (request) => void (request.url().startsWith(platform.daemon.url) || problems.push(request.url())),
    );
    screenshots =
      process.env["UNIKERNEL_SCREENSHOTS"] ?? (await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-dashboard-")));
    await page.setViewport(WIDE);
    await page.goto(await link());
    await page.waitForSelector(".instances li");
  });
  after(async () => {
    await browser.close();
    await platform.close();
    if (process.env["UNIKERNEL_SCREENSHOTS"] === undefined) await fs.rm(screenshots, { recursive: true });
  });

  async function link(): Promise<string> {
    const { url, token } = platform.daemon;
    const { text } = await sendHttp(`${url}/dashboard/link`, "POST", { authorization: `Bearer ${token}` });
    return (JSON.parse(text) as { url: string }).url;
  }
  const textOf = (selector: string) => page.$eval(selector, (element) => element.textContent ?? "");
  const screenshot = (name: string) =>
    page.screenshot({ path: path.join(screenshots, `${name}.png`) as `${string}.png`, fullPage: true });

  it("shows instances, times and services, and changes by itself", async () => {
    assert.equal(new URL(page.url()).search, "", "the code is no longer in the address");
    const instances = await textOf("#instance-list");
    for (const text of ["web-1", "running", "batch", "stopped, exit code 3", "/ 256 MiB"]) assert.ok(instances.includes(text), text); // prettier-ignore
    assert.match(await textOf("#service-list"), /front127\.0\.0\.1:\d+ → 8080.*web-1 \(running\)web-2 \(/);
    assert.ok((await page.$$("#plot path")).length >= 3);
    assert.match(await textOf("#medians"), /median boot[\d.]+ m?s \(\d+\)/);
    await platform.requestItem("POST", "/v1/instances", { image: "app:1", name: "late" });
    await eventually("a new instance is shown", async () => (await textOf("#instance-list")).includes("late"));
  });

  it("is used with the keyboard only", async () => {
    await page.bringToFront();
    const focused = () => page.evaluate("document.activeElement.textContent.trim()");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Skip to the instances");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    const first = await focused();
    assert.equal(first, await textOf(".instances button"));
    await page.keyboard.press("Enter");
    await eventually("its log is shown", async () => (await textOf("#log")).includes(`hello from ${first}`));
    assert.equal(await page.$eval(".instances button", (button) => button.getAttribute("aria-pressed")), "true");
    assert.equal(await focused(), first, "the focus stays while the page changes");
    assert.doesNotMatch(await textOf("#log"), /\u001b/);
  });

  for (const [name, viewport] of Object.entries({ wide: WIDE, phone: PHONE }))
    for (const scheme of ["light", "dark"])
      it(`has no violation of axe-core's rules and does not scroll sideways: ${name}, ${scheme}`, async () => {
        await page.setViewport(viewport);
        await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
        await screenshot(`${name}-${scheme}`);
        assert.deepEqual(await findViolations(page), []);
        const width = await page.evaluate("document.documentElement.scrollWidth");
        assert.equal(width, viewport.width);
      });

  it("loads nothing from elsewhere, and reports no error", () => {
    assert.deepEqual(problems, []);
  });

  it("says what to do once the link was used", async () => {
    const used = await link();
    const other = await (await browser.createBrowserContext()).newPage();
    await other.goto(used);
    await other.waitForSelector(".instances li");
    const third = await (await browser.createBrowserContext()).newPage();
    await third.goto(used);
    assert.match(await third.$eval("body", ({ textContent }) => textContent ?? ""), /used before.*local dashboard/);
  });
});

/** Instances in several states, with what has happened to them. */
async function populate(platform: TestPlatform): Promise<void> {
  platform.setDefaultGuest((name) => ({
    ...webGuest(name),
    bootMs: 20 + name.length * 9,
    listenMs: 40,
    console: `\u001b[32mhello from ${name}\u001b[0m\nlistening on port 8080\n`,
    usage: { rssBytes: 71e6 + name.length * 3e6, cpuTimeMs: 120 },
  }));
  platform.guests.set("batch", { exits: { afterMs: 30, exit: { kind: "exited", exitCode: 3 } }, console: "failed\n" });
  const port = await freePort();
  const group = { name: "front", services: [{ port, destination_port: 8080 }], domains: [{ name: "shop" }] };
  const { uuid: front } = await platform.requestItem("POST", "/v1/services", group);
  const scaleToZero = { policy: "on", stateful: true, cooldown_time_ms: 150 };
  const image = { image: "app:1", memory_mb: 256 };
  const web = await platform.createRunning({ ...image, name: "web-1", service_group: { uuid: front } });
  await platform.createRunning({ ...image, name: "web-2", service_group: { uuid: front } });
  const sleepy = { services: [{ port: await freePort(), destination_port: 80 }], name: "reports" };
  const { uuid } = await platform.createRunning({ ...image, name: "report-builder", service_group: sleepy, scale_to_zero: scaleToZero }); // prettier-ignore
  await platform.requestItem("POST", "/v1/instances", {
    ...image,
    name: "batch",
    autostart: true,
    restart_policy: "never",
  });
  for (let wake = 0; wake < 3; wake++) {
    await platform.waitForItem(uuid, ({ state }) => state === "standby");
    await sendHttp(`http://127.0.0.1:${sleepy.services[0]?.port ?? 0}/`, "GET", { connection: "close" });
  }
  await platform.api("PUT", "/v1/instances/stop", [{ uuid: web.uuid }]);
  await platform.waitForItem(web.uuid, ({ state }) => state === "stopped");
  await platform.api("PUT", "/v1/instances/start", [{ uuid: web.uuid }]);
  await platform.waitForItem(web.uuid, ({ state }) => state === "running");
}
