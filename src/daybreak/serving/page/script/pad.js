// A pad to draw a small grey picture on. What is drawn is cut out, fitted and put in the middle by its mass, as the pictures of MNIST were
// (LeCun et al., "Gradient-based learning applied to document recognition", 1998, III A).

const BORDER = 4 / 28; // of a side, which the drawing leaves free; none in pictures so small that each line counts
const SMALL = 12; // rows of such a picture

// Ink (0 to 1) of `width` x `height` as ink of `columns` x `rows`: each cell the mean of what falls into it.
export function fitted(ink, width, height, columns, rows) {
  const box = { left: width, top: height, right: 0, bottom: 0 };
  let mass = 0,
    massX = 0,
    massY = 0;
  for (let y = 0, place = 0; y < height; y++) {
    for (let x = 0; x < width; x++, place++) {
      const value = ink[place];
      if (value < 0.1) continue;
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x + 1);
      box.top = Math.min(box.top, y);
      box.bottom = Math.max(box.bottom, y + 1);
      mass += value;
      massX += value * (x + 0.5);
      massY += value * (y + 0.5);
    }
  }
  const cells = new Float32Array(columns * rows);
  if (!mass) return cells;
  const border = rows > SMALL ? BORDER * rows : 0;
  const wide = box.right - box.left,
    tall = box.bottom - box.top;
  const scale = Math.min((columns - 2 * border) / wide, (rows - 2 * border) / tall);
  const begin = (size, middle, extent) => Math.min(Math.max(size / 2 - middle * scale, 0), size - extent * scale);
  const left = begin(columns, massX / mass - box.left, wide),
    top = begin(rows, massY / mass - box.top, tall);
  for (let y = box.top; y < box.bottom; y++) {
    for (let x = box.left; x < box.right; x++) {
      const value = ink[y * width + x];
      if (value) spread(cells, columns, rows, value, left + (x - box.left) * scale, top + (y - box.top) * scale, scale);
    }
  }
  return cells.map((value) => Math.min(1, value));
}

// Add a square of ink to all cells that it touches, by area.
function spread(cells, columns, rows, value, left, top, side) {
  for (let row = Math.floor(top); row < Math.min(rows, top + side); row++) {
    const tall = Math.min(row + 1, top + side) - Math.max(row, top);
    for (let column = Math.floor(left); column < Math.min(columns, left + side); column++) {
      const wide = Math.min(column + 1, left + side) - Math.max(column, left);
      if (wide > 0 && tall > 0) cells[row * columns + column] += value * wide * tall;
    }
  }
}

export class Pad {
  // `changed` is called when a line is drawn or all is wiped by a person.
  constructor(root, changed) {
    [this.rows, this.columns] = root.dataset.grid.split(" ").map(Number);
    this.canvas = root.querySelector("canvas.pad");
    this.seen = root.querySelector("canvas.seen");
    this.changed = changed;
    this.light = false; // dark ink on light paper, as examples have it
    this.brush = this.canvas.height * (this.rows > SMALL ? 0.085 : 0.16);
    this.wipe();
    this.listen();
    root.querySelector("[data-do=wipe]").addEventListener("click", () => {
      this.wipe();
      this.changed();
    });
  }

  get empty() {
    return !this.cells.some((value) => value > 0);
  }

  values() {
    return Array.from(this.cells);
  }

  paper(light) {
    this.light = light;
    if (this.empty) this.wipe();
  }

  wipe() {
    this.cells = new Float32Array(this.rows * this.columns);
    this.own = false; // whether what is shown was drawn here
    const pen = this.canvas.getContext("2d", { willReadFrequently: true });
    pen.fillStyle = this.light ? "#fff" : "#000";
    pen.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.mirror();
  }

  // Show a picture that was not drawn here: ink, row by row.
  show(cells) {
    this.wipe();
    if (cells.length !== this.cells.length) return;
    this.cells = Float32Array.from(cells);
    this.mirror();
    const pen = this.canvas.getContext("2d");
    pen.imageSmoothingEnabled = false;
    pen.drawImage(this.seen, 0, 0, this.canvas.width, this.canvas.height);
  }

  // What the model gets, as a picture.
  png() {
    return this.seen.toDataURL("image/png");
  }

  mirror() {
    const pixels = new ImageData(this.columns, this.rows);
    this.cells.forEach((value, place) => {
      const grey = Math.round(255 * (this.light ? 1 - value : value));
      pixels.data.set([grey, grey, grey, 255], 4 * place);
    });
    this.seen.getContext("2d").putImageData(pixels, 0, 0);
  }

  listen() {
    const { canvas } = this;
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
    };
    let last = null;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.line((last = place(event)), last);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (last) this.line(last, (last = place(event)));
    });
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, () => {
        if (last) this.take();
        last = null;
      });
    }
    this.keys();
  }

  // Arrow keys move a pen, space lifts it and sets it down.
  keys() {
    const { canvas } = this;
    const step = canvas.height / 20;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const pen = canvas.parentElement.querySelector(".pen");
    let at = [canvas.width / 2, canvas.height / 4],
      down = true;
    const show = () => {
      pen.hidden = document.activeElement !== canvas || !canvas.matches(":focus-visible");
      pen.classList.toggle("down", down);
      pen.style.left = `${(100 * at[0]) / canvas.width}%`;
      pen.style.top = `${(100 * at[1]) / canvas.height}%`;
    };
    canvas.addEventListener("focus", show);
    canvas.addEventListener("blur", show);
    canvas.addEventListener("keydown", (event) => {
      const move = moves[event.key];
      if (event.key === " ") down = !down;
      else if (!move) return;
      event.preventDefault();
      if (move) go(move);
      show();
    });
    const go = (move) => {
      const next = at.map((value, axis) => Math.min(Math.max(value + move[axis], step), (axis ? canvas.height : canvas.width) - step));
      if (down) {
        this.line(at, next);
        this.take();
      }
      at = next;
    };
  }

  line(from, to) {
    if (!this.own) this.wipe();
    this.own = true;
    const pen = this.canvas.getContext("2d", { willReadFrequently: true });
    pen.strokeStyle = this.light ? "#000" : "#fff";
    pen.lineWidth = this.brush;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(...to);
    pen.stroke();
  }

  take() {
    const { width, height } = this.canvas;
    const pixels = this.canvas.getContext("2d", { willReadFrequently: true }).getImageData(0, 0, width, height).data;
    const ink = Float32Array.from(
      { length: width * height },
      (_, place) => (this.light ? 255 - pixels[4 * place] : pixels[4 * place]) / 255,
    );
    this.cells = fitted(ink, width, height, this.columns, this.rows);
    this.mirror();
    this.changed();
  }
}
