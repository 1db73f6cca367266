/**
 * The dashboard: a page in the browser that shows the platform and changes nothing.
 *
 * ```text
 * POST /dashboard/link          token   one-time link
 * GET  /dashboard?code=…        code    cookie, then the page
 * GET  /dashboard               cookie  the page
 * GET  /dashboard/<file>        cookie  its style and scripts
 * GET  /dashboard/state         cookie  the platform, as a stream of events
 * GET  /dashboard/logs/<uuid>   cookie  the console log of an instance, as a stream of events
 * ```
 */
import type * as http from "node:http";
import type { Registry } from "../../registry";
import { type Endpoint, pathOf, sendStatus } from "../endpoints/endpoint";
import { DashboardAccess } from "./access";
import { readAsset } from "./assets";
import { streamLog, streamState } from "./streams";

const ROOT = "/dashboard";
const NO_ACCESS =
  "This page needs a link that works once. Run 'npx unikernel local dashboard' and open the link that it prints.";
/** Nothing from elsewhere, nothing inline, in no frame. */
const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};
/** The page that a link opens: the browser does not send a new strict cookie with a redirect that another site began. */
const ENTER = `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=${ROOT}"><title>unikernel</title><p><a href="${ROOT}">Continue</a></p></html>\n`;

/** What {@link dashboardEndpoint} needs. */
export interface DashboardOptions {
  readonly registry: Registry;
  /** True if an `Authorization` header contains the token. */
  readonly isAuthorized: (header: string | undefined) => boolean;
  /** Base URL of the server. */
  readonly url: () => string;
}

/** Serves the dashboard. */
export function dashboardEndpoint({ registry, isAuthorized, url }: DashboardOptions): Endpoint {
  const access = new DashboardAccess();
  const { clock, vmm } = registry.parts;
  // Cookies are those of all ports of a host.
  const cookieName = (): string => `unikernel_dashboard_${new URL(url()).port}`;

  function createLink(request: http.IncomingMessage, response: http.ServerResponse): void {
    if (!isAuthorized(request.headers.authorization))
      return sendStatus(response, 401, "Send the token of the local platform.");
    const link = `${url()}${ROOT}?code=${access.createCode(clock.now())}`;
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ url: link }));
  }

  function enter(code: string, response: http.ServerResponse): void {
    const session = access.redeem(code, clock.now());
    if (session === undefined) return sendStatus(response, 403, `The link was used before or is too old. ${NO_ACCESS}`);
    const cookie = `${cookieName()}=${session}; Path=${ROOT}; HttpOnly; SameSite=Strict`;
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", "set-cookie": cookie }).end(ENTER);
  }

  async function sendAsset(name: string, response: http.ServerResponse): Promise<void> {
    const asset = await readAsset(name);
    if (asset === undefined) return sendStatus(response, 404, "There is no such page.");
    response.writeHead(200, { "content-type": asset.contentType }).end(asset.bytes);
  }

  return {
    root: ROOT,
    handle: async (request, response, gone) => {
      for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
      const path = pathOf(request).slice(ROOT.length + 1);
      if (request.method === "POST" && path === "link") return createLink(request, response);
      if (request.method !== "GET") return sendStatus(response, 405, "The dashboard only answers GET.");
      const code = new URL(request.url ?? "", url()).searchParams.get("code");
      if (path === "" && code !== null) return enter(code, response);
      if (!access.isSession(cookieOf(request, cookieName()), clock.now())) return sendStatus(response, 403, NO_ACCESS);
      if (path === "state") return await streamState(registry, response, gone);
      const [, uuid] = /^logs\/([0-9a-f-]+)$/.exec(path) ?? [];
      if (uuid === undefined) return await sendAsset(path === "" ? "index.html" : path, response);
      if (!registry.instances.has(uuid)) return sendStatus(response, 404, "There is no such instance.");
      return await streamLog(vmm.consoleLogPath(uuid), response, gone);
    },
  };
}

const cookieOf = ({ headers }: http.IncomingMessage, name: string): string =>
  (headers.cookie ?? "")
    .split(/; */)
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1) ?? "";
