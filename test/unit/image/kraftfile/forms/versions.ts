/** Forms of `spec`, `name` and keys that only other tools read. */
import { type Form, V6, V7 } from "./form";

export const VERSION_FORMS: readonly Form[] = [
  {
    form: "spec v0.7",
    tool: "unikraft: adds the 'v' when missing",
    text: "spec: v0.7\nruntime: a",
    gives: { spec: "0.7" },
  },
  {
    form: "spec without v",
    tool: "unikraft: adds the 'v' when missing",
    text: "spec: '0.7'\nruntime: a",
    gives: { spec: "0.7" },
  },
  {
    form: "spec as a number",
    tool: "kraft: the YAML layer makes it text",
    text: "spec: 0.6\nruntime: a",
    gives: { spec: "0.6" },
  },
  {
    form: "spec with a patch",
    tool: "unikraft schema: ^v?0\\.7(?:\\.0)?$",
    text: "spec: v0.7.0\nruntime: a",
    gives: { spec: "0.7" },
  },
  {
    form: "specification",
    tool: "kraft: the older name",
    text: "specification: v0.6\nruntime: a",
    gives: { spec: "0.6" },
  },
  {
    form: "spec and specification",
    tool: "unikraft schema: exactly one of the two",
    text: `${V7}specification: v0.7`,
    rejects: /keep one of them/,
  },
  { form: "no version", tool: "kraft, unikraft: required", text: "runtime: a", rejects: /'spec' is missing/ },
  {
    form: "a version older than 0.5",
    tool: "kraft: warns and reads it all the same",
    text: "specification: '0.4'\nunikraft: '0.5'",
    gives: { spec: "0.5" },
    warns: /version '0\.4' is unknown/,
  },
  {
    form: "a version newer than 0.7",
    tool: "unikraft: warns 'newer, best effort'",
    text: "spec: v0.8\nruntime: a",
    gives: { spec: "0.7" },
    warns: /version 'v0\.8' is unknown; the file is read as v0\.7/,
  },
  {
    form: "a version that is none",
    tool: "unikraft: requires semver",
    text: "spec: latest\nruntime: a",
    rejects: /must be a version/,
  },
  { form: "name", tool: "kraft: a project name", text: `${V6}name: shop`, gives: { name: "shop" } },
  {
    form: "name to normalise",
    tool: "kraft: lower-cases, keeps a-z0-9_- and trims leading _-",
    text: `${V6}name: "_My Shop 2!"`,
    gives: { name: "myshop2" },
  },
  { form: "outdir", tool: "unikraft: deprecated, ignored", text: `${V7}outdir: build`, gives: {} },
  {
    form: "an extension",
    tool: "kraft: x-* at every depth",
    text: `${V7}x-note: {a: [1]}\nrootfs: {source: ., x-y: 1}`,
    gives: { rootfs: { path: ".", type: undefined } },
  },
  {
    form: "a key of the cloud's deploy command",
    tool: "kraft, unikraft: additionalProperties, ignored",
    text: `${V6}services:\n  - port: 3002:3002/http\nmemory: 2G`,
    gives: {},
    warns: /unknown key 'services' has no effect on the image; set 'ports' of the Instance/,
  },
  {
    form: "a misspelt key that makes the image",
    tool: "kraft, unikraft: ignored in silence; here a problem, since the image would have no files",
    text: `${V6}rootf: ./rootfs`,
    rejects: /unknown key 'rootf', did you mean 'rootfs'\?/,
  },
  {
    form: "a null value",
    tool: "Go decoders: null is absent",
    text: `${V7}cmd:\nenv:\nlabels:\ntargets:\nroms:\nvolumes:`,
    gives: { cmd: undefined, env: {}, targets: [], roms: [] },
  },
  {
    form: "a merge key",
    tool: "Go's yaml.v3: merges",
    text: `x-env: &common {A: '1', B: '2'}\n${V7}env: {<<: *common, B: '3'}`,
    gives: { env: { A: "1", B: "3" } },
  },
  {
    form: "an alias",
    tool: "Go's yaml.v3: resolves",
    text: `x-cmd: &c [/bin/a]\n${V7}cmd: *c`,
    gives: { cmd: ["/bin/a"] },
  },
  {
    form: "a list that closes at the margin",
    tool: "Go's yaml.v3: accepts",
    text: `${V6}cmd: [\n  "/bin/a",\n  "b"\n]\nroms: [\n  {\n    source: a\n  }\n]`,
    gives: { cmd: ["/bin/a", "b"], roms: [{ path: "a", type: undefined }] },
  },
  {
    form: "an empty second document",
    tool: "Go's yaml.v3: reads the first",
    text: `---\n${V6}---\n# end\n`,
    gives: { runtime: "base:latest" },
  },
];
