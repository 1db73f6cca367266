/** Warns the program of the stand-in guest before standby. The protocol is described in `provider/image/runtime/initScript.ts`. */
import type { NoticeResult } from "../../vmm";
import { NumberedRequests, type NumberedRequestsParts } from "./numberedRequests";

/** What a guest says about notices. */
export type NoticeLine =
  /** It can warn its program. */
  | { readonly is: "offers" }
  /** It has done so, for the notice with this number. */
  | { readonly is: "given"; readonly number: number; readonly isTaken: boolean };

/** What a line says about notices; `undefined` if it says nothing. Pure. */
export function parseNoticeLine(line: string): NoticeLine | undefined {
  const text = line.trim();
  if (text === "notify") return { is: "offers" };
  const given = /^notified (\d{1,9}) (yes|no)$/.exec(text);
  return given === null ? undefined : { is: "given", number: Number(given[1]), isTaken: given[2] === "yes" };
}

/** The notices of one guest. */
export class GuestNotice {
  readonly #requests: NumberedRequests<NoticeResult>;
  #isOffered = false;

  constructor(parts: NumberedRequestsParts) {
    this.#requests = new NumberedRequests(parts);
  }

  /** Takes a line that the guest has written. */
  receive(line: string): void {
    const said = parseNoticeLine(line);
    if (said?.is === "offers") this.#isOffered = true;
    else if (said?.is === "given") this.#requests.receive(said.number, said.isTaken ? "taken" : "not-taken");
  }

  /** Warns the program. Waits at most `timeoutMs` for the guest's answer; a guest that reads later warns its program later. */
  async give(timeoutMs: number): Promise<NoticeResult> {
    if (!this.#isOffered) return "no-agent";
    return this.#requests.send((number) => `notify ${number} now\n`, timeoutMs, "no-answer");
  }
}
