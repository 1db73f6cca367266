/** Inputs of an Instance: the workload inputs and its own. Pure. */
import * as z from "zod";
import { MAX_DRAIN_MS } from "../../contract/models/common";
import { type Properties, field, objectType } from "../../definition/resource";
import { serviceDomain } from "../service/domains";
import { adoptField } from "../common/adopt";
import { idOrName, nameField } from "../common/fields";
import { instanceGate } from "./gate";
import { workloadFields, sourceFields } from "../workload/inputs";
import { publishedPort } from "../service/ports";

const requestLimit = z.int().min(1).max(65_535);

const serviceGroupInput = objectType(
  "InstanceServiceGroup",
  "A service group that is created with an instance and deleted with its last instance.",
  z.strictObject({
    name: field(idOrName().optional(), { description: "Name of the group. Default: chosen by the metro." }),
    ports: field(z.array(publishedPort).min(1), { description: "Published ports.", unordered: true }),
    domains: field(z.array(serviceDomain).min(1).optional(), {
      description: "Domain names. Default: one that the metro derives from the name.",
      unordered: true,
    }),
    softLimit: field(requestLimit.default(1), {
      description:
        "Requests or connections in flight per instance before another instance is woken, 1 to 65,535. Default 1.",
    }),
    hardLimit: field(requestLimit.default(65_535), {
      description:
        "Maximum requests or connections in flight per instance, 1 to 65,535; more are rejected. At least `softLimit`. Default 65,535.",
    }),
  }),
);

/** Longest `stableForMs`. */
const MAX_STABLE_MS = 600_000;

/** Values of `waitFor`. */
export const WAIT_FOR = ["running", "answering", "completed"] as const;

/** Inputs of an Instance. */
export const instanceInputs = z.strictObject({
  name: nameField("instance"),
  ...sourceFields(),
  ...workloadFields("never"),
  service: field(idOrName().optional(), {
    description: "Id or name of an existing service to join. Default: none.",
    onChange: "replace",
  }),
  serviceGroup: field(serviceGroupInput.optional(), {
    description: "Creates a service group for the instance, instead of `service`. Default: none.",
    onChange: "replace",
  }),
  autostart: field(z.boolean().default(true), {
    description: "Start the instance at creation and wait until it runs. A later change has no effect. Default true.",
    onChange: "ignore",
  }),
  waitFor: field(z.enum(WAIT_FOR).default("running"), {
    description:
      'What a start must reach to succeed. `running`: it runs or is in standby and has not failed for `stableForMs`; with `restartPolicy: "never"`, a program that ends with exit code 0 has succeeded too. `answering`: also, the ports of its `service` or `serviceGroup` answer through it. `completed`: a job; its program ends with exit code 0. A job runs again when an input changes that its program sees (the image, `args`, `env`, memory, volumes, ROMs). A change of `waitFor` counts from the next start. Default `running`.',
  }),
  stableForMs: field(z.int().min(0).max(MAX_STABLE_MS).default(3_000), {
    description:
      "How long a program must run without failing before its start has succeeded, in milliseconds, 0 to 600,000, from when the program began to run, by the metro's clock; added to the operation's time limit. Not used by `completed`. Default 3000.",
  }),
  deleteLock: field(z.boolean().default(false), {
    description: "Reject every deletion until this is set to false. Default false.",
  }),
  drainTimeoutMs: field(z.int().min(-1).max(MAX_DRAIN_MS).default(0), {
    description:
      "How long open connections may take to finish before the instance is stopped for a change or deletion, in milliseconds, 0 to 3,600,000; -1: as long as the metro allows. Default 0.",
  }),
  takeOver: field(z.boolean().default(false), {
    description:
      "A change that needs a restart replaces the instance without a gap: the new one boots beside the old one, takes over its addresses once it has run for `stableForMs` and passed its `gate`, and the old one is stopped and deleted. If it does not get that far, the old one stays as it is and the update fails. Only on metro `local`, and with `networkInterfaces` that have `ip`; without `name`, a service and volumes that it writes to. Needs memory for two instances. Default false: the instance is stopped, changed and started again.",
  }),
  gate: field(instanceGate.optional(), {
    description:
      "What the instance must pass before it takes over, and before its first create succeeds: without it, that its program has run for `stableForMs` is enough. It is asked before the instance is in any network. If it fails, the old instance stays as it is, the new one is deleted, and the update fails. Only with `takeOver`. Default: none.",
  }),
  adopt: adoptField("an instance"),
});

/** Checked inputs of an Instance. */
export type InstanceInputs = z.output<typeof instanceInputs>;

/** True if stopping the instance deletes it. */
export const deletedOnStop = ({ features }: Properties): boolean =>
  Array.isArray(features) && features.includes("delete-on-stop");

/** True for a job: it has done what it is for once its program has ended. */
export const isJob = ({ waitFor }: Properties): boolean => waitFor === "completed";
