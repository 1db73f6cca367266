/** Rules across the workload inputs. Source: the platform's documentation. Pure. */
import type { CheckFailure, Rule } from "../../definition/resource";
import type { Workload } from "./inputs";
import { SERVER_DEFAULTS } from "./codecs";
import { WORKLOAD_WIRE } from "./wire";
import { tagsRule } from "../common/tags";

type PartialWorkload = Partial<Workload>;

const MAX_FILE_BYTES = 1_000_000;
const MAX_ANNOTATIONS = 256;

const MIB = 1024 * 1024;
/** Largest request body. Source: the string limit of the API's 2024 schema. */
const MAX_REQUEST_BYTES = 8 * MIB;
/** Inputs that can be large. The rest of a request is a few KiB. */
const LARGE_INPUTS = ["roms", "plugins", "env", "args", "annotations"] as const;

/** A failure for each item that repeats the key of an earlier one. */
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
      : [{ property, reason: `another entry is already mounted at ${at ?? ""}; use a different path.` }],
  );
  return [...duplicatePaths, ...findDuplicates("volumes", volumes, "volume", "the volume")];
}

function checkEphemeralVolumes({ ephemeralVolumes = [] }: PartialWorkload): readonly CheckFailure[] {
  return ephemeralVolumes.flatMap(({ sizeMb, hostPath, uid, gid, accessMode, filesystem }, index) => {
    const at = `ephemeralVolumes[${index}]`;
    const failures: CheckFailure[] = [];
    if ((sizeMb === undefined) === (hostPath === undefined)) {
      failures.push({ property: `${at}.sizeMb`, reason: "give either sizeMb or hostPath." });
    }
    if (hostPath === undefined && (uid ?? gid) !== undefined) {
      failures.push({ property: `${at}.${uid === undefined ? "gid" : "uid"}`, reason: "allowed only with hostPath." });
    }
    if (accessMode === "rwx" && filesystem !== "virtiofs") {
      failures.push({ property: `${at}.accessMode`, reason: '"rwx" requires filesystem: "virtiofs".' });
    }
    return failures;
  });
}

function checkRoms({ roms = [] }: PartialWorkload): readonly CheckFailure[] {
  const failures = roms.flatMap(({ image, files }, index) => {
    const at = `roms[${index}]`;
    if ((image === undefined) === (files === undefined)) {
      return [{ property: at, reason: "give either image or files." }];
    }
    const tooBig = (files ?? []).flatMap(({ data, encoding }, position) =>
      Buffer.byteLength(data, encoding === "base64" ? "base64" : "utf8") <= MAX_FILE_BYTES
        ? []
        : [
            {
              property: `${at}.files[${position}].data`,
              reason: "must have at most 1,000,000 bytes; use an image for larger files.",
            },
          ],
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
        ? 'required for the action "exec": give its command line.'
        : 'allowed only for the action "exec".';
    return [{ property: `schedules[${index}].args`, reason }];
  });
  return [...failures, ...findDuplicates("schedules", schedules, "name", "the name")];
}

function checkNetworkInterfaces({
  networkInterfaces = [],
  gateway,
  nameserver,
}: PartialWorkload): readonly CheckFailure[] {
  const failures = networkInterfaces.flatMap(({ network, ip, mac }, index) => {
    if (network !== undefined || (ip ?? mac) === undefined) return [];
    return [
      { property: `networkInterfaces[${index}].${ip === undefined ? "mac" : "ip"}`, reason: "requires network." },
    ];
  });
  const withoutInterfaces = networkInterfaces.length > 0 ? [] : Object.entries({ gateway, nameserver });
  return [
    ...failures,
    ...findDuplicates("networkInterfaces", networkInterfaces, "name", "the name"),
    ...withoutInterfaces
      .filter(([, value]) => value !== undefined)
      .map(([property]) => ({ property, reason: "allowed only with networkInterfaces." })),
  ];
}

function checkType(workload: PartialWorkload): readonly CheckFailure[] {
  if (workload.type !== "full") {
    return (workload.gpus ?? 0) === 0 ? [] : [{ property: "gpus", reason: 'requires type: "full".' }];
  }
  const cannot = (property: string) => ({ property, reason: 'not supported with type: "full"; remove type.' });
  return [
    ...(scalesToZero(workload) ? [cannot("scaleToZero")] : []),
    ...(["template", "branchFrom", "checkpoint"] as const).filter((one) => workload[one] !== undefined).map(cannot),
  ];
}

/** Measures the encoded request: base64 and JSON escapes make files larger. */
function checkRequestSize(workload: PartialWorkload): readonly CheckFailure[] {
  const sizes = LARGE_INPUTS.map((property) => ({
    property,
    bytes: Buffer.byteLength(JSON.stringify(WORKLOAD_WIRE[property].encode(workload) ?? "")),
  })).sort((a, b) => b.bytes - a.bytes);
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= MAX_REQUEST_BYTES) return [];
  const reason = `the request would have ${Math.ceil(total / MIB)} MiB, but the limit is ${MAX_REQUEST_BYTES / MIB} MiB; move large content into an image.`;
  return sizes.slice(0, 1).map(({ property }) => ({ property, reason }));
}

/** Rules for a resource that has the workload inputs itself. */
export const workloadRules: readonly Rule<PartialWorkload>[] = [
  { reads: ["volumes", "ephemeralVolumes", "roms"], test: checkMounts },
  { reads: ["ephemeralVolumes"], test: checkEphemeralVolumes },
  { reads: ["roms"], test: checkRoms },
  { reads: [...LARGE_INPUTS], test: checkRequestSize },
  { reads: ["plugins"], test: ({ plugins = [] }) => findDuplicates("plugins", plugins, "name", "the name") },
  { reads: ["schedules"], test: checkSchedules },
  { reads: ["networkInterfaces", "gateway", "nameserver"], test: checkNetworkInterfaces },
  { reads: ["type", "gpus", "scaleToZero", "template", "branchFrom", "checkpoint"], test: checkType },
  { reads: ["tags"], test: ({ tags = [] }, olds) => tagsRule.test({ tags }, olds) },
  {
    reads: ["annotations"],
    test: ({ annotations = {} }) =>
      Object.keys(annotations).length <= MAX_ANNOTATIONS
        ? []
        : [{ property: "annotations", reason: `must have at most ${MAX_ANNOTATIONS} entries.` }],
  },
  {
    reads: ["scaleToZero"],
    test: ({ scaleToZero = { policy: "off" } }) => {
      const { notifyTimeMs = SERVER_DEFAULTS.notifyTimeMs, cooldownTimeMs } = scaleToZero;
      // Without it, the labels of the image have a say, which `describeLateNotice` reads.
      if (cooldownTimeMs === undefined || notifyTimeMs === 0 || notifyTimeMs < cooldownTimeMs) return [];
      const reason = `must be less than cooldownTimeMs (${cooldownTimeMs}), got ${notifyTimeMs}.`;
      return [{ property: "scaleToZero.notifyTimeMs", reason }];
    },
  },
  {
    reads: ["features", "restartPolicy", "scaleToZero"],
    test: (workload) => {
      if (workload.features?.includes("delete-on-stop") !== true) return [];
      const other =
        workload.restartPolicy !== "never" ? "restartPolicy" : scalesToZero(workload) ? "scaleToZero" : undefined;
      return other === undefined
        ? []
        : [{ property: other, reason: 'not supported with the feature "delete-on-stop".' }];
    },
  },
];

/** Rules for a resource that has the workload inputs in `template`. */
export const templateRules: readonly Rule<{ readonly template: PartialWorkload }>[] = workloadRules.map(
  ({ reads, test }) => ({
    reads: reads.map((name) => `template.${name}` as const),
    test: ({ template }, olds) =>
      test(template, olds).map(({ property, reason }) => ({ property: `template.${property}`, reason })),
  }),
);
