/** The error of a program that the mocked platform rejects. */
import type { Rejection } from "./types";

/** The platform has rejected resources of a program. The message has a line for each failure, with its code. */
export class RejectedProgramError extends Error {
  /** The resources, in the order in which they were rejected. What depends on them was not declared. */
  readonly rejections: readonly Rejection[];

  /** @param rejections at least one */
  constructor(rejections: readonly Rejection[]) {
    super(rejections.map(({ kind, name, message }) => `${kind} '${name}': ${message}`).join("\n"));
    this.name = "RejectedProgramError";
    this.rejections = rejections;
  }
}
