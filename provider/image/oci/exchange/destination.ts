/**
 * Where an image can be copied: a registry, a folder with an OCI layout, or an OCI archive.
 *
 * Rules for a text without a scheme: unikraft CLI, `--output`.
 */
import * as fs from "node:fs";
import { UnikernelError } from "../../../base/errors";
import { type Reference, parseReference } from "../reference";

/** A parsed destination. */
export type Destination =
  | { readonly type: "registry"; readonly reference: Reference }
  /** A folder in the form of OCI image-spec 1.1, image-layout.md. */
  | { readonly type: "layout"; readonly folder: string; readonly tag: string }
  /** A tar of such a folder. */
  | { readonly type: "archive"; readonly file: string; readonly tag: string };

const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** What is at a path now. */
export type PathKind = "folder" | "file" | "nothing";

/**
 * Parses `oci-layout://folder[:tag]`, `oci-archive://file[:tag]`, `[oci://]reference`, or a path or reference without a scheme. The tag of
 * a layout or archive defaults to `latest`. Throws `INPUT_INVALID`.
 *
 * @param kindOf what is at a path; decides what a text without a scheme means
 */
export function parseDestination(text: string, kindOf: (path: string) => PathKind = kindOfPath): Destination {
  const invalid = (what: string): UnikernelError =>
    new UnikernelError("INPUT_INVALID", `'${text}' is not a destination of an image: ${what}.`, {
      hint: "Write 'host/name:tag', 'oci-layout://folder:tag' or 'oci-archive://file.tar:tag'.",
    });
  const [, scheme, rest = ""] = /^([a-z][a-z0-9+-]*):\/\/(.*)$/s.exec(text) ?? [undefined, undefined, text];
  if (rest === "" || rest.includes("\0")) throw invalid("it is empty or contains a NUL character");
  switch (scheme) {
    case "oci-layout":
    case "oci-archive": {
      const [path, tag = "latest"] = splitTag(rest);
      if (path === "") throw invalid("the path is missing");
      if (!TAG.test(tag)) throw invalid(`'${tag}' is not a tag`);
      return scheme === "oci-layout" ? { type: "layout", folder: path, tag } : { type: "archive", file: path, tag };
    }
    case "oci":
      return { type: "registry", reference: parseReference(rest) };
    case undefined:
      break;
    default:
      throw invalid(`the scheme '${scheme}://' is not known`);
  }
  const kind = kindOf(rest);
  if (kind === "folder" || rest.endsWith("/")) return { type: "layout", folder: rest, tag: "latest" };
  if (kind === "file" || rest.includes(".tar")) return { type: "archive", file: rest, tag: "latest" };
  if (rest.startsWith(".") || rest.startsWith("/"))
    throw invalid("the path is ambiguous; add 'oci-layout://' or 'oci-archive://'");
  return { type: "registry", reference: parseReference(rest) };
}

/** Splits off a tag after the last colon of the last part of a path. */
function splitTag(text: string): [string, string?] {
  const colon = text.indexOf(":", text.lastIndexOf("/") + 1);
  return colon < 0 ? [text] : [text.slice(0, colon), text.slice(colon + 1)];
}

function kindOfPath(path: string): PathKind {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return "nothing";
  return stat.isDirectory() ? "folder" : "file";
}
