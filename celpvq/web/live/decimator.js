/** From the rate of a sound device to 8000 Hz. */

const REACH = 32; // of the filter, in samples of the lower rate, on each side
const CUTOFF_HZ = 3680; // half amplitude; 80 dB less from 4000 Hz on
const BETA = 7.9; // of the window

/** Return the modified Bessel function of order 0. */
function bessel(x) {
  let [sum, term] = [1, 1];
  for (let k = 1; k < 50; k++) sum += term *= (x / (2 * k)) ** 2;
  return sum;
}

const divisor = (a, b) => (b ? divisor(b, a % b) : a);

/** Return the taps of the low-pass for an output sample that lies `offset` after an input sample. */
function makeTaps(offset, reach, from) {
  const taps = new Float32Array(2 * reach);
  let sum = 0;
  for (let i = 0; i < taps.length; i++) {
    const x = i - (reach - 1) - offset; // input samples from the middle
    const angle = (2 * Math.PI * CUTOFF_HZ * x) / from;
    const inside = Math.max(1 - (x / reach) ** 2, 0);
    taps[i] = (x === 0 ? 1 : Math.sin(angle) / angle) * bessel(BETA * Math.sqrt(inside));
    sum += taps[i];
  }
  return taps.map((tap) => tap / sum);
}

/** Lowers the rate of a stream: a sinc within a window of Kaiser, exact for any whole rates. */
export class Decimator {
  constructor(from, to = 8000) {
    const common = divisor(from, to);
    this.up = to / common; // output samples for each `down` input samples
    this.down = from / common;
    this.reach = Math.ceil((REACH * from) / to);
    this.phases = Array.from({ length: this.up }, (_, phase) =>
      makeTaps(((phase * this.down) % this.up) / this.up, this.reach, from));
    this.ring = new Float32Array(1 << Math.ceil(Math.log2(2 * this.reach + 4096)));
    this.mask = this.ring.length - 1;
    this.n_in = 0; // samples so far
    this.n_out = 0;
  }

  /** Take input samples; call `emit` with each output sample. */
  write(samples, emit) {
    for (const x of samples) {
      this.ring[this.n_in & this.mask] = x;
      this.n_in += 1;
      if (this.n_in > this.middle + this.reach) {
        emit(this.#next());
        this.n_out += 1;
      }
    }
  }

  /** The input sample at or before the next output sample. */
  get middle() {
    return Math.floor((this.n_out * this.down) / this.up);
  }

  #next() {
    const taps = this.phases[this.n_out % this.up];
    const first = this.middle - this.reach + 1;
    let sum = 0;
    for (let i = 0; i < taps.length; i++) sum += taps[i] * this.ring[(first + i) & this.mask];
    return sum;
  }
}
