/** The figures of a call: level, rate, losses, delay. */

const SECOND = 50; // frames
const SILENT_DB = -99;

/** The last values of a quantity. */
class Window {
  #values = [];

  constructor(length = SECOND) {
    this.length = length;
  }

  push(value) {
    this.#values.push(value);
    if (this.#values.length > this.length) this.#values.shift();
  }

  get mean() {
    return this.#values.reduce((sum, x) => sum + x, 0) / Math.max(this.#values.length, 1);
  }
}

/** Return the level of a mean power, in dB of full scale. */
const decibels = (power) => Math.max(10 * Math.log10(power + 1e-30), SILENT_DB);

const power = (samples) => samples.reduce((sum, x) => sum + x * x, 0) / samples.length;

/** Collects the figures; all are of the last second, except for the counts. */
export class Meters {
  #bytes = new Window();
  #losses = new Window(10 * SECOND);
  #delay = new Window();
  #level = { original: new Window(SECOND / 5), coded: new Window(SECOND / 5) };

  constructor() {
    this.frames = 0;
    this.lost = 0;
  }

  /** Count a frame that the server has coded into `size` bytes. */
  countPacket(size, lost) {
    this.#bytes.push(size);
    this.#losses.push(lost ? 1 : 0);
    this.frames += 1;
    this.lost += lost ? 1 : 0;
  }

  /** Take the seconds from the microphone to the loudspeaker. */
  countDelay(seconds) {
    this.#delay.push(seconds);
  }

  /** Take the samples of both sounds. */
  countSamples(original, coded) {
    this.#level.original.push(power(original));
    this.#level.coded.push(power(coded));
  }

  /** Bits per second that the encoder has sent. */
  get bitrate() {
    return this.#bytes.mean * 8 * SECOND;
  }

  /** Share of lost packets over ten seconds, in percent. */
  get lossPercent() {
    return 100 * this.#losses.mean;
  }

  get delayMs() {
    return 1000 * this.#delay.mean;
  }

  /** Level of the sound "original" or "coded" in dB of full scale. */
  levelDb(sound) {
    return decibels(this.#level[sound].mean);
  }
}
