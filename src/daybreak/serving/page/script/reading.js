// Files and pastes of rows: CSV (RFC 4180) with commas, semicolons or tabs, JSON lines, a JSON list.

// All cells, line by line.
export function cells(text, delimiter) {
  const lines = [];
  let line = [],
    cell = "",
    quoted = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (text[at + 1] === '"') cell += text[++at];
      else quoted = false;
    } else if (letter === '"' && cell === "") quoted = true;
    else if (letter === delimiter) {
      line.push(cell);
      cell = "";
    } else if (letter === "\n" || letter === "\r") {
      if (letter === "\r" && text[at + 1] === "\n") at++;
      line.push(cell);
      if (line.length > 1 || line[0]) lines.push(line);
      line = [];
      cell = "";
    } else cell += letter;
  }
  if (quoted) throw new Error("A quoted cell is never closed.");
  line.push(cell);
  if (line.length > 1 || line[0]) lines.push(line);
  return lines;
}

// Which of the usual delimiters the head has most of.
export function delimiterOf(text) {
  const head = text.slice(0, text.search(/[\r\n]|$/));
  return [",", "\t", ";"].sort((one, other) => head.split(other).length - head.split(one).length)[0];
}

const quoted = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replace(/"/g, '""')}"` : cell);
export const csv = (lines) => lines.map((line) => line.map((cell) => quoted(String(cell ?? ""))).join(",")).join("\r\n") + "\r\n";

const told = (value) => (value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));

// {names, rows}: every cell as text. Throws where the text is no table.
export function table(text) {
  const plain = text.replace(/^\uFEFF/, "");
  if (/^\s*[[{]/.test(plain)) return objects(plain);
  const [names, ...rows] = cells(plain, delimiterOf(plain));
  if (!names || !rows.length) throw new Error("The first line names the columns, the others are rows; there is no row here.");
  const odd = rows.findIndex((row) => row.length !== names.length);
  if (odd >= 0) throw new Error(`Row ${odd + 1} has ${rows[odd].length} cells, the head has ${names.length}.`);
  return { names: names.map((name) => name.trim()), rows };
}

function objects(text) {
  let found;
  try {
    found = text.trimStart().startsWith("[")
      ? JSON.parse(text)
      : text
          .split("\n")
          .filter((line) => line.trim())
          .map((line) => JSON.parse(line));
  } catch (error) {
    throw new Error(`This is neither a table nor JSON: ${error.message}.`);
  }
  const names = [...new Set(found.flatMap((row) => Object.keys(row)))];
  return { names, rows: found.map((row) => names.map((name) => told(row[name]))) };
}
