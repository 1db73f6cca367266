/** What an update has changed so far, and how it is undone. */
import * as pulumi from "@pulumi/pulumi";
import { settingsOfProvider, toPromise } from "../invoke";
import { loadWaves } from "./provider";

/** A Service that this update has changed. */
interface ChangedService {
  readonly name: string;
  readonly id: string;
  readonly before: object;
  readonly after: object;
  readonly provider: pulumi.ProviderResource | undefined;
}

/** The value of what may contain secrets, for this process only. */
const plain = <T>(value: T): Promise<T> => toPromise(pulumi.output(value) as unknown as pulumi.Output<T>);

/** The changed services of one wave. */
export class ChangedServices {
  private readonly component: pulumi.Resource;
  private readonly wave: string;
  private readonly changed: ChangedService[] = [];
  /** Of a wave that has failed: which services are reverted. */
  private reverted: ((state: object) => boolean) | undefined;

  /** @param wave name of the wave, in messages */
  constructor(component: pulumi.Resource, wave: string) {
    this.component = component;
    this.wave = wave;
  }

  /** Records a service that was updated. If the wave has failed meanwhile, it is reverted at once. */
  async add(args: pulumi.ResourceHookArgs, provider: pulumi.ProviderResource | undefined): Promise<void> {
    const [before, after] = [await plain(args.oldOutputs), await plain(args.newOutputs)];
    if (before === undefined || after === undefined) return;
    this.changed.push({ name: args.name, id: args.id, before, after, provider });
    if (this.reverted !== undefined) await this.revert(this.reverted);
  }

  /**
   * Gives the services the templates they had before this update, the last one first. Never rejects: the engine would show that error
   * instead of the one that made it necessary.
   *
   * @param isReverted true for the services that the program wants to be reverted; their state after the update is given. Default: all
   */
  async revert(isReverted: (state: object) => boolean = () => true): Promise<void> {
    this.reverted = isReverted;
    for (const service of this.changed.splice(0).reverse()) {
      if (!isReverted(service.after)) continue;
      await this.revertOne(service).catch((error: unknown) =>
        this.say(
          "error",
          `service '${service.name}' could not be reverted, and keeps what it runs. ${error instanceof Error ? error.message : String(error)}`,
        ),
      );
    }
  }

  private async revertOne({ name, id, before, after, provider }: ChangedService): Promise<void> {
    const settings = await toPromise(settingsOfProvider(provider));
    const print = (line: string): void => void this.say("info", line);
    const digest = await loadWaves().revertService({ id, before, after, print }, settings);
    if (digest === undefined) return;
    await this.say(
      "warn",
      `service '${name}' was reverted to ${digest}. Run 'pulumi up --refresh' next: the state has the update still.`,
    );
  }

  private say(severity: "info" | "warn" | "error", text: string): Promise<void> {
    return pulumi.log[severity](`Wave '${this.wave}': ${text}`, this.component).catch(() => undefined);
  }
}
