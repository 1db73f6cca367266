/** The plan of a project: plain arguments of the resources to create. */

/** A text; one that holds values of variables is secret. */
export interface PlannedText {
  readonly text: string;
  readonly isSecret: boolean;
}

/** A volume to create. */
export interface PlannedVolume {
  /** Key in `volumes` of the file. */
  readonly key: string;
  /** Name that the file fixes; `undefined` lets the library choose one. */
  readonly name?: string | undefined;
  readonly sizeMb: number;
}

/** A mount of a volume of the project, or of one that exists. */
export interface PlannedMount {
  readonly volume: { readonly key: string } | { readonly name: string };
  readonly at: string;
  readonly readonly: boolean;
}

/** The arguments of a GatewayImage; paths are relative to the program. */
export interface PlannedBuild {
  readonly context: string;
  readonly kraftfile?: string | undefined;
  /** Where the image is pushed to; `undefined`: where the metro's images are. */
  readonly repository?: string | undefined;
  readonly build?:
    | {
        readonly target?: string | undefined;
        readonly args?: Readonly<Record<string, PlannedText>> | undefined;
        readonly cacheFrom?: readonly string[] | undefined;
        readonly cacheTo?: readonly string[] | undefined;
        readonly noCache?: boolean | undefined;
        readonly ssh?: readonly string[] | undefined;
      }
    | undefined;
}

/** A published port, as of a Service. */
export interface PlannedPort {
  readonly port: number;
  readonly destinationPort: number;
  readonly handlers: readonly ("http" | "redirect" | "tls")[];
}

/** Arguments that an Instance and the template of a Service share. */
export interface PlannedWorkload {
  readonly args?: readonly PlannedText[] | undefined;
  readonly env: Readonly<Record<string, PlannedText>>;
  readonly memoryMb?: number | undefined;
  readonly volumes: readonly PlannedMount[];
  readonly ephemeralVolumes: readonly { readonly at: string; readonly sizeMb: number }[];
  readonly restartPolicy?: "never" | "always" | "on-failure" | undefined;
  readonly scaleToZero?:
    | {
        readonly policy: "on" | "idle" | "off";
        readonly stateful?: boolean | undefined;
        readonly cooldownTimeMs?: number | undefined;
      }
    | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  readonly hostname?: string | undefined;
}

/** The resources of one service of the file. */
export interface PlannedService {
  /** Key in `services` of the file. */
  readonly key: string;
  /** `<project>-<service>`: the name of the resources, and of the instance unless `container_name` gives another. */
  readonly name: string;
  readonly image: { readonly build: PlannedBuild } | { readonly reference: string };
  readonly workload: PlannedWorkload;
  /** Names of the instances, each with a private name; none if a Service creates them from a template. */
  readonly instances: readonly string[];
  /** A job, whose end other services wait for. */
  readonly isJob: boolean;
  /** Published ports; `undefined` if nothing is published. */
  readonly service?:
    | {
        readonly ports: readonly PlannedPort[];
        readonly domain?: string | undefined;
        /** Replicas of the template; 0 if the instance is one of `instances`. */
        readonly replicas: number;
      }
    | undefined;
  /** Keys of the services to create before this one. */
  readonly dependsOn: readonly string[];
}

/** All resources of a project. */
export interface ComposePlan {
  readonly project: string;
  readonly volumes: readonly PlannedVolume[];
  /** Each after those that it depends on. */
  readonly services: readonly PlannedService[];
  /** What has no effect, as `file:line:column: sentence`. */
  readonly warnings: readonly string[];
}
