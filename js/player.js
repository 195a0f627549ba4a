/**
 * Play celpvq's speech in a browser. One file without dependencies beside celpvq.js.
 *
 * The element `<celpvq-player>` shows and plays a file:
 *
 *     <celpvq-player src="speech.cvq" label="Speech at 6400 bit/s"></celpvq-player>
 *
 * after the page has loaded this file as a module script.
 *
 * A page that holds data sets a property instead: `bytes`, of a .cvq file; or `samples`, decoded,
 * with `sampleRate` before it if that is not 8000. `tables` is a set from `loadTables`; by default
 * the set of the file comes from the folder `tables` beside celpvq.js. `play()`, `pause()`, `paused`,
 * `currentTime`, `duration`, `volume` and `ended` are as in `<audio>`, and so are the events "play",
 * "pause", "timeupdate", "ended", "loadeddata" and "error". `error` is the Error, or null.
 *
 * `StreamPlayer` plays a live stream:
 *
 *     const player = new StreamPlayer({ delay: 0.06 });
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
 * Every 50 ms it sends an event "report". `player.context` is its AudioContext, and `player.output`
 * the AudioNode that an analyser can listen to. Its AudioWorklet is a script from a blob: URL: a
 * content security policy has to list `blob:` in `script-src`. Browsers offer AudioWorklets only to
 * pages from https, localhost or a file. The element needs neither.
 *
 * `resample(samples, 8000, 48000)` returns a Float32Array. Use it before a clip goes into an
 * AudioBuffer: Chromium resamples AudioBuffers by lines between samples, and this adds audible
 * images above 4 kHz.
 */

import { decodeParts, parseHeader, SAMPLE_RATE } from "./celpvq.js";

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

let speechFilter = null; // made when it is needed

/**
 * Return samples of a rate at another, greater or equal rate. `start` and `end` limit the result to
 * a part, in samples of the new rate: parts join without a seam.
 */
export function resample(samples, from, to, start = 0, end = Math.ceil((samples.length * to) / from)) {
  if (from === to) return Float32Array.from(samples.slice(start, end));
  speechFilter ??= interpolator();
  const { at, REACH } = speechFilter;
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
    this.meanLevel = this.delay;
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
    if (!this.playing && this.level >= this.delay) {
      this.playing = true;
      this.meanLevel = this.delay;
    }
  }

  /** Fill `out` with the next samples. */
  read(out) {
    this.meanLevel += (this.level - this.meanLevel) * Math.min(out.length / this.to, 1); // in a second
    const excess = (this.meanLevel - this.delay) / Math.max(this.delay, 0.02);
    const pace = 1 + Math.min(Math.max(excess * 0.01, -0.005), 0.005);
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
  constructor({ context = null, sampleRate = SAMPLE_RATE, delay = 0.06, limit = 0.5 } = {}) {
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

  /** The AudioNode that an analyser can listen to, after `start`. */
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

// ---- A clip ----

const AHEAD = 1.5; // seconds that are handed to the browser before they sound
const TICK = 200; // milliseconds between looks whether more is needed

/** Samples of a clip, of which more may follow, and their peaks. */
export class Clip {
  constructor(sampleRate = SAMPLE_RATE) {
    this.sampleRate = sampleRate;
    this.samples = new Float32Array(0);
    this.length = 0; // samples that are there
    this.total = 0; // samples that there will be, as far as known
    this.complete = false;
    this.peaks = []; // greatest sizes within 20 ms
  }

  /** Add samples: floats of full scale 1, or 16-bit integers. */
  append(samples) {
    const needed = this.length + samples.length;
    if (needed > this.samples.length) {
      const grown = new Float32Array(Math.max(needed, this.total, 2 * this.samples.length));
      grown.set(this.samples.subarray(0, this.length));
      this.samples = grown;
    }
    const scale = samples instanceof Int16Array ? 1 / 32768 : 1;
    const period = Math.round(this.sampleRate / 50);
    for (const x of samples) {
      const value = x * scale;
      const peak = Math.floor(this.length / period);
      this.samples[this.length++] = value;
      this.peaks[peak] = Math.max(this.peaks[peak] ?? 0, Math.abs(value));
    }
    this.total = Math.max(this.total, this.length);
  }

  /** Tell that no more follows. */
  end() {
    this.total = this.length;
    this.complete = true;
  }

  /** Seconds. */
  get duration() {
    return this.total / this.sampleRate;
  }
}

/**
 * Plays a clip from any position. Parts of it follow each other to the sample, if its rate is not
 * above that of the output.
 */
export class ClipPlayer {
  #sources = new Set();
  #timer = null;

  /** `output` is the AudioNode that gets the sound; `onended` is called at the end. */
  constructor(clip, output, onended = () => {}) {
    Object.assign(this, { clip, output, onended, position: 0 }); // seconds, while it does not play
    this.context = output.context;
    this.rate = Math.max(this.context.sampleRate, clip.sampleRate);
  }

  get playing() {
    return this.#timer !== null;
  }

  /** The position in seconds, of what the loudspeaker gets. */
  get currentTime() {
    if (!this.playing) return this.position;
    const heard = this.context.currentTime - (this.context.outputLatency || 0);
    const played = Math.max(heard - this.begun, 0);
    return Math.min(this.position + played, this.next / this.rate, this.clip.duration);
  }

  set currentTime(seconds) {
    const { playing } = this;
    this.pause();
    this.position = Math.min(Math.max(seconds, 0), this.clip.duration);
    if (playing) this.play();
  }

  play() {
    if (this.playing) return;
    if (this.position >= this.clip.duration) this.position = 0;
    this.#begin(Math.round(this.position * this.rate));
    this.#timer = setInterval(() => this.#tick(), TICK);
    this.#tick();
  }

  pause() {
    this.position = this.currentTime;
    clearInterval(this.#timer);
    this.#timer = null;
    for (const source of this.#sources) source.stop();
    this.#sources.clear();
  }

  /** Let sample `first`, at the rate of the output, sound as soon as possible. */
  #begin(first) {
    const { sampleRate, currentTime } = this.context;
    this.begun = Math.ceil((currentTime + 0.02) * sampleRate) / sampleRate;
    this.position = first / this.rate;
    this.next = first; // sample that follows those handed over
  }

  /** Hand over what sounds soon. */
  #tick() {
    const { clip, context, rate } = this;
    const { complete } = clip;
    const available = Math.floor((clip.length * rate) / clip.sampleRate) - (complete ? 0 : rate >> 6);
    const soundsAt = () => this.begun + this.next / rate - this.position;
    if (soundsAt() < context.currentTime && this.next < available) this.#begin(this.next); // came late
    while (this.next < available && soundsAt() < context.currentTime + AHEAD) {
      const end = Math.min(this.next + rate, available);
      const samples = clip.samples.subarray(0, clip.length);
      this.#handOver(resample(samples, clip.sampleRate, rate, this.next, end), soundsAt());
      this.next = end;
    }
    if (complete && this.next >= available && context.currentTime >= soundsAt()) {
      this.pause();
      this.position = clip.duration;
      this.onended();
    }
  }

  #handOver(samples, when) {
    const buffer = new AudioBuffer({ length: samples.length, sampleRate: this.rate });
    buffer.copyToChannel(samples, 0);
    const source = new AudioBufferSourceNode(this.context, { buffer });
    source.connect(this.output);
    source.onended = () => this.#sources.delete(source);
    source.start(when);
    this.#sources.add(source);
  }
}

// ---- The element ----

const STYLE = `
:host { display: block; min-width: 12rem; color: inherit; font: inherit; }
:host([hidden]) { display: none; }
.player { display: grid; grid-template-columns: 2.75rem 1fr; gap: 0.25rem 0.5rem; align-items: center; }
button { width: 2.75rem; height: 2.75rem; padding: 0; border: 1px solid; border-radius: 50%;
  background: none; color: inherit; cursor: pointer; }
button:disabled { opacity: 0.4; cursor: default; }
svg { display: block; width: 1.25rem; height: 1.25rem; margin: auto; fill: currentColor; }
.position { height: 2.5rem; outline-offset: 0; cursor: pointer; touch-action: pan-y; border-radius: 0.25rem; }
canvas { display: block; width: 100%; height: 100%; }
.line { grid-column: 2; display: flex; flex-wrap: wrap; gap: 0 0.75rem; align-items: center;
  justify-content: space-between; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
label { display: flex; align-items: center; gap: 0.375rem; }
input { width: 5rem; margin: 0; accent-color: currentColor; }
:focus-visible { outline: 2px solid; }
.error { grid-column: 1 / -1; margin: 0; font-size: 0.875rem; overflow-wrap: anywhere; }
[hidden] { display: none; }`;

const SHAPES = { play: "M5 3v18l16-9z", pause: "M5 3h5v18H5zM14 3h5v18h-5z" };
const SVG = "http://www.w3.org/2000/svg";

/** Return a new element with attributes and children. */
function create(name, attributes = {}, ...children) {
  const namespace = name === "svg" || name === "path" ? SVG : "http://www.w3.org/1999/xhtml";
  const element = document.createElementNS(namespace, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Return seconds as m:ss. */
export function timeText(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

const STEPS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 5, PageDown: -5 };

/** Return the position that a key moves to, or null. A step is a second, or less in short clips. */
export function positionAfterKey(key, position, duration) {
  const step = STEPS[key] * Math.min(1, duration / 20);
  const wanted = { Home: 0, End: duration }[key] ?? (key in STEPS ? position + step : null);
  return wanted === null ? null : Math.min(Math.max(wanted, 0), duration);
}

/** Return the greatest of the peaks for each of n columns. */
export function columns(peaks, nPeaks, n) {
  return Float32Array.from({ length: n }, (_, i) => {
    const first = Math.floor((i * nPeaks) / n);
    const end = Math.max(Math.floor(((i + 1) * nPeaks) / n), first + 1);
    let peak = 0;
    for (let k = first; k < end; k++) peak = Math.max(peak, peaks[k] ?? 0);
    return peak;
  });
}

let sharedContext = null; // browsers allow few
let sounding = null; // the element that plays
let decoding = Promise.resolve(); // one element after another

/** Return bytes of a file. */
async function fetchBytes(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** The element `<celpvq-player>`. */
export class PlayerElement extends (globalThis.HTMLElement ?? EventTarget) {
  static observedAttributes = ["src", "label"];
  #parts = {}; // elements within
  #clip = null;
  #player = null; // ClipPlayer, made when it first plays
  #gain = null;
  #volume = 1;
  #loading = null; // an object for each load: an older load sees that it is not the present one
  #source = null; // {bytes}, {samples} or {src}
  #near = null; // IntersectionObserver until the element is near the window
  #position = 0;

  constructor() {
    super();
    /** The Error of the last load, or null. */
    this.error = null;
    this.sampleRate = SAMPLE_RATE; // of `samples`
    this.tables = null;
    this.enhancement = true;
    this.#build();
  }

  #build() {
    const path = create("path", { d: SHAPES.play });
    const svg = create("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, path);
    const button = create("button", { type: "button", "aria-label": "Play", disabled: "" }, svg);
    const canvas = create("canvas", { "aria-hidden": "true" });
    const position = create("div", {
      class: "position", role: "slider", tabindex: "0", "aria-label": "Position", "aria-valuemin": "0",
    }, canvas);
    const time = create("span", { class: "time" });
    const status = create("span", { role: "status" });
    const volume = create("input", { type: "range", min: "0", max: "1", step: "0.05", value: "1" });
    const line = create("div", { class: "line" }, time, status, create("label", {}, "Volume", volume));
    const error = create("p", { class: "error", role: "alert", hidden: "" });
    const box = create("div", { class: "player", role: "group", "aria-label": "Speech" }, button, position, line, error);
    const style = new CSSStyleSheet(); // a content security policy forbids <style> and style=""
    style.replaceSync(STYLE);
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [style];
    root.append(box);
    this.#parts = { path, button, canvas, position, time, status, volume, error, box };
    button.addEventListener("click", () => (this.paused ? this.play() : this.pause()));
    volume.addEventListener("input", () => { this.volume = volume.valueAsNumber; });
    position.addEventListener("keydown", (event) => this.#key(event));
    position.addEventListener("pointerdown", (event) => this.#point(event));
    position.addEventListener("pointermove", (event) => event.buttons & 1 && this.#point(event));
    new ResizeObserver(() => this.#draw()).observe(canvas);
  }

  connectedCallback() {
    this.#show();
    if (this.#source?.src && !this.#loading && !this.#clip) this.#loadWhenNear();
  }

  disconnectedCallback() {
    this.pause();
    this.#near?.disconnect();
  }

  attributeChangedCallback(name, old, value) {
    if (name === "label") this.#parts.box.setAttribute("aria-label", value ?? "Speech");
    if (name === "src" && value !== null) {
      this.#begin({ src: value });
      if (this.isConnected) this.#loadWhenNear();
    }
  }

  get src() {
    return this.getAttribute("src") ?? "";
  }

  set src(value) {
    this.setAttribute("src", value);
  }

  get label() {
    return this.getAttribute("label") ?? "";
  }

  set label(value) {
    this.setAttribute("label", value);
  }

  /** The bytes of a .cvq file, or null. */
  get bytes() {
    return this.#source?.bytes ?? null;
  }

  set bytes(bytes) {
    this.#begin({ bytes });
    if (bytes) this.#load();
  }

  /** Decoded samples, or null. */
  get samples() {
    return this.#clip && this.#clip.samples.subarray(0, this.#clip.length);
  }

  set samples(samples) {
    this.#begin({ samples });
    if (samples) this.#load();
  }

  get paused() {
    return !this.#player?.playing;
  }

  get ended() {
    return this.paused && this.duration > 0 && this.currentTime >= this.duration;
  }

  /** Seconds; NaN until it is known. */
  get duration() {
    return this.#clip?.total ? this.#clip.duration : NaN;
  }

  get currentTime() {
    return this.#player ? this.#player.currentTime : this.#position;
  }

  set currentTime(seconds) {
    this.#position = Math.min(Math.max(seconds, 0), this.duration || 0);
    if (this.#player) this.#player.currentTime = this.#position;
    this.#show();
    this.dispatchEvent(new Event("timeupdate"));
  }

  get volume() {
    return this.#volume;
  }

  set volume(value) {
    this.#volume = Math.min(Math.max(value, 0), 1);
    this.#parts.volume.value = this.#volume;
    if (this.#gain) this.#gain.gain.value = this.#volume;
  }

  /** Play; another element of the page that plays pauses. */
  async play() {
    if (!this.#clip?.length || !this.paused) return;
    sharedContext ??= new AudioContext();
    if (!this.#player) {
      this.#gain = new GainNode(sharedContext, { gain: this.#volume });
      this.#gain.connect(sharedContext.destination);
      this.#player = new ClipPlayer(this.#clip, this.#gain, () => this.#end());
      this.#player.currentTime = this.#position;
    }
    if (sounding !== this) sounding?.pause();
    sounding = this;
    const player = this.#player;
    await sharedContext.resume();
    if (player !== this.#player || sounding !== this) return; // changed meanwhile
    player.play();
    this.dispatchEvent(new Event("play"));
    this.#animate();
  }

  pause() {
    if (sounding === this) sounding = null;
    if (this.paused) return;
    this.#player.pause();
    this.dispatchEvent(new Event("pause"));
    this.#show();
  }

  #end() {
    if (sounding === this) sounding = null;
    this.#show();
    this.dispatchEvent(new Event("ended"));
  }

  /** Forget the last source. */
  #begin(source) {
    this.pause();
    this.#source = source;
    this.#loading = null;
    this.#clip = null;
    this.#player = null;
    this.#gain?.disconnect();
    this.#position = 0;
    this.error = null;
    this.#show();
  }

  #loadWhenNear() {
    this.#near?.disconnect();
    this.#near = new IntersectionObserver(([{ isIntersecting }]) => {
      if (!isIntersecting) return;
      this.#near.disconnect();
      this.#load();
    }, { rootMargin: "200px" });
    this.#near.observe(this);
  }

  /** Load the source; tell of errors. */
  async #load() {
    const load = {};
    this.#loading = load;
    this.#show();
    try {
      const { samples } = this.#source;
      if (samples) {
        this.#clip = new Clip(this.sampleRate);
        this.#clip.append(samples);
      } else {
        const bytes = this.#source.bytes ?? (await fetchBytes(new URL(this.#source.src, document.baseURI)));
        const turn = decoding.then(() => this.#loading === load && this.#decode(bytes, load));
        decoding = turn.catch(() => {});
        await turn;
      }
    } catch (error) {
      if (this.#loading === load) this.error = error;
    }
    if (this.#loading !== load) return;
    this.#loading = null;
    this.#clip?.end();
    this.#show();
    this.dispatchEvent(new Event(this.error ? "error" : "loadeddata"));
  }

  async #decode(bytes, load) {
    const { nSamples, sampleRate } = parseHeader(bytes);
    const clip = new Clip();
    if (nSamples) clip.total = Math.round((Number(nSamples) * SAMPLE_RATE) / sampleRate);
    this.#clip = clip;
    const { enhancement } = this;
    for await (const part of decodeParts(bytes, { tables: await this.tables, enhancement })) {
      if (this.#loading !== load) return;
      clip.append(part);
      this.#show();
      await new Promise((resolve) => { setTimeout(resolve); }); // the page can answer meanwhile
    }
  }

  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === " ") {
      if (this.paused) this.play();
      else this.pause();
    } else {
      const position = positionAfterKey(event.key, this.currentTime, this.duration || 0);
      if (position === null) return;
      this.currentTime = position;
    }
    event.preventDefault();
  }

  #point(event) {
    const { position } = this.#parts;
    position.setPointerCapture(event.pointerId);
    const { left, width } = position.getBoundingClientRect();
    this.currentTime = ((event.clientX - left) / width) * (this.duration || 0);
  }

  #animate() {
    this.#show();
    if (this.paused) return;
    this.dispatchEvent(new Event("timeupdate"));
    requestAnimationFrame(() => this.#animate());
  }

  /** Bring the elements up to date. */
  #show() {
    const { path, button, position, time, status, error } = this.#parts;
    const duration = this.duration || 0;
    const { currentTime, paused } = this;
    const set = (element, name, value) => {
      if (element.getAttribute(name) !== value) element.setAttribute(name, value);
    };
    set(path, "d", paused ? SHAPES.play : SHAPES.pause);
    set(button, "aria-label", paused ? "Play" : "Pause");
    button.disabled = !this.#clip?.length;
    const text = `${timeText(currentTime)} of ${timeText(duration)}`;
    set(position, "aria-valuemax", duration.toFixed(1));
    set(position, "aria-valuenow", currentTime.toFixed(1));
    set(position, "aria-valuetext", text);
    set(position, "aria-disabled", String(button.disabled));
    time.textContent = `${timeText(currentTime)} / ${timeText(duration)}`;
    const share = duration ? Math.floor((100 * this.#clip.length) / this.#clip.total) : 0;
    const words = this.#loading ? `Loading ${share} %` : "";
    if (status.textContent !== words) status.textContent = words;
    error.hidden = !this.error;
    error.textContent = this.error ? `Cannot play the whole file: ${this.error.message}` : "";
    this.#draw();
  }

  /** Draw the waveform: what was played stronger, and a line at the position. */
  #draw() {
    const { canvas } = this.#parts;
    const scale = globalThis.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth * scale, canvas.clientHeight * scale].map(Math.round);
    if (!width || !height) return;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    context.fillStyle = getComputedStyle(this).color;
    const duration = this.duration || 0;
    const played = duration ? Math.round((this.currentTime / duration) * width) : 0;
    const peaks = columns(this.#clip?.peaks ?? [], Math.ceil(duration * 50), width);
    const top = Math.max(...peaks, 0.05);
    for (let x = 0; x < width; x++) {
      context.globalAlpha = x < played ? 1 : 0.45;
      const half = Math.max((peaks[x] / top) * (height / 2 - 1), scale / 2);
      context.fillRect(x, height / 2 - half, 1, 2 * half);
    }
    context.globalAlpha = 1;
    const line = Math.round(2 * scale);
    context.fillRect(Math.min(played, width - line), 0, line, height);
  }
}

globalThis.customElements?.define("celpvq-player", PlayerElement);
