/** What a mock metro consists of. */
import { DEFAULT_QUOTAS, type Quotas } from "../../platform/quota/quotaSettings";
import { ObjectStore } from "./objects";

/** The objects of a metro. */
export class World {
  readonly instances = new ObjectStore("instance");
  readonly services = new ObjectStore("service group");
  readonly volumes = new ObjectStore("volume");
  readonly certificates = new ObjectStore("certificate");
  /** Names of the instances whose programs end with exit code 0 as soon as they run. */
  readonly jobs = new Set<string>();
  readonly quotas: Quotas = DEFAULT_QUOTAS;
  /** Domain below which services get a name. */
  readonly domain: string;
  #addresses = 1;

  /** @param metro `local`, a metro code, or a URL */
  constructor(metro: string) {
    this.domain =
      metro === "local" ? "localhost" : `${metro.includes("://") ? new URL(metro).hostname : metro}.unikraft.app`;
  }

  /** The next free address of the private network 10.0.0.0/16. */
  nextAddress(): string {
    this.#addresses += 1;
    return `10.0.${this.#addresses >> 8}.${this.#addresses & 0xff}`;
  }
}
