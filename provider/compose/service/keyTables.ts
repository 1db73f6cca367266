/**
 * Every key of the Compose specification, and what becomes of it: `docs/how-to/compose.md` has the same lists. Source: the JSON schema of
 * compose-spec, `compose-spec.json`.
 */
import type { KeyRule, KeyTable } from "../tree/keys";

const rules = (names: string, rule: KeyRule): KeyTable =>
  Object.fromEntries(names.split(" ").map((name) => [name, rule]));

const READ = "read";
const OWN_KERNEL: KeyRule = { warns: "Each instance is a virtual machine with a kernel of its own." };
const ONE_PROGRAM: KeyRule = { warns: "The program is alone in its virtual machine." };
const NO_TERMINAL: KeyRule = { warns: "Instances have no terminal; their output is in the console log." };
const NO_LIMIT: KeyRule = { warns: "An instance has its memory and one virtual CPU, and no other limits." };
const NOT_ISOLATED: KeyRule = {
  warns: "All instances of the metro are in one private network and reach each other on any port.",
};
const DOCKER_ONLY: KeyRule = { warns: "It is for Docker." };

/** Keys of the file itself. */
export const PROJECT_KEYS: KeyTable = {
  ...rules("name services volumes include", READ),
  version: { warns: "Compose no longer uses it; remove it." },
  networks: NOT_ISOLATED,
  ...rules("secrets configs models", { warns: "Only services use it, for which it is reported." }),
};

/** Keys of an entry of `services`. */
export const SERVICE_KEYS: KeyTable = {
  ...rules(
    "annotations build command container_name depends_on deploy domainname entrypoint env_file environment",
    READ,
  ),
  ...rules("expose extends hostname image labels links mem_limit mem_reservation networks", READ),
  ...rules("network_mode ports profiles restart scale volumes", READ),
  healthcheck: {
    warns:
      "Nothing runs it: an update waits until the program listens on its port. For more, give the Service a gate with a transform.",
  },
  ...rules("attach develop logging pull_policy stop_signal", DOCKER_ONLY),
  ...rules("stdin_open tty", NO_TERMINAL),
  stop_grace_period: { warns: "A rolling update lets open connections finish." },
  ...rules("init pid ipc uts cgroup cgroup_parent userns_mode oom_kill_disable oom_score_adj", ONE_PROGRAM),
  ...rules("cap_add cap_drop security_opt privileged user group_add device_cgroup_rules", OWN_KERNEL),
  ...rules("runtime isolation storage_opt sysctls ulimits shm_size", OWN_KERNEL),
  ...rules("blkio_config cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares", NO_LIMIT),
  ...rules("cpus cpuset mem_swappiness memswap_limit pids_limit", NO_LIMIT),
  platform: { warns: "The image decides the platform." },
  ...rules("tmpfs read_only", { warns: "The root file system is in memory, and can be written to." }),
  ...rules("secrets configs label_file", {
    fails: "The files would be missing: add them to the image, or give the values as environment.",
  }),
  ...rules("dns dns_opt dns_search", { fails: "The metro provides the name server; remove it." }),
  extra_hosts: { fails: "The names would not resolve; use an address, or a name of the Internet." },
  ...rules("external_links volumes_from", {
    fails: "Name a service of this project in depends_on, or a volume in volumes.",
  }),
  working_dir: { fails: "The program starts in the folder that the image says; set WORKDIR there." },
  ...rules("devices gpus credential_spec use_api_socket models provider mac_address", {
    fails: "An instance has no such device; remove it.",
  }),
  ...rules("post_start pre_stop", { fails: "Nothing runs it; let the program of the image do it." }),
};

/** Keys of `build`. */
export const BUILD_KEYS: KeyTable = {
  ...rules("context args target cache_from cache_to no_cache ssh", READ),
  dockerfile: {
    fails: "The Kraftfile in 'context' names the Dockerfile, as 'rootfs'. Name another Kraftfile as 'x-kraftfile'.",
  },
  dockerfile_inline: { fails: "Write it to a file, and name that as 'rootfs' of the Kraftfile in 'context'." },
  secrets: { fails: "Build the image with a GatewayImage, whose build.secrets are secret." },
  additional_contexts: { fails: "Copy what is needed into 'context'." },
  ...rules("extra_hosts network entitlements", { fails: "The builder has no such setting; remove it." }),
  ...rules("labels tags platforms pull provenance sbom", {
    warns: "The Kraftfile decides what the image has; see GatewayImage.",
  }),
  ...rules("privileged isolation shm_size ulimits", DOCKER_ONLY),
};

/** Keys of `deploy`. */
export const DEPLOY_KEYS: KeyTable = {
  ...rules("mode replicas resources restart_policy", READ),
  labels: { warns: "They are for an orchestrator; put labels of the instance at the service itself." },
  ...rules("endpoint_mode placement", { warns: "The metro decides where instances run." }),
  ...rules("update_config rollback_config", {
    warns: "An update starts each new replica before it stops an old one, and undoes a failure as the Service says.",
  }),
};

/** Keys of `deploy.resources`, and of its two members. */
export const RESOURCES_KEYS: KeyTable = rules("limits reservations", READ);
/** Keys of `deploy.resources.limits` and `.reservations`. */
export const LIMIT_KEYS: KeyTable = {
  memory: READ,
  ...rules("cpus pids", NO_LIMIT),
  ...rules("devices generic_resources", { fails: "An instance has no such device; remove it." }),
};

/** Keys of `deploy.restart_policy`. */
export const RESTART_POLICY_KEYS: KeyTable = {
  condition: READ,
  ...rules("delay max_attempts window", { warns: "The metro decides how often it restarts an instance." }),
};

/** Keys of an entry of `ports`. */
export const PORT_KEYS: KeyTable = {
  ...rules("target published host_ip protocol app_protocol", READ),
  ...rules("name mode", DOCKER_ONLY),
};

/** Keys of an entry of a service's `volumes`. */
export const MOUNT_KEYS: KeyTable = {
  ...rules("type source target read_only volume bind", READ),
  consistency: DOCKER_ONLY,
  ...rules("tmpfs image cluster", DOCKER_ONLY),
};

/** Keys of `volume` in such an entry. */
export const MOUNT_VOLUME_KEYS: KeyTable = {
  ...rules("nocopy labels", { warns: "A new volume is empty." }),
  subpath: { fails: "The whole volume is mounted; use a volume of its own." },
};

/** Keys of a top-level volume. */
export const VOLUME_KEYS: KeyTable = {
  ...rules("driver driver_opts external name", READ),
  labels: DOCKER_ONLY,
};

/** Keys of a top-level volume's `driver_opts`. */
export const DRIVER_OPTS_KEYS: KeyTable = {
  size: READ,
  ...rules("type device o", {
    fails: "The volume would be another one: a Volume is a disk of the metro. Set its size only.",
  }),
};

/** Keys of an entry of `depends_on`. */
export const DEPENDENCY_KEYS: KeyTable = {
  ...rules("condition required", READ),
  restart: { warns: "An instance keeps running when one that it depends on is replaced." },
};

/** Keys of an entry of `env_file`. */
export const ENV_FILE_KEYS: KeyTable = rules("path required format", READ);

/** Keys of `extends`. */
export const EXTENDS_KEYS: KeyTable = rules("file service", READ);

/** Keys of an entry of `include`. */
export const INCLUDE_KEYS: KeyTable = {
  ...rules("path env_file", READ),
  project_directory: { fails: "Paths are relative to the included file; correct them there." },
};

/** Keys of a service's entry of `networks`. */
export const NETWORK_KEYS: KeyTable = {
  aliases: READ,
  ...rules("ipv4_address ipv6_address mac_address", {
    fails: "The metro gives addresses; use the private name of the service.",
  }),
  ...rules("link_local_ips priority gw_priority interface_name driver_opts", DOCKER_ONLY),
};
