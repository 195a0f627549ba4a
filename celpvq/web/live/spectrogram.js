/** A running spectrogram of a stream at 8000 Hz: a column for each frame of 20 ms. */

const SIZE = 256; // samples of a transform
const ROWS = SIZE / 2;
const [LOW_DB, HIGH_DB] = [-90, -20]; // of the colors
const TOGETHER = 4; // columns that are drawn at once
const MARK_ROWS = 8;
const WHITE = [255, 255, 255];

const WINDOW = Float64Array.from({ length: SIZE }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (n + 0.5)) / SIZE));
const COLORS = Array.from({ length: 256 }, (_, level) => {
  const x = level / 255;
  return [255 * Math.min(1.6 * x ** 1.2, 1), 255 * x ** 2, 255 * Math.min(0.9 * Math.sin(Math.PI * (0.1 + 0.75 * x)) ** 2 + 0.5 * x ** 4, 1)];
});

/** Transform in place; the length is a power of two. */
export function fft(real, imaginary) {
  const n = real.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [real[i], real[j]] = [real[j], real[i]];
      [imaginary[i], imaginary[j]] = [imaginary[j], imaginary[i]];
    }
  }
  for (let half = 1; half < n; half *= 2) {
    for (let k = 0; k < half; k++) {
      const [c, s] = [Math.cos((Math.PI * k) / half), -Math.sin((Math.PI * k) / half)];
      for (let i = k; i < n; i += 2 * half) {
        const j = i + half;
        const [x, y] = [real[j] * c - imaginary[j] * s, real[j] * s + imaginary[j] * c];
        [real[j], imaginary[j]] = [real[i] - x, imaginary[i] - y];
        [real[i], imaginary[i]] = [real[i] + x, imaginary[i] + y];
      }
    }
  }
}

/** Return the levels in dB of the lower half of the spectrum of SIZE samples. */
export function spectrum(samples) {
  const real = WINDOW.map((w, n) => w * samples[n]);
  const imaginary = new Float64Array(SIZE);
  fft(real, imaginary);
  const scale = (4 / SIZE) ** 2; // a sine of full scale has 0 dB
  return Float64Array.from({ length: ROWS }, (_, k) =>
    10 * Math.log10(scale * (real[k] ** 2 + imaginary[k] ** 2) + 1e-12));
}

export class Spectrogram {
  #past = new Float32Array(SIZE);

  constructor(canvas) {
    canvas.height = ROWS;
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.columns = this.context.createImageData(TOGETHER, ROWS); // n_columns of them are filled
    this.clear();
  }

  clear() {
    this.#past.fill(0);
    this.n_columns = 0;
    this.context.fillRect(0, 0, this.canvas.width, ROWS);
  }

  /** Append the column of a frame; `marked` frames have a white bar at the upper edge. */
  push(samples, marked = false) {
    this.#past.copyWithin(0, samples.length);
    this.#past.set(samples, SIZE - samples.length);
    if (document.hidden) return;
    this.#fill(spectrum(this.#past), marked);
    if (this.n_columns === TOGETHER) this.#draw();
  }

  /** Fill the next column from levels in dB. */
  #fill(levels, marked) {
    const { data } = this.columns;
    for (let row = 0; row < ROWS; row++) {
      const share = (levels[ROWS - 1 - row] - LOW_DB) / (HIGH_DB - LOW_DB);
      const color = COLORS[Math.round(255 * Math.min(Math.max(share, 0), 1))];
      const at = 4 * (row * TOGETHER + this.n_columns);
      [data[at], data[at + 1], data[at + 2]] = marked && row < MARK_ROWS ? WHITE : color;
      data[at + 3] = 255;
    }
    this.n_columns += 1;
  }

  /** Move the picture to the left, and put the columns at its right. */
  #draw() {
    this.context.drawImage(this.canvas, -TOGETHER, 0);
    this.context.putImageData(this.columns, this.canvas.width - TOGETHER, 0);
    this.n_columns = 0;
  }
}
