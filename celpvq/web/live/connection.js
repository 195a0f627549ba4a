/** The websocket of a call: frames out, payloads in. */

const NUMBER_BYTES = 4;
const HEAD_BYTES = 5;
const UNREACHABLE = "The server cannot be reached. Check that celpvq live --web is still running.";

/** Events: "payload" with {number, size, payload}; "end" with the reason, unless `close` ended it. */
export class Connection extends EventTarget {
  #socket;
  #number = 0;

  constructor(address) {
    super();
    this.#socket = new WebSocket(address);
    this.#socket.binaryType = "arraybuffer";
    this.ready = new Promise((resolve, reject) => {
      this.#socket.onopen = resolve;
      this.#socket.onclose = ({ reason }) => {
        const text = reason ? `The server ended the call: ${reason}.` : UNREACHABLE;
        reject(new Error(text));
        this.dispatchEvent(new CustomEvent("end", { detail: text }));
      };
    });
    this.ready.catch(() => {}); // "end" tells it
    this.#socket.onmessage = ({ data }) => this.#receive(data);
  }

  /** Send the choices of the page. */
  choose(choices) {
    this.#write(JSON.stringify(choices));
  }

  /** Send a frame of 160 samples, an Int16Array; return its number. */
  send(samples) {
    const message = new DataView(new ArrayBuffer(NUMBER_BYTES + 2 * samples.length));
    message.setUint32(0, this.#number, true);
    samples.forEach((x, n) => message.setInt16(NUMBER_BYTES + 2 * n, x, true));
    this.#write(message.buffer);
    return this.#number++;
  }

  /** Write a message; nothing if the server has closed, which "end" tells soon. */
  #write(message) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(message);
  }

  #receive(data) {
    const view = new DataView(data);
    const detail = {
      number: view.getUint32(0, true),
      size: view.getUint8(NUMBER_BYTES),
      payload: new Uint8Array(data, HEAD_BYTES),
    };
    this.dispatchEvent(new CustomEvent("payload", { detail }));
  }

  close() {
    this.#socket.onclose = this.#socket.onmessage = null;
    this.#socket.close();
  }
}
