/** Shows each state that the daemon sends. */
import { byId, definitions, html, setContent, svg } from "./elements.mjs";
import { formatAge, formatBytes, formatMs, median } from "./format.mjs";
import { followLog } from "./log.mjs";
import { drawPlot, KINDS } from "./plot.mjs";
import { drawTimeline } from "./timeline.mjs";

/** @typedef {import("../snapshot").Snapshot} Snapshot */
/** @typedef {import("../snapshot").DashboardInstance} Instance */

const SHOWN_STATES = ["running", "starting", "standby", "stopping", "stopped"];

/** The rows of the instances by uuid; they stay while the instance does, so that the focus does too. @type {Map<string, Element>} */
const rows = new Map();

function showLegends() {
  const square = (/** @type {string} */ state) =>
    svg(
      "svg",
      { viewBox: "0 0 10 10", "aria-hidden": "true" },
      svg("rect", { class: `fill-${state}`, width: 10, height: 10, rx: 2 }),
    );
  byId("legend").append(...SHOWN_STATES.map((state) => html("li", {}, square(state), state)));
  const mark = (/** @type {typeof KINDS[number]} */ { kind, mark: d }) =>
    svg("svg", { viewBox: "-6 -6 12 12", "aria-hidden": "true" }, svg("path", { class: kind, d }));
  byId("time-legend").append(...KINDS.map((kind) => html("li", {}, mark(kind), kind.label)));
}

/** @param {Snapshot} snapshot */
function showSummary({ instances, daemonRssBytes }) {
  const count = (/** @type {string} */ state) => String(instances.filter((one) => one.state === state).length);
  const sum = instances.reduce((total, { rssBytes }) => total + rssBytes, 0);
  const connections = instances.reduce((total, one) => total + one.connections, 0);
  setContent(
    byId("summary"),
    definitions([
      ["Running", count("running")],
      ["Standby", count("standby")],
      ["Stopped", count("stopped")],
      ["Connections", String(connections)],
      ["VM memory", formatBytes(sum)],
      ["Daemon memory", formatBytes(daemonRssBytes)],
    ]),
  );
}

/** @param {Instance} instance */
function newRow({ uuid, name }) {
  const button = html("button", { type: "button", "aria-pressed": "false", "aria-describedby": `state-${uuid}` }, name);
  button.addEventListener("click", () => {
    for (const row of rows.values()) row.querySelector("button")?.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-pressed", "true");
    followLog({ uuid, name });
  });
  return html(
    "li",
    {},
    html("div", {}, button, html("span", { class: "state", id: `state-${uuid}` })),
    html("div", { class: "timeline" }, html("div", {}), html("div", { class: "axis", "aria-hidden": "true" })),
    html("dl", { class: "facts" }),
  );
}

/**
 * @param {Element} row
 * @param {Instance} instance
 * @param {Snapshot} snapshot
 */
function updateRow(row, instance, { timelines, now, windowMs }) {
  const { uuid, state, exitCode, memoryMb, rssBytes, bootMs, netMs, restarts } = instance;
  const [badge, bar, axis, facts] = [".state", ".timeline > div", ".axis", ".facts"].map((one) =>
    row.querySelector(one),
  );
  if (!badge || !bar || !axis || !facts) return;
  badge.className = `state ${state}`;
  setContent(badge, [document.createTextNode(exitCode === undefined ? state : `${state}, exit code ${exitCode}`)]);
  const changes = timelines.find((one) => one.uuid === uuid)?.changes ?? [];
  setContent(bar, [drawTimeline(changes, now, windowMs)]);
  setContent(axis, [html("span", {}, `${formatAge(windowMs)} ago`), html("span", {}, "now")]);
  setContent(
    facts,
    definitions([
      [
        "Memory",
        rssBytes === 0 ? `– / ${memoryMb} MiB` : `${formatBytes(rssBytes).replace(/ MiB$/, "")} / ${memoryMb} MiB`,
      ],
      ["Boot", formatMs(bootMs)],
      ["Ready", formatMs(netMs)],
      ["Restarts", String(restarts)],
    ]),
  );
}

/** @param {Snapshot} snapshot */
function showInstances(snapshot) {
  const { instances } = snapshot;
  byId("no-instances").hidden = instances.length > 0;
  for (const [uuid, row] of rows) {
    if (instances.some((one) => one.uuid === uuid)) continue;
    row.remove();
    rows.delete(uuid);
  }
  for (const instance of instances) {
    const row = rows.get(instance.uuid) ?? newRow(instance);
    if (!rows.has(instance.uuid)) byId("instance-list").append(row);
    rows.set(instance.uuid, row);
    updateRow(row, instance, snapshot);
  }
}

/** @param {Snapshot} snapshot */
function showTimes({ times, now, windowMs }) {
  const plot = byId("plot");
  setContent(plot, [drawPlot(times, { now, windowMs, width: plot.clientWidth })]);
  const medianOf = (/** @type {string} */ kind) => {
    const found = times.filter((one) => one.kind === kind).map(({ ms }) => ms);
    return `${formatMs(median(found))} (${found.length})`;
  };
  setContent(byId("medians"), definitions(KINDS.map(({ kind, label }) => [`median ${label}`, medianOf(kind)])));
}

/** @param {Snapshot} snapshot */
function showServices({ services }) {
  byId("no-services").hidden = services.length > 0;
  setContent(
    byId("service-list"),
    services.map(({ name, ports, domains, members }) =>
      html(
        "li",
        {},
        html("h3", {}, name),
        html("p", {}, ports.map(({ port, destinationPort }) => `127.0.0.1:${port} → ${destinationPort}`).join(", ")),
        ...(domains.length === 0 ? [] : [html("p", { class: "muted" }, domains.join(", "))]),
        html(
          "ul",
          { class: "members", "aria-label": `Members of ${name}` },
          ...(members.length === 0 ? [html("li", { class: "muted" }, "no members")] : []),
          ...members.map((member) =>
            html("li", { class: `state ${member.state}` }, `${member.name} (${member.state})`),
          ),
        ),
      ),
    ),
  );
}

function connect() {
  const connection = byId("connection");
  const source = new EventSource("/dashboard/state");
  source.addEventListener("state", ({ data }) => {
    const snapshot = /** @type {Snapshot} */ (JSON.parse(data));
    setContent(connection, [document.createTextNode(`Live, version ${snapshot.version}`)]);
    connection.className = "live";
    showSummary(snapshot);
    showInstances(snapshot);
    showTimes(snapshot);
    showServices(snapshot);
  });
  source.addEventListener("error", () => {
    connection.className = "";
    connection.textContent = "No connection. If it does not come back, run 'npx unikernel local dashboard' again.";
  });
}

showLegends();
connect();
