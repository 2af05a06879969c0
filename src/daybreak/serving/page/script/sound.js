// An audio input: a file, or the microphone. Files that the server reads travel as they are; all else as mono WAV at the model's rate.

const PLAIN = /\.(wav|flac|ogg)$/i;
const LONGEST = 60; // seconds of a recording
const SILENCE = 0.05; // of the loudest sample
const LEFT = 5; // hundredths of a second of silence that stay

const base64 = (bytes) => {
  let told = "";
  for (let from = 0; from < bytes.length; from += 0x8000) told += String.fromCharCode(...bytes.subarray(from, from + 0x8000));
  return btoa(told);
};

// Samples in -1..1 as a WAV file (RIFF, PCM of 16 bits, one channel).
export function wav(samples, rate) {
  const bytes = new Uint8Array(44 + 2 * samples.length);
  const view = new DataView(bytes.buffer);
  const put = (at, text) => [...text].forEach((letter, place) => (bytes[at + place] = letter.charCodeAt(0)));
  put(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  put(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  put(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((value, place) => view.setInt16(44 + 2 * place, Math.round(Math.max(-1, Math.min(1, value)) * 32767), true));
  return bytes;
}

// Any recording that this browser can play, as mono samples at a rate.
async function decoded(data, rate) {
  const heard = await new OfflineAudioContext(1, 1, rate).decodeAudioData(data);
  const mono = new Float32Array(heard.length);
  for (let channel = 0; channel < heard.numberOfChannels; channel++) {
    heard.getChannelData(channel).forEach((value, place) => (mono[place] += value / heard.numberOfChannels));
  }
  return mono;
}

// A recording without the silence before and after it, but for a little: people press buttons sooner and later than they speak.
function trimmed(samples, rate) {
  const step = Math.ceil(rate / 100);
  const loud = (from) => samples.subarray(from, from + step).reduce((top, value) => Math.max(top, Math.abs(value)), 0);
  const levels = Array.from({ length: Math.floor(samples.length / step) }, (_, place) => loud(place * step));
  const heard = (level) => level > SILENCE * Math.max(...levels);
  const first = levels.findIndex(heard),
    last = levels.findLastIndex(heard);
  return first < 0 ? samples : samples.slice(Math.max(0, first - LEFT) * step, (last + 1 + LEFT) * step);
}

export function sound(field, root) {
  const part = root.querySelector(".sound");
  const rate = Number(part.dataset.rate);
  const file = root.querySelector("input[type=file]");
  const player = root.querySelector("audio");
  const problem = root.querySelector(".problem");
  let value;

  const put = (bytes, samples) => {
    value = bytes && base64(bytes);
    if (player.src) URL.revokeObjectURL(player.src);
    if (bytes) player.src = URL.createObjectURL(new Blob([bytes]));
    else player.removeAttribute("src");
    draw(root.querySelector("canvas.wave"), samples ?? new Float32Array(), rate);
  };
  const take = async (blob, name = "", cut = (samples) => samples) => {
    try {
      const data = await blob.arrayBuffer();
      const samples = await decoded(data.slice(0), rate)
        .then((heard) => cut(heard, rate))
        .catch(() => null);
      if (!samples && !PLAIN.test(name)) throw new Error("This file is no recording that this browser can read.");
      put(PLAIN.test(name) ? new Uint8Array(data) : wav(samples, rate), samples);
      root.dispatchEvent(new Event("input", { bubbles: true }));
    } catch (error) {
      problem.textContent = error.message;
    }
  };
  file.addEventListener("change", () => file.files[0] && take(file.files[0], file.files[0].name));
  root.addEventListener("dropped", (event) => take(event.detail, event.detail.name));
  microphone(
    root.querySelector("[data-do=record]"),
    (blob) => take(blob, "", trimmed),
    (said) => (problem.textContent = said),
  );
  draw(root.querySelector("canvas.wave"), new Float32Array(), rate);
  return {
    read: () => value,
    write(told) {
      file.value = "";
      if (!told) return put(undefined);
      const bytes = Uint8Array.from(atob(told.slice(told.indexOf(",") + 1)), (letter) => letter.charCodeAt(0));
      value = told; // at once; its picture follows
      return decoded(bytes.buffer.slice(0), rate).then(
        (samples) => put(bytes, samples),
        () => put(bytes),
      );
    },
  };
}

function microphone(button, take, say) {
  if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) {
    button.hidden = true; // browsers give microphones to https and to localhost alone
    return;
  }
  let recorder = null,
    timer = 0;
  const begin = async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    recorder = new MediaRecorder(stream);
    const parts = [];
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    recorder.addEventListener("stop", () => {
      clearTimeout(timer);
      for (const track of stream.getTracks()) track.stop();
      recorder = null;
      button.textContent = "Record";
      button.classList.remove("on");
      take(new Blob(parts, { type: parts[0]?.type }));
    });
    recorder.start();
    timer = setTimeout(() => recorder?.stop(), 1e3 * LONGEST);
    button.textContent = "Stop";
    button.classList.add("on");
  };
  button.addEventListener("click", () => {
    if (recorder) recorder.stop();
    else begin().catch((error) => say(`The microphone cannot be used: ${error.message}.`));
  });
}

// The loudest samples of each column, about the middle line.
function draw(canvas, samples, rate) {
  const pen = canvas.getContext("2d");
  const { width, height } = canvas;
  pen.clearRect(0, 0, width, height);
  pen.fillStyle = getComputedStyle(canvas).color;
  const step = Math.max(1, samples.length / width);
  for (let x = 0; x < width; x++) {
    let top = 0;
    for (let place = Math.floor(x * step); place < Math.min(samples.length, (x + 1) * step); place++)
      top = Math.max(top, Math.abs(samples[place]));
    const tall = Math.max(1, top * height);
    pen.fillRect(x, (height - tall) / 2, 1, tall);
  }
  const seconds = samples.length / rate;
  canvas.setAttribute("aria-label", samples.length ? `a recording of ${seconds.toFixed(1)} seconds` : "no recording yet");
}
