/** Differences between our route table and wire models and the vendor's OpenAPI documents, each with the reason. */

/** The same differences for both variants of an operation; an item of one is the body of the other. */
const inBothVariants = (name: string, list: readonly string[]): readonly string[] =>
  list.flatMap((one) => [`${name} []${one}`, `${name} of one ${one}`]);

const FLAT_POLICY = ["type", "high_watermark", "exclusive", "num_requests", "replace", "idle_time_ms"];
/** The fields of an instance in responses. */
const RESPONSE_FIELDS =
  "annotations args autokill boot_time_us checkpoint_autokill created_at delete_lock env error exit_code features gateway gpus image memory_mb message name nameserver net_time_us network_interfaces plugins private_fqdn private_ip restart restart_count restart_policy retained_until roms scale_to_zero sched_priority schedules service_group services snapshot start_count started_at state status stop_code stop_reason stopped_at tags template_autokill template_time_us type updates uptime_ms uuid vcpus vmm_load_time_us vmm_ready_time_us vmm_start_time_us volumes";
/** The fields of an instance that every response has. */
const REQUIRED_RESPONSE_FIELDS = "created_at image memory_mb name restart_policy state type uuid vcpus";
const PORTS = [".services[].port", ".services[].destination_port", ".soft_limit", ".hard_limit"];

/**
 * Differences between our requests or models and the documents, by reason: `X: unknown` for a field that one side does not have,
 * otherwise `X:` and the reason of the rejection.
 */
export const DIFFERENCES: Readonly<Record<string, readonly string[]>> = {
  "an extension of the local platform": [
    "createInstance .network_interfaces[].gateway: unknown",
    "createInstance .network_interfaces[].routes: unknown",
    "createInstance .readiness_probe: unknown",
    "createInstance .rotation: unknown",
    "createInstance .take_over: unknown",
    ...inBothVariants("patchInstances", [".prop: not in the enumeration"]),
    ...inBothVariants("stopInstances", [".half_closed_timeout_ms: unknown"]),
  ],
  "the newest documentation has it": [
    "createInstance .network_interfaces[].mac: unknown",
    ...inBothVariants("createAutoscale", [".template: unknown"]),
  ],
  "`checkpoint`: the newest documentation has it": ["createInstance .schedules[].action: not in the enumeration"],
  "the newest documentation writes `template` instead": inBothVariants("createAutoscale", [".create_args: missing"]),
  "the newest documentation has more metrics": [
    ...inBothVariants("createAutoscale", [".policies[].metric: not in the enumeration"]),
    "createPolicy .type.metric: not in the enumeration",
  ],
  "`percent` of the documentation is `percentage` in the SDK": [
    ...inBothVariants("createAutoscale", [".policies[].adjustment_type: not in the enumeration"]),
    "createPolicy .type.adjustment_type: not in the enumeration",
  ],
  "flat policies, as every source but the SDK's types writes them": [
    ...inBothVariants(
      "createAutoscale",
      FLAT_POLICY.map((key) => `.policies[].${key}: unknown`),
    ),
    // A single policy is an object with the policy in `type`; ours reads both.
    "createPolicy .type: missing",
    "createPolicy .type: not an object",
    ...[...FLAT_POLICY.filter((key) => key !== "type"), "adjustment_type", "enabled", "metric", "steps"].map(
      (key) => `createPolicy .${key}: unknown`,
    ),
    ...FLAT_POLICY.map((key) => `createPolicy .type.${key}: unknown`),
  ],
  "computed by the server, so only in responses": [
    "createInstance .schedules[].next_at",
    "createInstance .schedules[].next_at: unknown",
  ],
  "typed as an instance's response by mistake: it is a create request": [
    "createInstance .template.create_args{}: unknown",
    ...RESPONSE_FIELDS.split(" ").map((key) => `createInstance .template.create_args.${key}`),
    ...REQUIRED_RESPONSE_FIELDS.split(" ").map((key) => `createInstance .template.create_args.${key}: missing`),
  ],
  "its range is from the reference's tables": [
    "createInstance .gpus: too_big",
    "createInstance .memory_mb: too_small",
    "createInstance .replicas: too_big",
    "createInstance .scale_to_zero.cooldown_time_ms: too_big",
    "createInstance .vcpus: too_small",
    "createInstance .volumes[].size_mb: too_small",
    "createVolume .size_mb: too_small",
    "pinImages [].timeout_s: custom",
    ...["createInstance .service_group", "createService "].flatMap((at) =>
      PORTS.flatMap((one) => [`${at}${one}: too_small`, `${at}${one}: too_big`]),
    ),
    ...inBothVariants(
      "createAutoscale",
      [".max_size", ".warmup_time_ms", ".cooldown_time_ms"].map((key) => `${key}: too_small`),
    ),
    ...["stopInstances", "suspendInstances"].flatMap((name) => inBothVariants(name, [".drain_timeout_ms: too_big"])),
  ],
  "its format is from the reference's tables": [
    "createInstance .annotations{}: invalid_key",
    "createInstance .hostname: invalid_format",
    "createInstance .plugins[].name: invalid_format",
    "createInstance .tags[]: invalid_format",
    "createInstance .volumes[].tags[]: invalid_format",
    "createCheckpoints [].tags[]: invalid_format",
    "createVolume .tags[]: invalid_format",
    ...inBothVariants("cloneVolumes", [".tags[]: invalid_format"]),
  ],
  "a variable without a name is impossible": ["createInstance .env{}: invalid_key"],
  "a variable with '=' or NUL in its name is impossible": ["createInstance .env: custom"],
  "a service without a port serves nothing": ["createInstance .service_group.services: too_small"],
  "free text in the document, but only these values exist": [
    "createInstance .scale_to_zero.policy: invalid_value",
    "createInstance .volumes[].quota_policy: invalid_value",
    ...inBothVariants("stopInstances", [".ifstate: invalid_value"]),
  ],
};
