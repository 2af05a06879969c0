// Files and pastes of rows: CSV (RFC 4180) with commas, semicolons or tabs, JSON lines, a JSON list.

// All cells, line by line; the text is searched, not walked, since cells may be pictures.
export function cells(text, delimiter) {
  const lines = [];
  const plain = new RegExp(`[^${delimiter}\\r\\n]*`, "y");
  let line = [];
  for (let at = 0; at <= text.length; at++) {
    let cell = "";
    if (text[at] === '"') {
      const end = closing(text, at + 1);
      cell = text.slice(at + 1, end).replaceAll('""', '"');
      at = end + 1;
    }
    plain.lastIndex = at;
    cell += plain.exec(text)[0];
    at = plain.lastIndex;
    line.push(cell);
    if (text[at] === delimiter) continue;
    if (line.length > 1 || line[0]) lines.push(line);
    line = [];
    if (text[at] === "\r" && text[at + 1] === "\n") at++;
  }
  return lines;
}

// Where the quote stands that ends a quoted cell: one that is not doubled.
function closing(text, from) {
  for (let at = from; (at = text.indexOf('"', at)) >= 0; at += 2) if (text[at + 1] !== '"') return at;
  throw new Error("A quoted cell is never closed.");
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
