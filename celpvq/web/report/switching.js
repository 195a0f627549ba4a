/**
 * Several versions of one recording that play at one position, to the sample.
 *
 * The versions are the channels of one buffer, so one source plays all of them, and a switch only
 * changes which channel is audible. The context has the rate of the recordings: sources would
 * resample them by linear interpolation, while the output of a context is resampled well.
 */

const FADE_S = 0.004; // a switch fades so long, or it could click
const AHEAD_S = 0.02; // a start is planned so long ahead

/** Return a source of all channels of a buffer, of which one reaches `output`, and its switch. */
export function connectVersions(output, buffer, levels, chosen) {
  const { context } = output;
  const source = new AudioBufferSourceNode(context, { buffer });
  const splitter = new ChannelSplitterNode(context, { numberOfOutputs: buffer.numberOfChannels });
  source.connect(splitter);
  const gains = levels.map((level, channel) => {
    const node = new GainNode(context, { gain: channel === chosen ? level : 0 });
    splitter.connect(node, channel).connect(output);
    return node.gain;
  });
  const select = (channel, newLevels) => {
    const now = context.currentTime;
    gains.forEach((gain, i) => {
      const { value } = gain;
      gain.cancelScheduledValues(now);
      gain.setValueAtTime(value, now);
      gain.linearRampToValueAtTime(i === channel ? newLevels[i] : 0, now + FADE_S);
    });
  };
  return { source, select };
}

/** Plays versions of a recording; `onChange` is called when it starts and stops. */
export class SwitchingPlayer {
  #onChange;
  #channels = [];
  #levels = [];
  #chosen = 0;
  #loop = null; // {from, to}: the samples that repeat
  #playing = null; // {source, select, startedAt}: the position at that time is #offset
  #offset = 0; // samples

  constructor(sampleRate, onChange = () => {}) {
    this.sampleRate = sampleRate;
    this.context = null; // made by the first `play`: browsers want a gesture of the user
    this.output = null;
    this.#onChange = onChange;
  }

  /** Take other versions, Float32Arrays of one length, and stop at the start. */
  load(channels, levels) {
    this.#stop();
    this.#channels = channels;
    this.#levels = levels;
    this.#chosen = Math.min(this.#chosen, channels.length - 1);
    this.#loop = null;
    this.#offset = 0;
    this.#onChange();
  }

  get length() {
    return this.#channels[0]?.length ?? 0;
  }

  get playing() {
    return this.#playing !== null;
  }

  /** The sample that plays now, or with which `play` begins. */
  get position() {
    if (!this.#playing) return this.#offset;
    const seconds = Math.max(this.context.currentTime - this.#playing.startedAt, 0);
    const position = this.#offset + Math.round(seconds * this.sampleRate);
    if (!this.#loop) return Math.min(position, this.length);
    const { from, to } = this.#loop;
    return position < to ? position : from + ((position - to) % (to - from));
  }

  get chosen() {
    return this.#chosen;
  }

  /** Let another version be heard, at the same position. */
  select(index, levels = this.#levels) {
    this.#chosen = index;
    this.#levels = levels;
    this.#playing?.select(index, levels);
  }

  /** The samples {from, to} that repeat without end, or null. */
  get loop() {
    return this.#loop;
  }

  set loop(range) {
    const { position } = this;
    this.#loop = range;
    this.seek(position);
  }

  seek(position) {
    const { playing } = this;
    this.#stop();
    this.#offset = Math.min(Math.max(Math.round(position), 0), this.length);
    if (playing) this.#start();
    else this.#onChange();
  }

  async play() {
    this.context ??= new AudioContext({ sampleRate: this.sampleRate });
    this.output ??= new GainNode(this.context);
    this.output.connect(this.context.destination);
    await this.context.resume();
    if (!this.playing && this.length) this.#start();
  }

  pause() {
    const { position } = this;
    this.#stop();
    this.#offset = position;
    this.#onChange();
  }

  #start() {
    const { context, sampleRate } = this;
    const { from, to } = this.#loop ?? { from: 0, to: this.length };
    if (this.#offset >= to || (this.#loop && this.#offset < from)) this.#offset = from;
    const buffer = new AudioBuffer({
      length: this.length, numberOfChannels: this.#channels.length, sampleRate,
    });
    this.#channels.forEach((samples, i) => buffer.copyToChannel(samples, i));
    const { source, select } = connectVersions(this.output, buffer, this.#levels, this.#chosen);
    const startedAt = context.currentTime + AHEAD_S;
    source.loop = this.#loop !== null;
    [source.loopStart, source.loopEnd] = [from / sampleRate, to / sampleRate];
    source.onended = () => {
      if (this.#playing?.source !== source) return; // `#stop` ended it
      this.#playing = null;
      this.#offset = 0;
      this.#onChange();
    };
    source.start(startedAt, this.#offset / sampleRate);
    this.#playing = { source, select, startedAt };
    this.#onChange();
  }

  #stop() {
    const playing = this.#playing;
    this.#playing = null;
    playing?.source.stop();
  }
}
