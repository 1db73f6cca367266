/** Forms of `rootfs`, `initrd` and `roms`. */
import { type Form, V6, V7 } from "./form";

const rootfs = (form: string, tool: string, text: string, gives: object, head = V7): Form => ({
  form,
  tool,
  text: `${head}rootfs: ${text}`,
  gives: { rootfs: gives },
});
const invalid = (form: string, tool: string, text: string, rejects: RegExp, head = V7): Form => ({
  form,
  tool,
  text: `${head}rootfs: ${text}`,
  rejects,
});

export const SOURCE_FORMS: readonly Form[] = [
  rootfs("a path", "kraft, unikraft: the type is found out from the file", "./rootfs", {
    path: "./rootfs",
    type: undefined,
  }),
  rootfs("a path in v0.6", "kraft: a string", "./initrd", { path: "./initrd", type: undefined }, V6),
  rootfs("Dockerfile", "unikraft: a dot-part of the name is 'Dockerfile'", "./Dockerfile", {
    path: "./Dockerfile",
    type: "dockerfile",
  }),
  rootfs(
    "Dockerfile.name",
    "unikraft: a dot-part of the name is 'Dockerfile'",
    "./Dockerfile.unikraft",
    { path: "./Dockerfile.unikraft", type: "dockerfile" },
    V6,
  ),
  rootfs("name.Dockerfile", "unikraft: a dot-part of the name is 'Dockerfile'", "docker/app.Dockerfile", {
    path: "docker/app.Dockerfile",
    type: "dockerfile",
  }),
  rootfs(
    "a name that only resembles a Dockerfile",
    "kraft: a folder of that name comes first",
    "./Dockerfile1",
    { path: "./Dockerfile1", type: undefined },
    V6,
  ),
  rootfs("a CPIO file", "unikraft: magic check", "./fs.cpio", { path: "./fs.cpio", type: undefined }),
  rootfs("oci://", "kraft: an image is the last guess; with the scheme it is certain", "oci://nginx:1.27", {
    path: "nginx:1.27",
    type: "oci",
  }),
  rootfs(
    "source in v0.6",
    "kraft since 2026: {source, type}",
    "{source: ./rootfs}",
    { path: "./rootfs", type: undefined },
    V6,
  ),
  rootfs(
    "source and type erofs in v0.6",
    "docs: 'type: erofs means the filesystem type is EROFS'",
    "{source: ./Dockerfile, type: erofs}",
    { path: "./Dockerfile", type: "dockerfile", format: "erofs" },
    V6,
  ),
  rootfs(
    "source and type cpio in v0.6",
    "docs: the file system type",
    "{source: ./rootfs, type: cpio}",
    { path: "./rootfs", type: undefined, format: "cpio" },
    V6,
  ),
  rootfs("source and format", "unikraft: output format", "{source: ./Dockerfile, format: erofs}", {
    path: "./Dockerfile",
    type: "dockerfile",
    format: "erofs",
  }),
  rootfs(
    "source and format in v0.6",
    "kraft since 2026",
    "{source: ./rootfs, format: erofs}",
    { path: "./rootfs", type: undefined, format: "erofs" },
    V6,
  ),
  rootfs(
    "source, format and type",
    "unikraft: the type is lifted into the source",
    "{source: ./initramfs.erofs, format: erofs, type: erofs}",
    { path: "./initramfs.erofs", type: "erofs", format: "erofs" },
  ),
  rootfs("source and type dir", "unikraft: type of the string source", "{source: ./Dockerfile, type: dir}", {
    path: "./Dockerfile",
    type: "directory",
  }),
  rootfs("source and type oci", "unikraft: only when declared", "{source: 'ghcr.io/acme/web:1', type: oci}", {
    path: "ghcr.io/acme/web:1",
    type: "oci",
  }),
  rootfs("source and type dockerfile", "unikraft: explicit type", "{source: ./Containerfile, type: dockerfile}", {
    path: "./Containerfile",
    type: "dockerfile",
  }),
  rootfs("source.path", "unikraft: long form", "{source: {path: ./rootfs}}", { path: "./rootfs", type: undefined }),
  rootfs("source.type tarball", "unikraft: long form", "{source: {path: ./fs.tar.gz, type: tarball}}", {
    path: "./fs.tar.gz",
    type: "tarball",
  }),
  rootfs("source.type cpio", "unikraft: a packed file", "{source: {path: fs.img, type: cpio}}", {
    path: "fs.img",
    type: "cpio",
  }),
  rootfs(
    "source.type erofs with format",
    "unikraft: must match",
    "{source: {path: fs.img, type: erofs}, format: erofs}",
    { path: "fs.img", type: "erofs", format: "erofs" },
  ),
  rootfs(
    "source.type file",
    "unikraft: a legal name without a builder; here found out from the file",
    "{source: {path: fs.img, type: file}}",
    { path: "fs.img", type: undefined },
  ),
  rootfs(
    "source.dockerfile",
    "unikraft: path becomes the context; implies the type",
    "{source: {path: ., dockerfile: deploy/app.df}, format: erofs}",
    { path: ".", type: "dockerfile", dockerfile: "deploy/app.df", format: "erofs" },
  ),
  rootfs(
    "source.dockerfile with its type",
    "unikraft: implied",
    "{source: {path: ., type: dockerfile, dockerfile: Dockerfile}}",
    { path: ".", type: "dockerfile", dockerfile: "Dockerfile" },
  ),
  invalid(
    "source.dockerfile with another type",
    "unikraft: an error",
    "{source: {path: ., type: dir, dockerfile: D}}",
    /must be 'dockerfile'/,
  ),
  invalid(
    "rootfs.type beside a source map",
    "unikraft: rejected",
    "{source: {path: .}, type: dir}",
    /belongs in 'rootfs\.source'/,
  ),
  invalid(
    "an unknown source type",
    "unikraft: 'invalid source type'",
    "{source: {path: ., type: zip}}",
    /must be one of oci, dir/,
  ),
  invalid("an unknown format", "unikraft: 'invalid fs type'", "{source: ., format: ext4}", /must be 'cpio' or 'erofs'/),
  invalid("a map without source", "unikraft: source is required", "{format: erofs}", /needs a 'source'/),
  invalid(
    "dockerfile at the wrong level",
    "unikraft: ignored in silence; here a problem, since the folder itself would be packed",
    "{source: ., dockerfile: D}",
    /belongs beside 'path'/,
  ),
  invalid("a list", "kraft, unikraft: a string or a map", "[./a]", /must be a string/),
  {
    form: "initrd",
    tool: "kraft: the older name of rootfs",
    text: `${V6}initrd: ./fs.cpio`,
    gives: { rootfs: { path: "./fs.cpio", type: undefined } },
  },
  {
    form: "initrd and rootfs",
    tool: "kraft: one file system",
    text: `${V6}initrd: a\nrootfs: b`,
    rejects: /mean the same; keep 'rootfs'/,
  },
  {
    form: "roms as paths",
    tool: "kraft: a list of strings",
    text: `${V6}roms: [./model, ./data.erofs]`,
    gives: {
      roms: [
        { path: "./model", type: undefined },
        { path: "./data.erofs", type: undefined },
      ],
    },
  },
  {
    form: "roms as maps",
    tool: "unikraft: the forms of rootfs, in order",
    text: `${V7}roms:\n  - source: {path: ., dockerfile: rom.Dockerfile}\n    format: erofs\n  - ./assets`,
    gives: {
      roms: [
        { path: ".", type: "dockerfile", dockerfile: "rom.Dockerfile", format: "erofs" },
        { path: "./assets", type: undefined },
      ],
    },
  },
  {
    form: "roms only",
    tool: "unikraft: a ROM image",
    text: "spec: v0.7\nname: rom\nroms:\n  - ./myrom",
    gives: { runtime: undefined, rootfs: undefined, roms: [{ path: "./myrom", type: undefined }] },
  },
];
