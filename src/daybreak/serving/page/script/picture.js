// An image input: a file that is chosen, dropped or pasted, the camera, or a drawing where the model takes small grey pictures.

import { Pad } from "./pad.js";

const LARGEST = 12e6; // pixels; a larger picture is made smaller here, before it travels

let taken = ["image/png", "image/jpeg"];
export const takes = (types) => {
  taken = types;
};

const dataOf = (blob) =>
  new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(blob);
  });

// A file as the server takes it: itself where it can read it, else as a PNG that this browser makes of it.
export async function travelling(blob) {
  const bitmap = await createImageBitmap(blob).catch(() => null);
  if (!bitmap) throw new Error("This file is no picture that this browser can read.");
  const pixels = bitmap.width * bitmap.height;
  if (taken.includes(blob.type) && pixels <= LARGEST) return dataOf(blob);
  const scale = Math.min(1, Math.sqrt(LARGEST / pixels));
  const canvas = new OffscreenCanvas(Math.round(bitmap.width * scale), Math.round(bitmap.height * scale));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return dataOf(await canvas.convertToBlob({ type: pixels > LARGEST ? "image/jpeg" : "image/png", quality: 0.95 }));
}

export const drawable = (uri) => {
  const picture = new Image();
  picture.src = uri.startsWith("data:") ? uri : `data:image/png;base64,${uri}`;
  return picture.decode().then(() => picture);
};

// Grey values 0 to 255 of a picture at a size.
export function greys(picture, columns, rows) {
  const canvas = new OffscreenCanvas(columns, rows);
  const pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0, columns, rows);
  const { data } = pen.getImageData(0, 0, columns, rows);
  return Array.from({ length: columns * rows }, (_, place) => data[4 * place]);
}

// Whether a picture's border is light: then its ink is dark.
export function isLight(pixels, columns) {
  const rows = pixels.length / columns;
  const border = pixels.filter((_, place) => {
    const row = Math.floor(place / columns),
      column = place % columns;
    return row === 0 || column === 0 || row === rows - 1 || column === columns - 1;
  });
  return border.reduce((sum, value) => sum + value, 0) / border.length > 127;
}

export function image(field, root) {
  const shown = root.querySelector("img.shown");
  const file = root.querySelector("input[type=file]");
  let value; // as it travels
  const pad = root.dataset.grid ? new Pad(root, () => given(pad.empty ? undefined : pad.png())) : null;

  const put = (uri) => {
    value = uri;
    shown.hidden = !uri;
    if (uri) shown.src = uri.startsWith("data:") ? uri : `data:image/png;base64,${uri}`;
  };
  const given = (uri) => {
    put(uri);
    root.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const mirror = async (uri) => {
    if (!pad || !uri) return;
    const grey = greys(await drawable(uri), pad.columns, pad.rows);
    pad.light = isLight(grey, pad.columns);
    pad.show(grey.map((one) => (pad.light ? 255 - one : one) / 255));
  };
  const take = async (blob) => {
    try {
      given(await travelling(blob));
      await mirror(value);
    } catch (error) {
      root.querySelector(".problem").textContent = error.message;
    }
  };
  file.addEventListener("change", () => file.files[0] && take(file.files[0]));
  root.addEventListener("dropped", (event) => take(event.detail));
  root.addEventListener("paste", (event) => event.clipboardData.files[0] && take(event.clipboardData.files[0]));
  root.querySelector("[data-do=clear]").addEventListener("click", () => {
    file.value = "";
    pad?.wipe();
    given(undefined);
  });
  camera(root, take);
  return {
    read: () => value,
    write(uri) {
      file.value = "";
      pad?.wipe();
      put(uri ?? undefined);
      mirror(uri);
    },
    paper: (light) => pad?.paper(light),
  };
}

function camera(root, take) {
  const button = root.querySelector("[data-do=camera]");
  const video = root.querySelector("video");
  if (!navigator.mediaDevices?.getUserMedia) {
    button.hidden = true; // browsers give cameras to https and to localhost alone
    return;
  }
  const stop = () => {
    for (const track of video.srcObject?.getTracks() ?? []) track.stop();
    video.srcObject = null;
    video.hidden = true;
    button.textContent = "Camera";
  };
  button.addEventListener("click", async () => {
    if (video.srcObject) {
      const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
      canvas.getContext("2d").drawImage(video, 0, 0);
      stop();
      await take(await canvas.convertToBlob({ type: "image/png" }));
      return;
    }
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      video.hidden = false;
      await video.play();
      button.textContent = "Take the picture";
    } catch (error) {
      root.querySelector(".problem").textContent = `The camera cannot be used: ${error.message}.`;
    }
  });
}
