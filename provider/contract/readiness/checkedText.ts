/** The schema of a text that must be valid for what reads it. */
import * as z from "zod";

/**
 * A text with something in it.
 *
 * @param problemOf why a text is not valid, as a clause; `undefined` if it is
 */
export const checkedText = (problemOf: (text: string) => string | undefined) =>
  z
    .string()
    .min(1)
    .superRefine((text, context) => {
      const message = problemOf(text);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    });
