// The sound of a line, in the audio thread: microphone to frames of the telephone, frames to speakers.
// Telephone sound is G.711 µ-law at 8 kHz, 160 bytes for each 20 ms; the browser's has a rate of its own.

const RATE = 8000;
const FRAME = 160;
const PASS = 0.9; // of half the lower rate: what lies above 3.6 kHz would come back as another tone
const LOBES = 16; // of the filter, on either side: 2 ms
const FINE = 64; // places of the filter between two samples
const START = 0.06 * RATE; // sound that comes in as it is made is held back so long, or every delay would be a gap
const LATE = 0.3 * RATE; // sound made just now that has piled up so high is cut
const SOON = 0.1 * RATE; // to this

/** Changes the rate of a stream of samples, with a low-pass (windowed sinc) below both rates. */
class Resampler {
  constructor(from, to) {
    const scale = Math.min(1, to / from);
    this.step = from / to;
    this.half = LOBES / scale;
    this.table = Float32Array.from({ length: Math.ceil(this.half) * FINE + 2 }, (_, i) => {
      const x = i / FINE;
      if (x >= this.half) return 0;
      const turn = Math.PI * scale * PASS * x;
      const sinc = turn === 0 ? 1 : Math.sin(turn) / turn;
      return scale * PASS * sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / this.half));
    });
    this.kept = new Float32Array(Math.ceil(this.half));
    this.at = this.half; // where the next sample lies in what is kept
  }

  push(samples) {
    const all = new Float32Array(this.kept.length + samples.length);
    all.set(this.kept);
    all.set(samples, this.kept.length);
    const made = [];
    for (; this.at + this.half < all.length; this.at += this.step) {
      let sum = 0;
      for (let i = Math.ceil(this.at - this.half); i <= this.at + this.half; i++) {
        sum += all[i] * this.table[Math.round(Math.abs(i - this.at) * FINE)];
      }
      made.push(sum);
    }
    const spent = Math.max(0, Math.floor(this.at - this.half));
    this.kept = all.slice(spent);
    this.at -= spent;
    return made;
  }
}

function toUlaw(sample) {
  const value = Math.round(Math.max(-1, Math.min(1, sample)) * 32635);
  const sign = value < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(value), 32635) + 132;
  const exponent = 24 - Math.clz32(magnitude);
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff;
}

const FROM_ULAW = Float32Array.from({ length: 256 }, (_, byte) => {
  const bits = ~byte & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + 132) << ((bits >> 4) & 7)) - 132;
  return (bits & 0x80 ? -magnitude : magnitude) / 32768;
});

/** What is to be heard: sound and marks, in order. `reached` is told of each mark. */
class Queue {
  constructor(reached) {
    this.items = [];
    this.length = 0;
    this.held = 0;
    this.playing = false;
    this.reached = reached;
  }

  add(ulaw) {
    const live = ulaw.length === FRAME;
    this.items.push({ live, sound: Float32Array.from(ulaw, (byte) => FROM_ULAW[byte]) });
    this.length += ulaw.length;
    if (live && this.length > LATE && this.items.every((item) => item.live)) {
      while (this.length > SOON) this.length -= this.items.shift().sound.length;
    }
  }

  mark(name) {
    this.items.push({ name });
    this.playing = true;
  }

  clear() {
    const marks = this.items.filter((item) => item.name !== undefined);
    this.items = [];
    this.length = 0;
    for (const { name } of marks) this.reached(name);
  }

  /** So many samples; silence where there is nothing. */
  take(count) {
    const taken = new Float32Array(count);
    if (!this.begun(count)) return taken;
    let at = 0;
    while (this.items.length && (at < count || this.items[0].name !== undefined)) {
      const item = this.items[0];
      if (item.name !== undefined) {
        this.items.shift();
        this.reached(item.name);
        continue;
      }
      const part = item.sound.subarray(0, count - at);
      taken.set(part, at);
      at += part.length;
      this.length -= part.length;
      item.sound = item.sound.subarray(part.length);
      if (!item.sound.length) this.items.shift();
    }
    this.playing = this.items.length > 0;
    return taken;
  }

  begun(count) {
    if (!this.playing && this.items.length) {
      this.held += count;
      this.playing = this.length >= START || this.held >= START;
    }
    if (this.playing) this.held = 0;
    return this.playing;
  }
}

class Line extends AudioWorkletProcessor {
  constructor() {
    super();
    this.fromMicrophone = new Resampler(sampleRate, RATE);
    this.toSpeaker = new Resampler(RATE, sampleRate);
    this.queue = new Queue((name) => this.port.postMessage({ mark: name }));
    this.spoken = [];
    this.heard = [];
    this.muted = false;
    this.port.onmessage = ({ data }) => {
      if (data.sound) this.queue.add(new Uint8Array(data.sound));
      else if (data.mark !== undefined) this.queue.mark(data.mark);
      else if (data.clear) this.queue.clear();
      else if (data.muted !== undefined) this.muted = data.muted;
    };
  }

  process([microphone], [speaker]) {
    const out = speaker[0];
    const input = microphone.length && !this.muted ? microphone[0] : new Float32Array(out.length);
    this.spoken.push(...this.fromMicrophone.push(input));
    while (this.spoken.length >= FRAME) this.tell(this.spoken.splice(0, FRAME));
    while (this.heard.length < out.length) this.heard.push(...this.toSpeaker.push(this.queue.take(8)));
    out.set(this.heard.splice(0, out.length));
    return true;
  }

  tell(samples) {
    const frame = Uint8Array.from(samples, toUlaw);
    const level = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / FRAME);
    this.port.postMessage({ frame: frame.buffer, level }, [frame.buffer]);
  }
}

registerProcessor("line", Line);
