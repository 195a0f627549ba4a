/** AudioWorklet: the microphone at 8000 Hz, in frames of 20 ms. */

import { Decimator } from "./decimator.js";

const FRAME_LEN = 160; // samples

registerProcessor("celpvq-capture", class extends AudioWorkletProcessor {
  constructor() {
    super();
    this.decimator = new Decimator(sampleRate);
    this.start = null; // time of the first input sample
    this.frame = new Float32Array(FRAME_LEN);
    this.filled = 0;
    this.open = true;
    this.port.onmessage = () => (this.open = false);
  }

  process([[input]]) {
    if (!input) return this.open;
    this.start ??= currentTime;
    this.decimator.write(input, (x) => this.append(x));
    return this.open;
  }

  append(x) {
    this.frame[this.filled++] = x;
    if (this.filled < FRAME_LEN) return;
    this.filled = 0;
    const first = this.decimator.n_out - FRAME_LEN + 1; // number of the frame's first sample
    const time = this.start + first / 8000;
    const samples = Int16Array.from(this.frame, (y) =>
      Math.round(Math.min(Math.max(y * 32768, -32768), 32767)));
    this.port.postMessage({ samples, time }, [samples.buffer]);
  }
});
