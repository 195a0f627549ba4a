/** A call: microphone, server, decoder and loudspeaker. */

import { Connection } from "./connection.js";
import { Meters } from "./meters.js";
import { Mixer } from "./mixer.js";
import { StreamPlayer } from "./player.js";
import { Receiver } from "./receiver.js";

const FRAME_S = 0.02;
const CODEC_S = 0.005; // the decoded sound is that much late
const FILTER_S = 16 / 8000; // by which the player reads behind
const MOST_WAITING = 50; // frames without an answer
const ANSWER_S = 20; // until which the server has to answer

const SILENT = "The server does not answer any more.";
const MICROPHONE_ERRORS = {
  NotAllowedError: "The microphone was refused. Allow it in the browser's settings of this page, then start again.",
  NotFoundError: "No microphone was found. Connect one, then start again.",
  NotReadableError: "The microphone cannot be opened. Another program may be using it.",
};

/** Return the stream of the microphone; throw an Error with a text for people. */
async function openMicrophone(echoCancellation) {
  if (!navigator.mediaDevices) {
    throw new Error("This address gets no microphone: open the page from 127.0.0.1, localhost or https.");
  }
  const audio = { echoCancellation, noiseSuppression: false, autoGainControl: false };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    throw new Error(MICROPHONE_ERRORS[error.name] ?? `The microphone cannot be opened: ${error.message}`);
  }
}

/**
 * One call. Events: "frame" with {number, lost, original, enhanced, plain, played} for each decoded
 * frame; "end" with a text if it ends by itself.
 */
export class Session extends EventTarget {
  #captured = new Map(); // frames that the server has in hand, by number
  #mixer = new Mixer();
  #stopped = false;
  #answered = 0; // time of the last answer

  /**
   * @param {{tables, address, choices, echoCancellation, wait}} options - choices as for `choose`,
   *   and the seconds of sound that wait in the buffer before playing
   */
  constructor({ tables, address, choices, echoCancellation, wait }) {
    super();
    Object.assign(this, { address, choices, echoCancellation, wait });
    this.receiver = new Receiver(tables);
    this.meters = new Meters();
    this.heard = "enhanced"; // or "plain", "original", "nothing"
    this.sent = 0;
    this.skipped = 0; // frames that the server had no time for
  }

  /** Open everything; on failure close what is open, and throw an Error with a text for people. */
  async start() {
    try {
      this.context = new AudioContext({ latencyHint: "interactive" });
      this.player = new StreamPlayer({ context: this.context, delay: this.wait, limit: 2 * this.wait });
      this.stream = await openMicrophone(this.echoCancellation);
      this.#check();
      this.connection = new Connection(this.address);
      await this.connection.ready;
      this.#check();
      this.connection.addEventListener("payload", ({ detail }) => this.#receive(detail));
      this.connection.addEventListener("end", ({ detail }) => this.#end(detail));
      this.choose(this.choices);
      await this.player.start();
      await this.context.audioWorklet.addModule("capture.js");
      this.#check();
      this.#capture();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Throw if `stop` was called during the start. */
  #check() {
    if (this.#stopped) throw new Error("stopped");
  }

  #capture() {
    const [track] = this.stream.getAudioTracks();
    track.addEventListener("ended", () => this.#end("The microphone was disconnected."));
    this.inputDelay = track.getSettings().latency ?? 0;
    this.source = new MediaStreamAudioSourceNode(this.context, { mediaStream: this.stream });
    this.capture = new AudioWorkletNode(this.context, "celpvq-capture", {
      numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit",
    });
    this.capture.port.onmessage = ({ data }) => this.#send(data);
    this.source.connect(this.capture);
  }

  /** Send the choices of encoder and channel; `help` is "none", "next" or "redundant". */
  choose({ help, ...choices }) {
    this.receiver.help = help !== "none";
    this.connection?.choose({ ...choices, redundancy: help === "redundant" });
  }

  #send({ samples, time }) {
    if (this.#stopped) return;
    if (this.isWaiting) {
      this.skipped += 1;
      if (this.context.currentTime - this.#answered > ANSWER_S) this.#end(SILENT);
      return;
    }
    const number = this.connection.send(samples);
    this.#captured.set(number, { original: Float32Array.from(samples, (x) => x / 32768), time });
    this.sent += 1;
  }

  #receive({ number, size, payload }) {
    this.#answered = this.context.currentTime;
    this.meters.countPacket(size, payload.length === 0);
    for (const frame of this.receiver.receive(number, payload)) this.#play(frame);
  }

  #play({ number, lost, enhanced, plain }) {
    const { original, time } = this.#captured.get(number);
    this.#captured.delete(number);
    const sounds = { original: this.#mixer.align(original), enhanced, plain };
    const played = this.#mixer.mix(sounds, this.heard);
    this.meters.countDelay(this.#delayFrom(time));
    this.player.write(played);
    const detail = { number, lost, ...sounds, raw: original, played };
    this.dispatchEvent(new CustomEvent("frame", { detail }));
  }

  /** Whether the server is late with its answers: the machine is too busy. */
  get isWaiting() {
    return this.#captured.size >= MOST_WAITING;
  }

  /** Seconds of sound that were left out, because the server or the page was late. */
  get leftOut() {
    return this.player.dropped + FRAME_S * this.skipped;
  }

  /** Seconds from the capture of a frame until it sounds, if it is written to the player now. */
  #delayFrom(time) {
    const waited = this.context.currentTime - time + this.inputDelay;
    return waited + this.player.latency - FRAME_S / 2 + FILTER_S + CODEC_S;
  }

  #end(text) {
    if (this.#stopped) return;
    this.stop();
    this.dispatchEvent(new CustomEvent("end", { detail: text }));
  }

  /** Close the microphone, the call and the loudspeaker. */
  async stop() {
    this.#stopped = true;
    this.connection?.close();
    this.capture?.port.postMessage("close");
    this.source?.disconnect();
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    await this.player?.close();
    if (this.context && this.context.state !== "closed") await this.context.close();
  }
}
