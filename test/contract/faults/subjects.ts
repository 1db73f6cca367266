/** The resources of the histories: every kind in a metro, with its successive inputs and how the API then reports it. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Properties } from "../../../provider/definition/resource";
import type { ResourceKind } from "../../../provider/resources/all";

/** The API without faults. */
export interface Truth {
  /** Existing objects by `uuid` or `name`. */
  find(path: string, by: "uuid" | "name", ofThese: readonly string[]): Promise<readonly Properties[]>;
  /** Names of all instances. */
  instances(): Promise<readonly string[]>;
  remove(path: string, name: string): Promise<void>;
  /** Resolves when no request of this history is in progress; false if none was. */
  settled(token: string): Promise<boolean>;
}

/** One version of the program. */
export interface Version {
  readonly asks: Properties;
  /** What {@link Subject.shown} returns once that is applied. */
  readonly shows: Properties;
}

/** One resource of a program with its changes. */
export interface Subject {
  readonly what: string;
  readonly kind: ResourceKind;
  readonly versions: readonly Version[];
  /** Path of the API's listing. */
  readonly path: string;
  /** The requested part of an API item. */
  readonly shown: (item: Properties, truth: Truth) => Properties | Promise<Properties>;
}

/** The private environment of one history. */
export interface Surroundings {
  readonly port: number;
  readonly domain: string;
  /** A detached volume, created by the subjects that need one. */
  readonly volume: () => string;
  /** Digests of the images `app:1` and `app:2`. */
  readonly digests: readonly [string, string];
}

const pem = (file: string): string =>
  fs.readFileSync(path.join(__dirname, "../../fixtures/certificates", file), "utf8");

/** Serial numbers in the format of `openssl x509 -serial`. */
const SERIALS = {
  www: "173BDE99C62B8D49D2ED984C4BBDD3633C0424CE",
  renewed: "6E8DF8EAC3D06C6D802682CA585C012C2CC12AC1",
  wild: "1F60A7F6AEFDC9C91B1E18640B4B56649FB2EF47",
} as const;

function certificateVersion(file: keyof typeof SERIALS, key: string, commonName: string): Version {
  return {
    asks: { commonName, chain: pem(`${file}.pem`), key: pem(key) },
    shows: { commonName, serial: SERIALS[file] },
  };
}

const digestIn = (image: unknown): string => String(image).split("@")[1] ?? "";

const guestShown = ({ image, memory_mb, state, restart_policy }: Properties): Properties => ({
  digest: digestIn(image),
  memoryMb: memory_mb,
  state,
  restartPolicy: restart_policy,
});

/** A running instance. */
const guest = (digest: string, memoryMb: number, restartPolicy: string): Properties => ({
  ...{ digest, memoryMb, state: "running", restartPolicy },
});

const instanceSubject = (what: string, versions: readonly Version[]): Subject => ({
  ...{ what, kind: "Instance", versions, path: "/v1/instances" },
  shown: (item) => ({
    ...guestShown(item),
    volumes: ((item["volumes"] ?? []) as Properties[]).map(({ uuid, at }) => ({ volume: uuid, at })),
  }),
});

type Make = (has: Surroundings) => Subject;

const volume: Make = () => ({
  ...{ what: "Volume", kind: "Volume", path: "/v1/volumes" },
  versions: [16, 24].map((sizeMb) => ({ asks: { sizeMb }, shows: { sizeMb } })),
  shown: ({ size_mb }) => ({ sizeMb: size_mb }),
});

interface Group {
  readonly services: readonly { readonly port: number; readonly destination_port: number }[];
  readonly domains: readonly { readonly fqdn: string }[];
  readonly instances: readonly { readonly uuid: string }[];
}

const portsShown = ({ services }: Group): readonly Properties[] =>
  services.map(({ port, destination_port }) => ({ port, destinationPort: destination_port }));

const group: Make = ({ port, domain }) => {
  const domains = [{ name: domain }];
  const to = (destinationPort: number) => [{ port, destinationPort }];
  return {
    ...{ what: "Service", kind: "Service", path: "/v1/services" },
    versions: [
      { asks: { ports: to(9000) }, shows: { ports: to(9000), isNamed: false } },
      { asks: { ports: to(9001), domains }, shows: { ports: to(9001), isNamed: true } },
    ],
    shown: (item) => {
      const found = item as unknown as Group;
      return { ports: portsShown(found), isNamed: found.domains.some(({ fqdn }) => fqdn === domain) };
    },
  };
};

/** The second version rolls the replicas and publishes another port. */
const replicas: Make = ({ port, digests }) => {
  const version = (image: string, digest: string, memoryMb: number, destinationPort: number): Version => {
    const ports = [{ port, destinationPort }];
    const one = guest(digest, memoryMb, "always");
    return {
      asks: { ports, replicas: 2, template: { image, memoryMb } },
      shows: { ports, replicas: [one, one] },
    };
  };
  return {
    ...{ what: "Service with replicas", kind: "Service", path: "/v1/services" },
    versions: [version("app:1", digests[0], 128, 9000), version("app:2", digests[1], 192, 9001)],
    shown: async (item, truth) => {
      const found = item as unknown as Group;
      const uuids = found.instances.map(({ uuid }) => uuid);
      const members = uuids.length === 0 ? [] : await truth.find("/v1/instances", "uuid", uuids);
      return { ports: portsShown(found), replicas: members.map(guestShown) };
    },
  };
};

const instance: Make = ({ digests }) =>
  instanceSubject("Instance", [
    { asks: { image: "app:1", memoryMb: 128 }, shows: { ...guest(digests[0], 128, "never"), volumes: [] } },
    { asks: { image: "app:2", memoryMb: 192 }, shows: { ...guest(digests[1], 192, "never"), volumes: [] } },
  ]);

const successor: Make = ({ digests }) =>
  instanceSubject("Instance that is replaced", [
    { asks: { image: "app:1" }, shows: { ...guest(digests[0], 128, "never"), volumes: [] } },
    {
      asks: { image: "app:1", restartPolicy: "on-failure" },
      shows: { ...guest(digests[0], 128, "on-failure"), volumes: [] },
    },
  ]);

const mounted: Make = ({ volume, digests }) => {
  const uuid = volume();
  const version = (memoryMb: number, at: string): Version => {
    const volumes = [{ volume: uuid, at }];
    return {
      asks: { image: "app:1", memoryMb, volumes },
      shows: { ...guest(digests[0], memoryMb, "never"), volumes },
    };
  };
  return instanceSubject("Instance with a volume", [version(128, "/data"), version(192, "/var/data")]);
};

/** Renewed in place, then replaced for another name. */
const certificate: Make = () => ({
  ...{ what: "Certificate", kind: "Certificate", path: "/v1/certificates" },
  versions: [
    certificateVersion("www", "www.key", "www.example.com"),
    certificateVersion("renewed", "renewed.key", "www.example.com"),
    certificateVersion("wild", "wild.key", "*.example.com"),
  ],
  shown: ({ common_name, serial_number }) => ({ commonName: common_name, serial: serial_number }),
});

/** In rotation. A volume takes the most time, since a real tool creates its file system. */
export const SUBJECTS: readonly Make[] = [
  ...[volume, group, instance, certificate, replicas],
  ...[successor, group, mounted, instance, certificate],
];
