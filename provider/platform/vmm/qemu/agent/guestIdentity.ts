/** Makes a clone a guest of its own: with its own addresses, host name and random numbers. */
import * as crypto from "node:crypto";
import type { VmSpec } from "../../vmm";
import { encodeIdentityCommand, parseIdentityLine, SEED_BYTES } from "./identityProtocol";
import { NumberedRequests, type NumberedRequestsParts } from "./numberedRequests";

/** How long a guest may take: some tens of milliseconds usually, longer on a busy host. */
const ANSWER_TIMEOUT_MS = 5_000;

/** The identity of one guest. */
export class GuestIdentity {
  readonly #requests: NumberedRequests<boolean>;
  #isSettable = false;

  constructor(parts: NumberedRequestsParts) {
    this.#requests = new NumberedRequests(parts);
  }

  /** True if the guest has said that it can take another identity. */
  get isSettable(): boolean {
    return this.#isSettable;
  }

  /** Takes a line that the guest has written. */
  receive(line: string): void {
    const said = parseIdentityLine(line);
    if (said?.is === "offers") this.#isSettable = true;
    else if (said?.is === "set") this.#requests.receive(said.number, true);
  }

  /** Gives the guest the identity of `spec`. False if it did not confirm that in time. Throws `VMM_FAILED` if it cannot be sent. */
  async set(spec: Pick<VmSpec, "network" | "hostname">): Promise<boolean> {
    const encode = (number: number): string => encodeIdentityCommand(number, crypto.randomBytes(SEED_BYTES), spec);
    return this.#requests.send(encode, ANSWER_TIMEOUT_MS, false);
  }
}
