/** Forms of `runtime`, `unikraft`, `template` and `libraries`. */
import type { Form } from "./form";

const runtime = (form: string, tool: string, text: string, gives: string): Form => ({
  form,
  tool,
  text: `spec: v0.6\nruntime: ${text}`,
  gives: { runtime: gives, kernelFile: undefined, compiles: undefined },
});

export const KERNEL_FORMS: readonly Form[] = [
  runtime("runtime: name", "kraft: latest is the default tag", "base", "base"),
  runtime("runtime: name:tag", "kraft, unikraft: OCI reference", "node:21", "node:21"),
  runtime("runtime: oci://", "kraft, unikraft: optional scheme", "oci://nginx:1.25", "nginx:1.25"),
  runtime(
    "runtime: organisation/name",
    "unikraft: unikraft.io/org/name:latest",
    "official/python:3.12",
    "official/python:3.12",
  ),
  runtime("runtime: host/name", "kraft, unikraft: OCI reference", "unikraft.org/redis:7.2", "unikraft.org/redis:7.2"),
  runtime(
    "runtime: host:port/name",
    "unikraft: a first part with ':' is a host",
    "localhost:5000/app:dev",
    "localhost:5000/app:dev",
  ),
  runtime("runtime map with a source", "kraft: source", "{source: unikraft.org/nginx}", "unikraft.org/nginx"),
  runtime("runtime map with a version", "kraft: source, version", "{source: nginx, version: '1.25'}", "nginx:1.25"),
  runtime(
    "runtime map with a number as version",
    "kraft: the version is text",
    "{source: python, version: 3.12}",
    "python:3.12",
  ),
  {
    form: "runtime map with kconfig",
    tool: "kraft: picks a runtime by its options; here there is one per platform",
    text: "spec: v0.6\nruntime: {source: base, kconfig: {CONFIG_X: y}}",
    gives: { runtime: "base" },
    warns: /'runtime\.kconfig' has no effect/,
  },
  {
    form: "runtime map in v0.7",
    tool: "unikraft: a string only",
    text: "spec: v0.7\nruntime: {source: base}",
    rejects: /must be a string in v0\.7/,
  },
  {
    form: "runtime that is no reference",
    tool: "unikraft: must be lower case",
    text: "spec: v0.7\nruntime: Base:latest",
    rejects: /must be lower case/,
  },
  {
    form: "runtime: kernel://path",
    tool: "kraft: a kernel file",
    text: "spec: v0.6\nruntime: kernel://./build/app_qemu-x86_64",
    gives: { runtime: undefined, kernelFile: { path: "./build/app_qemu-x86_64" } },
  },
  {
    form: "unikraft: {type: kernel, source}",
    tool: "unikraft, newest: packs a ready-made kernel",
    text: "spec: v0.7\nunikraft: {type: kernel, source: ./kernel}",
    gives: { kernelFile: { path: "./kernel" }, compiles: undefined },
  },
  {
    form: "unikraft: version",
    tool: "kraft: compiles; unikraft: refuses",
    text: "spec: v0.6\nunikraft: stable",
    gives: { compiles: { key: "unikraft" } },
  },
  {
    form: "unikraft map",
    tool: "kraft: source, version, kconfig",
    text: "spec: v0.6\nunikraft:\n  source: https://github.com/unikraft/unikraft.git\n  version: staging\n  kconfig:\n    - CONFIG_LIBUKDEBUG=y",
    gives: { compiles: { key: "unikraft" } },
  },
  {
    form: "a v0.5 project",
    tool: "kraft: unikraft is required, targets are objects with a name",
    text: "specification: '0.5'\nname: helloworld\nunikraft: '0.5'\ntargets:\n  - name: hello-kvm\n    architecture: x86_64\n    platform: kvm\n    command: a b\n    initrd: fs.cpio",
    gives: {
      spec: "0.5",
      name: "helloworld",
      compiles: { key: "unikraft" },
      targets: [{ os: "qemu", architecture: "x86_64" }],
    },
  },
  {
    form: "template",
    tool: "kraft: pulls another Kraftfile",
    text: "spec: v0.6\ntemplate: {source: https://github.com/unikraft/app-elfloader.git, version: staging}",
    gives: { compiles: { key: "template" } },
  },
  {
    form: "libraries alone",
    tool: "kraft: compiles",
    text: "spec: v0.6\nlibraries: {lwip: stable}",
    gives: { compiles: { key: "libraries" } },
  },
  {
    form: "unikraft beside runtime",
    tool: "kraft: a runtime is prebuilt; unikraft refuses. Here the runtime is used",
    text: "spec: v0.6\nruntime: base\nunikraft: stable",
    gives: { runtime: "base", compiles: undefined },
    warns: /'unikraft' has no effect: 'runtime' names a prebuilt kernel/,
  },
  {
    form: "neither kernel nor files",
    tool: "unikraft: a build needs a runtime, a rootfs or ROMs",
    text: "spec: v0.7\ncmd: [/a]",
    rejects: /'runtime' is missing/,
  },
  {
    form: "files without a kernel",
    tool: "unikraft: kernel-less image",
    text: "spec: v0.7\nrootfs: ./rootfs\ntargets: [kraftcloud/x86_64]",
    gives: { runtime: undefined, rootfs: { path: "./rootfs", type: undefined } },
  },
];
