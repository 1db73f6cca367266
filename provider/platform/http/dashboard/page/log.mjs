/** The console log of the chosen instance, live. */
import { byId } from "./elements.mjs";

/** Most characters that are kept on the page. */
const MAX_LENGTH = 200_000;
/** Distance from the end, in pixels, within which the view stays at the end. */
const NEAR_END = 40;

/** @type {EventSource | undefined} */
let source;

/** Colours and cursor movements of a terminal (ECMA-48), which the page does not show. Pure. @param {string} text */
export const withoutControls = (text) => text.replace(/\u001b\[[0-?]*[ -/]*[@-~]|\r/g, "");

/** Follows the log of an instance instead of the one before. @param {{ readonly uuid: string, readonly name: string }} instance */
export function followLog({ uuid, name }) {
  source?.close();
  const [log, status] = [byId("log"), byId("log-status")];
  log.textContent = "";
  status.textContent = `${name}: the log is empty so far.`;
  source = new EventSource(`/dashboard/logs/${uuid}`);
  source.addEventListener("log", ({ data }) => {
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END;
    log.textContent = (log.textContent + withoutControls(JSON.parse(data))).slice(-MAX_LENGTH);
    status.textContent = `${name}, live`;
    if (atEnd) log.scrollTop = log.scrollHeight;
  });
  source.addEventListener("restart", () => (log.textContent = ""));
  source.addEventListener("open", () => (log.textContent = ""));
  source.addEventListener("error", () => (status.textContent = `${name}: no connection.`));
}
