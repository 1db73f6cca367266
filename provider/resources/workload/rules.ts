/** Rules across the inputs of a guest: those of the platform's documentation. Pure. */
import type { CheckFailure, Rule } from "../../definition/resource";
import type { Workload } from "./inputs";
import { WORKLOAD_WIRE } from "./wire";
import { uniqueTagsRule } from "../common/tags";

type PartialWorkload = Partial<Workload>;

const MAX_FILE_BYTES = 1_000_000;
const MAX_ANNOTATIONS = 256;

const MIB = 1024 * 1024;
/** Largest body of a request. Source: the API's 2024 schema, whose strings end there. */
const MAX_REQUEST_BYTES = 8 * MIB;
/** What can be large. The rest of a request is a few KiB. */
const LARGE_INPUTS = ["roms", "plugins", "env", "args", "annotations"] as const;

/** A failure for each item whose name another one had before. */
const findDuplicates = <T>(
  list: string,
  items: readonly T[],
  key: keyof T & string,
  what: string,
): readonly CheckFailure[] =>
  items.flatMap((item, index) =>
    item[key] === undefined || items.findIndex((other) => other[key] === item[key]) === index
      ? []
      : [{ property: `${list}[${index}].${key}`, reason: `${what} ${JSON.stringify(item[key])} is given twice.` }],
  );

const scalesToZero = ({ scaleToZero }: PartialWorkload): boolean =>
  scaleToZero !== undefined && scaleToZero.policy !== "off";

function checkMounts({ volumes = [], ephemeralVolumes = [], roms = [] }: PartialWorkload): readonly CheckFailure[] {
  const all = [
    ...volumes.map(({ at }, index) => ({ at, property: `volumes[${index}].at` })),
    ...ephemeralVolumes.map(({ at }, index) => ({ at, property: `ephemeralVolumes[${index}].at` })),
    ...roms.map(({ at }, index) => ({ at, property: `roms[${index}].at` })),
  ].filter(({ at }) => at !== undefined);
  const duplicatePaths = all.flatMap(({ at, property }, index) =>
    all.findIndex((other) => other.at === at) === index
      ? []
      : [{ property, reason: `something else is mounted at ${at ?? ""} already; mount one thing at a path.` }],
  );
  return [...duplicatePaths, ...findDuplicates("volumes", volumes, "volume", "the volume")];
}

function checkEphemeralVolumes({ ephemeralVolumes = [] }: PartialWorkload): readonly CheckFailure[] {
  return ephemeralVolumes.flatMap(({ sizeMb, hostPath, uid, gid, accessMode, filesystem }, index) => {
    const at = `ephemeralVolumes[${index}]`;
    const failures: CheckFailure[] = [];
    if ((sizeMb === undefined) === (hostPath === undefined)) {
      failures.push({ property: `${at}.sizeMb`, reason: "give either a size in MiB or a hostPath." });
    }
    if (hostPath === undefined && (uid ?? gid) !== undefined) {
      failures.push({ property: `${at}.${uid === undefined ? "gid" : "uid"}`, reason: "goes with hostPath only." });
    }
    if (accessMode === "rwx" && filesystem !== "virtiofs") {
      failures.push({ property: `${at}.accessMode`, reason: '"rwx" needs the file system "virtiofs".' });
    }
    return failures;
  });
}

function checkRoms({ roms = [] }: PartialWorkload): readonly CheckFailure[] {
  const failures = roms.flatMap(({ image, files }, index) => {
    const at = `roms[${index}]`;
    if ((image === undefined) === (files === undefined)) {
      return [{ property: at, reason: "give either an image or files." }];
    }
    const tooBig = (files ?? []).flatMap(({ data, encoding }, position) =>
      Buffer.byteLength(data, encoding === "base64" ? "base64" : "utf8") <= MAX_FILE_BYTES
        ? []
        : [{ property: `${at}.files[${position}].data`, reason: "must have at most 1,000,000 bytes; use an image." }],
    );
    return [...tooBig, ...findDuplicates(`${at}.files`, files ?? [], "path", "the path")];
  });
  return [...failures, ...findDuplicates("roms", roms, "name", "the name")];
}

function checkSchedules({ schedules = [] }: PartialWorkload): readonly CheckFailure[] {
  const failures = schedules.flatMap(({ action, args }, index) => {
    if ((action === "exec") === (args !== undefined)) return [];
    const reason =
      args === undefined
        ? 'required for the action "exec": give the command line.'
        : 'goes with the action "exec" only.';
    return [{ property: `schedules[${index}].args`, reason }];
  });
  return [...failures, ...findDuplicates("schedules", schedules, "name", "the name")];
}

function checkNetworkInterfaces({
  networkInterfaces = [],
  gateway,
  nameserver,
}: PartialWorkload): readonly CheckFailure[] {
  const failures = networkInterfaces.flatMap(({ tapName, ip, mac }, index) => {
    if (tapName !== undefined || (ip ?? mac) === undefined) return [];
    return [{ property: `networkInterfaces[${index}].${ip === undefined ? "mac" : "ip"}`, reason: "needs a tapName." }];
  });
  const withoutInterfaces = networkInterfaces.length > 0 ? [] : Object.entries({ gateway, nameserver });
  return [
    ...failures,
    ...findDuplicates("networkInterfaces", networkInterfaces, "name", "the name"),
    ...withoutInterfaces
      .filter(([, value]) => value !== undefined)
      .map(([property]) => ({ property, reason: "goes with networkInterfaces only." })),
  ];
}

function checkType(guest: PartialWorkload): readonly CheckFailure[] {
  if (guest.type !== "full") {
    return (guest.gpus ?? 0) === 0 ? [] : [{ property: "gpus", reason: 'needs type: "full".' }];
  }
  const cannot = (property: string) => ({ property, reason: 'is not possible with type "full"; leave type out.' });
  return [
    ...(scalesToZero(guest) ? [cannot("scaleToZero")] : []),
    ...(["template", "branchFrom", "checkpoint"] as const).filter((one) => guest[one] !== undefined).map(cannot),
  ];
}

/** What is sent is text: a file is as large as its base64, or with the escapes that JSON needs. */
function checkRequestSize(guest: PartialWorkload): readonly CheckFailure[] {
  const sizes = LARGE_INPUTS.map((property) => ({
    property,
    bytes: Buffer.byteLength(JSON.stringify(WORKLOAD_WIRE[property].encode(guest) ?? "")),
  })).sort((a, b) => b.bytes - a.bytes);
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= MAX_REQUEST_BYTES) return [];
  const reason = `the request would have ${Math.ceil(total / MIB)} MiB, and a metro takes at most ${MAX_REQUEST_BYTES / MIB}; put what is large into an image.`;
  return sizes.slice(0, 1).map(({ property }) => ({ property, reason }));
}

/** The rules of a guest, whose inputs are an object's own. */
export const workloadRules: readonly Rule<PartialWorkload>[] = [
  { reads: ["volumes", "ephemeralVolumes", "roms"], test: checkMounts },
  { reads: ["ephemeralVolumes"], test: checkEphemeralVolumes },
  { reads: ["roms"], test: checkRoms },
  { reads: [...LARGE_INPUTS], test: checkRequestSize },
  { reads: ["plugins"], test: ({ plugins = [] }) => findDuplicates("plugins", plugins, "name", "the name") },
  { reads: ["schedules"], test: checkSchedules },
  { reads: ["networkInterfaces", "gateway", "nameserver"], test: checkNetworkInterfaces },
  { reads: ["type", "gpus", "scaleToZero", "template", "branchFrom", "checkpoint"], test: checkType },
  { reads: ["tags"], test: ({ tags = [] }, olds) => uniqueTagsRule.test({ tags }, olds) },
  {
    reads: ["annotations"],
    test: ({ annotations = {} }) =>
      Object.keys(annotations).length <= MAX_ANNOTATIONS
        ? []
        : [{ property: "annotations", reason: `must have at most ${MAX_ANNOTATIONS} entries.` }],
  },
  {
    reads: ["scaleToZero"],
    test: ({ scaleToZero: sleep }) =>
      sleep === undefined || sleep.notifyTimeMs === 0 || sleep.notifyTimeMs < sleep.cooldownTimeMs
        ? []
        : [
            {
              property: "scaleToZero.notifyTimeMs",
              reason: `must be less than cooldownTimeMs, which is ${sleep.cooldownTimeMs}, got ${sleep.notifyTimeMs}.`,
            },
          ],
  },
  {
    reads: ["features", "restartPolicy", "scaleToZero"],
    test: (guest) => {
      if (guest.features?.includes("delete-on-stop") !== true) return [];
      const other = guest.restartPolicy !== "never" ? "restartPolicy" : scalesToZero(guest) ? "scaleToZero" : undefined;
      return other === undefined
        ? []
        : [{ property: other, reason: 'is not possible together with the feature "delete-on-stop".' }];
    },
  },
];

/** The rules of a template, whose inputs are one object. */
export const templateRules: readonly Rule<{ readonly template: PartialWorkload }>[] = workloadRules.map(
  ({ reads, test }) => ({
    reads: reads.map((name) => `template.${name}` as const),
    test: ({ template }, olds) =>
      test(template, olds).map(({ property, reason }) => ({ property: `template.${property}`, reason })),
  }),
);
