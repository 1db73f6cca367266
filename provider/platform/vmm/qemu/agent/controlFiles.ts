/** What the stand-in guest's program asks through the files of `/uk/libukp`. The protocol is described in `provider/image/runtime/initScript.ts`. */
import { type ControlFileState, UNWRITTEN_CONTROL_FILES } from "../../vmm";

/** The state after one more line of the guest; an unknown line changes nothing. Pure. */
export function applyControlFileLine(state: ControlFileState, line: string): ControlFileState {
  switch (line.trim()) {
    case "awake yes":
      return { ...state, staysAwake: true };
    case "awake no":
      return { ...state, staysAwake: false };
    case "template":
      return { ...state, template: true };
    case "template-done":
      return { ...state, template: false };
    default:
      return state;
  }
}

/** The control files of one guest. */
export class GuestControlFiles {
  readonly #send: (text: string) => void;
  #state = UNWRITTEN_CONTROL_FILES;
  #onChange: () => void = () => undefined;

  /** @param parts.send sends text to the guest */
  constructor({ send }: { readonly send: (text: string) => void }) {
    this.#send = send;
  }

  get state(): ControlFileState {
    return this.#state;
  }

  /** Calls `listener` after each change, instead of an earlier listener. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  /** Takes a line that the guest has written. */
  receive(line: string): void {
    const state = applyControlFileLine(this.#state, line);
    if (state === this.#state || JSON.stringify(state) === JSON.stringify(this.#state)) return;
    this.#state = state;
    this.#onChange();
  }

  /** The program that has asked for a template goes on; without one, nothing happens. */
  declineTemplate(): void {
    if (this.#state.template) this.#send("\ntemplate declined now\n"); // the first line break ends a command that was cut off
  }
}
