/** The choice between sounds of one call: a change fades over one frame, without a gap. */

const FRAME_LEN = 160; // samples
const DELAY = 40; // samples by which the decoded sound is late

export class Mixer {
  #past = new Float32Array(DELAY); // end of the last original frame
  #last = null; // the sound of the last frame

  /** Return the original frame as late as the decoded one. */
  align(original) {
    const aligned = new Float32Array(FRAME_LEN);
    aligned.set(this.#past);
    aligned.set(original.subarray(0, FRAME_LEN - DELAY), DELAY);
    this.#past = original.slice(FRAME_LEN - DELAY);
    return aligned;
  }

  /** Return the frame of the sound `wanted`, one of the names in `sounds`, or of silence. */
  mix(sounds, wanted) {
    const silence = new Float32Array(FRAME_LEN);
    const after = sounds[wanted] ?? silence;
    const before = sounds[this.#last ?? wanted] ?? silence;
    this.#last = wanted;
    if (before === after) return Float32Array.from(after);
    return after.map((x, n) => before[n] + ((n + 0.5) / FRAME_LEN) * (x - before[n]));
  }
}
