/** What a mock metro consists of. */
import { type Ipv4, formatIpv4, parseIpv4 } from "../../base/ipv4";
import { DEFAULT_QUOTAS, type Quotas } from "../../platform/quota/quotaSettings";
import { ObjectStore } from "./objects";

/** The first address of an instance: of the local platform, as its store gives it, and of an account in the cloud. */
const [FIRST_LOCAL_ADDRESS, FIRST_CLOUD_ADDRESS] = ["172.16.0.16", "10.0.0.2"];

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
  #nextAddress: Ipv4;

  /** @param metro `local`, a metro code, or a URL */
  constructor(metro: string) {
    this.#nextAddress = parseIpv4(metro === "local" ? FIRST_LOCAL_ADDRESS : FIRST_CLOUD_ADDRESS);
    this.domain =
      metro === "local" ? "localhost" : `${metro.includes("://") ? new URL(metro).hostname : metro}.unikraft.app`;
  }

  /** The next free address of the private network. */
  nextAddress(): string {
    return formatIpv4(this.#nextAddress++);
  }
}
