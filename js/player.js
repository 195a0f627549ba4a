/**
 * Play decoded speech in a browser. One file, no dependency; it stands beside celpvq.js.
 *
 *     const player = new StreamPlayer({ delay: 0.06 }); // a live stream
 *     await player.start();  // after a click: browsers begin to play only then
 *     player.write(samples); // Float32Array or Int16Array at 8000 Hz, of any length
 *     player.level           // seconds that wait in its buffer
 *     player.underruns       // how often the buffer ran empty
 *     player.dropped         // seconds that were left out because the buffer was full
 *     player.played          // seconds that were played
 *     player.latency         // seconds from `write` until the loudspeaker gets a sample
 *     player.volume = 0.5;
 *     player.clear();        // drop what waits
 *     await player.close();
 *
 * Every 50 ms of playing it sends an event "report". `player.context` is its AudioContext, and
 * `player.output` the AudioNode that an analyser can listen to. The AudioWorklet runs in a script
 * from a blob: URL: a content security policy has to list `blob:` in `script-src`. A page needs
 * https, localhost or a file, or browsers offer no AudioWorklet.
 *
 *     resample(samples, 8000, 48000) // Float32Array: with a long filter
 *
 * Use it before a clip goes into an AudioBuffer. An AudioBuffer of 8000 Hz is resampled by the
 * browser, in Chromium by drawing lines between samples: that adds audible images above 4 kHz.
 */

export const SPEECH_RATE = 8000; // Hz

// ---- Resampling ----

/**
 * A resampler of a stream, for rates above that of the stream: `at(samples, mask, position)` is the
 * value between samples. Its filter is a sinc within a window of Kaiser, of 2 * REACH samples.
 * AudioWorklets get this function as text, so it uses nothing from outside.
 */
export function interpolator() {
  const REACH = 16; // samples on each side
  const PHASES = 256; // of the table, between which lines are drawn
  const BETA = 8; // of the window
  const bessel = (x) => {
    let [sum, term] = [1, 1];
    for (let k = 1; k < 40; k++) sum += term *= (x / (2 * k)) ** 2;
    return sum;
  };
  const width = 2 * REACH;
  const taps = new Float32Array((PHASES + 1) * width);
  for (let phase = 0; phase <= PHASES; phase++) {
    for (let i = 0; i < width; i++) {
      const x = i - (REACH - 1) - phase / PHASES; // samples from the middle
      const inside = Math.max(1 - (x / REACH) ** 2, 0);
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
      taps[phase * width + i] = sinc * bessel(BETA * Math.sqrt(inside)) / bessel(BETA);
    }
  }
  /** Return the value at a position; samples lie in a ring whose length is mask + 1. */
  const at = (samples, mask, position) => {
    const whole = Math.floor(position);
    const phase = (position - whole) * PHASES;
    const low = Math.floor(phase);
    const share = phase - low;
    const row = low * width;
    let sum = 0;
    for (let i = 0; i < width; i++) {
      const tap = taps[row + i] + share * (taps[row + width + i] - taps[row + i]);
      sum += tap * samples[(whole - REACH + 1 + i) & mask];
    }
    return sum;
  };
  return { at, REACH };
}

let shared = null; // the table of the filter, made when it is needed

/**
 * Return samples of a rate at another, greater or equal rate. `start` and `end` limit the result to
 * a part, in samples of the new rate: parts join without a seam.
 */
export function resample(samples, from, to, start = 0, end = Math.ceil((samples.length * to) / from)) {
  if (from === to) return Float32Array.from(samples.slice(start, end));
  shared ??= interpolator();
  const { at, REACH } = shared;
  const out = new Float32Array(Math.max(end - start, 0));
  const first = Math.floor((start * from) / to) - REACH; // what the part needs, zeros outside
  const size = 1 << Math.ceil(Math.log2((out.length * from) / to + 2 * REACH + 2));
  const ring = new Float32Array(size);
  for (let i = 0; i < size; i++) ring[i] = samples[first + i] ?? 0;
  for (let n = 0; n < out.length; n++) out[n] = at(ring, size - 1, ((start + n) * from) / to - first);
  return out;
}

// ---- A live stream ----

/**
 * The buffer of a stream, which the AudioWorklet owns: samples go in at one rate and come out at
 * another. It begins to play when `delay` seconds wait. It plays a little faster or slower (0.5 % at
 * most) to keep about that much. AudioWorklets get this class as text.
 */
export class StreamBuffer {
  constructor({ from, to, delay, limit, interpolator }) {
    Object.assign(this, { from, to, delay, limit, interpolator });
    this.ring = new Float32Array(1 << Math.ceil(Math.log2(from * limit + 4096)));
    this.underruns = 0;
    this.dropped = 0; // seconds
    this.played = 0; // seconds
    this.last = 0; // sample, which fades when the buffer is empty
    this.clear();
  }

  /** Drop all samples, and wait for new ones. */
  clear() {
    this.ring.fill(0);
    this.written = this.interpolator.REACH; // samples so far
    this.position = 0; // of the next sample to play
    this.playing = false;
  }

  /** Seconds that wait. */
  get level() {
    return Math.max(this.written - this.interpolator.REACH - this.position, 0) / this.from;
  }

  /** Take samples; the oldest ones are dropped when more than `limit` seconds wait. */
  write(samples) {
    for (const x of samples) {
      this.ring[this.written & (this.ring.length - 1)] = x;
      this.written += 1;
      if (this.level > this.limit) { // back to the wanted delay
        const surplus = (this.level - this.delay) * this.from;
        this.position += surplus;
        this.dropped += surplus / this.from;
      }
    }
    if (this.level >= this.delay) this.playing = true;
  }

  /** Fill `out` with the next samples. */
  read(out) {
    const excess = (this.level - this.delay) / Math.max(this.delay, 0.02);
    const pace = 1 + Math.min(Math.max(excess * 0.002, -0.005), 0.005);
    const step = (this.from / this.to) * pace;
    const { at } = this.interpolator;
    for (let n = 0; n < out.length; n++) {
      if (this.playing && this.level * this.from < step) {
        this.playing = false;
        this.underruns += 1;
      }
      if (this.playing) {
        this.last = at(this.ring, this.ring.length - 1, this.position);
        this.position += step;
        this.played += 1 / this.to;
      } else {
        this.last *= 0.98; // no click
      }
      out[n] = this.last;
    }
  }
}

/** The script of the AudioWorklet. */
const workletSource = () => `
${StreamBuffer}
${interpolator}
registerProcessor("celpvq-stream", class extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    const options = { ...processorOptions, to: sampleRate, interpolator: interpolator() };
    this.buffer = new StreamBuffer(options);
    this.open = true;
    this.nextReport = 0;
    this.port.onmessage = ({ data }) => {
      if (data === "clear") this.buffer.clear();
      else if (data === "close") this.open = false;
      else this.buffer.write(data);
    };
  }
  process(inputs, [[out]]) {
    this.buffer.read(out);
    if (currentTime >= this.nextReport) {
      const { level, underruns, dropped, played } = this.buffer;
      this.port.postMessage({ level, underruns, dropped, played });
      this.nextReport = currentTime + 0.05;
    }
    return this.open;
  }
});`;

/** Plays samples as they come, through an AudioWorklet. */
export class StreamPlayer extends EventTarget {
  #node = null;
  #gain = null;
  #volume = 1;
  #ownContext;

  /**
   * @param {{context?: AudioContext, sampleRate?: number, delay?: number, limit?: number}} options -
   *   the rate of the samples in Hz; the seconds that wait before playing starts; and the most
   *   seconds that may wait
   */
  constructor({ context = null, sampleRate = SPEECH_RATE, delay = 0.06, limit = 0.5 } = {}) {
    super();
    this.#ownContext = context === null;
    this.context = context ?? new AudioContext({ latencyHint: "interactive" });
    this.options = { from: sampleRate, delay, limit: Math.max(limit, 2 * delay) };
    Object.assign(this, { level: 0, underruns: 0, dropped: 0, played: 0 });
  }

  /** Load the worklet and begin; call it after a click or key of the user. */
  async start() {
    if (!this.#node) {
      if (!this.context.audioWorklet) throw new Error("AudioWorklet: the page needs https or localhost");
      const script = new Blob([workletSource()], { type: "text/javascript" });
      const address = URL.createObjectURL(script);
      try {
        await this.context.audioWorklet.addModule(address);
      } finally {
        URL.revokeObjectURL(address);
      }
      this.#gain = new GainNode(this.context, { gain: this.#volume });
      this.#gain.connect(this.context.destination);
      this.#node = new AudioWorkletNode(this.context, "celpvq-stream", {
        numberOfInputs: 0, outputChannelCount: [1], processorOptions: this.options,
      });
      this.#node.port.onmessage = ({ data }) => {
        Object.assign(this, data);
        this.dispatchEvent(new Event("report"));
      };
      this.#node.connect(this.#gain);
    }
    await this.context.resume();
  }

  /** The AudioNode that sounds, after `start`. */
  get output() {
    return this.#gain;
  }

  get volume() {
    return this.#volume;
  }

  set volume(value) {
    this.#volume = value;
    if (this.#gain) this.#gain.gain.value = value;
  }

  /** Seconds from `write` to the loudspeaker: the buffer's level and the delay of the device. */
  get latency() {
    return this.level + this.context.baseLatency + (this.context.outputLatency || 0);
  }

  /** Append samples: floats of full scale 1, or 16-bit integers. */
  write(samples) {
    const floats = Float32Array.from(samples);
    if (samples instanceof Int16Array) for (let n = 0; n < floats.length; n++) floats[n] /= 32768;
    this.#node?.port.postMessage(floats, [floats.buffer]);
  }

  /** Drop what waits. */
  clear() {
    this.#node?.port.postMessage("clear");
  }

  /** End; the player cannot start again. */
  async close() {
    this.#node?.port.postMessage("close");
    this.#node?.disconnect();
    this.#gain?.disconnect();
    this.#node = null;
    if (this.#ownContext && this.context.state !== "closed") await this.context.close();
  }
}
