// Plays the sounds of a trial at the same time, one of them audible, so that switching keeps the position.

import { bytesOf } from "../embedded.js";

const FADE_S = 0.008;
const TICK_MS = 50;

/** The sounds of a trial; `changed` is called whenever something that a page shows has changed. */
export class Player {
  constructor(changed) {
    this.changed = changed;
    this.loops = true;
    this.made = null;
    this.clear();
  }

  /** The audio context, made at first use: browsers want a click before. */
  get context() {
    if (!this.made) {
      const context = new AudioContext();
      const volume = context.createGain();
      volume.connect(context.destination);
      this.made = { context, volume };
    }
    return this.made.context;
  }

  /** The gain through which everything is played. */
  get volume() {
    return this.context && this.made.volume;
  }

  /** Forget all sounds. */
  clear() {
    this.stop();
    this.buffers = new Map();
    this.heard = new Map();
    this.current = null;
    this.offset = 0;
    this.duration = 0;
  }

  /** Decode sounds: pairs of a name and a file in base64. */
  async load(files) {
    this.clear();
    for (const [name, base64] of files) {
      const buffer = await this.context.decodeAudioData(bytesOf(base64).buffer);
      this.buffers.set(name, buffer);
      this.heard.set(name, 0);
      this.duration = buffer.duration;
    }
  }

  /** Whether a sound is audible. */
  get playing() {
    return this.sources !== null;
  }

  /** The position in all sounds [s]. */
  get position() {
    if (!this.playing) return this.offset;
    const passed = Math.max(0, this.context.currentTime - this.started + this.offset);
    return this.loops ? passed % this.duration : Math.min(passed, this.duration);
  }

  /** Play a sound, from the position of the one that plays, or from `offset` [s]. */
  play(name, offset = null) {
    if (!this.buffers.has(name)) return undefined;
    this.context.resume();
    if (this.playing && offset === null) return this.switchTo(name);
    this.stop(offset ?? this.offset);
    if (this.offset >= this.duration - 0.01) this.offset = 0;
    this.current = name;
    this.started = this.context.currentTime + 0.02;
    this.sources = new Map();
    for (const [other, buffer] of this.buffers) this.sources.set(other, this.source(other, buffer));
    this.sources.get(name).source.onended = () => this.ended();
    this.lastTick = this.started;
    this.timer = setInterval(() => this.tick(), TICK_MS);
    return this.changed();
  }

  /** Start a sound, silent unless it is the current one. */
  source(name, buffer) {
    const gain = this.context.createGain();
    gain.gain.value = name === this.current ? 1 : 0;
    gain.connect(this.volume);
    const source = this.context.createBufferSource();
    source.buffer = buffer;
    source.loop = this.loops;
    source.connect(gain);
    source.start(this.started, this.offset);
    return { source, gain };
  }

  /** Make another sound audible at the same position. */
  switchTo(name) {
    this.count();
    const now = this.context.currentTime;
    for (const [other, { gain }] of this.sources) {
      gain.gain.setTargetAtTime(other === name ? 1 : 0, now, FADE_S / 3);
    }
    this.current = name;
    return this.changed();
  }

  /** Stop, and stay at the position, or go to another one [s]. */
  stop(offset = null) {
    if (!this.sources) {
      this.sources = null;
      if (offset !== null) this.offset = offset;
      return;
    }
    this.count();
    this.offset = offset ?? this.position;
    clearInterval(this.timer);
    for (const { source, gain } of this.sources.values()) {
      source.onended = null;
      source.stop();
      gain.disconnect();
    }
    this.sources = null;
    this.changed();
  }

  /** Go to a position [s]. */
  seek(offset) {
    if (this.playing) this.play(this.current, offset);
    else this.offset = offset;
  }

  /** Add the time since the last tick to what was heard of the current sound. */
  count() {
    const now = this.context.currentTime;
    const passed = Math.max(0, now - this.lastTick);
    this.heard.set(this.current, this.heard.get(this.current) + passed);
    this.lastTick = Math.max(now, this.lastTick);
  }

  tick() {
    this.count();
    this.changed();
  }

  ended() {
    this.stop(0);
  }
}

/** Play a sound in one ear (-1 left, 1 right) or in both (0). */
export function playPanned(player, buffer, side) {
  player.context.resume();
  const source = player.context.createBufferSource();
  source.buffer = buffer;
  const pan = player.context.createStereoPanner();
  pan.pan.value = side;
  source.connect(pan).connect(player.volume);
  source.start();
  return source;
}
